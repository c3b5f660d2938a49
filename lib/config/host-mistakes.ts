/** The machines: what they are, how many, and in which zone each of them stands. */
import { keyText, valueAt } from '../../runtime/contract/config-path.ts';
import { listed, nearest } from '../../runtime/contract/wording.ts';
import { planHosts } from './deployment.ts';
import { architectureOf, USUAL_TYPE } from './instance-architecture.ts';
import type { MistakePass } from './mistake-pass.ts';

const ARCHITECTURE = ['aws', 'architecture'];
const HOSTS = ['aws', 'hosts'];
const EDGES = ['aws', 'edges'];

/** A host's DNS name is one label (RFC 1035, section 2.3.4), and begins with `master-` or `backup-`. */
const LONGEST_NAME = 63 - 'master-'.length;

export function checkHosts(pass: MistakePass): void {
  checkNames(pass);
  checkArchitecture(pass);
  checkEntries(pass);
  checkSpread(pass);
  checkEdges(pass);
}

function checkNames(pass: MistakePass): void {
  for (const input of [...pass.items(['masters']), ...pass.items(['backups'])]) {
    const path = [...input, 'name'];
    if ((pass.textAt(path)?.length ?? 0) <= LONGEST_NAME) continue;
    pass.report(path, `up to ${LONGEST_NAME} characters, on AWS`, 'Shorten it: it becomes a DNS name.');
  }
}

function checkArchitecture(pass: MistakePass): void {
  if (pass.reading.bad.has(keyText(ARCHITECTURE))) return;
  const architecture = pass.valueOrDefault(ARCHITECTURE) === 'x86_64' ? 'x86_64' : 'arm64';
  const usual = USUAL_TYPE[architecture];
  const other = architecture === 'arm64' ? 'x86_64' : 'arm64';
  const owners = [
    ['aws'],
    ...(pass.isGiven(EDGES) && pass.valueAt(EDGES) !== false ? [EDGES] : []),
    ...pass.items(HOSTS),
  ];
  for (const owner of owners) {
    const path = [...owner, 'instanceType'];
    // That of a single host has no default of its own.
    const type = pass.valueOrDefault(path);
    if (typeof type !== 'string' || architectureOf(type) === architecture) continue;
    const allowed = `an instance type of ${architecture}, because of ${keyText(ARCHITECTURE)}`;
    const fix = pass.isGiven(path)
      ? `Write a type as ${usual}, or set ${keyText(ARCHITECTURE)} to "${other}".`
      : `Add "instanceType": "${usual}": the default is ${type}.`;
    pass.report(path, allowed, fix);
  }
}

function checkEntries(pass: MistakePass): void {
  const known = [...namesOf(pass, 'masters', 'master/'), ...namesOf(pass, 'backups', 'backup/')];
  const inputs = pass.items(HOSTS).map((host) => [...host, 'input']);
  for (const path of inputs) {
    const input = pass.textAt(path);
    if (input === undefined || known.length === 0 || known.includes(input)) continue;
    const near = nearest(input, known);
    const fix =
      near === undefined ? 'Name a configured input, or configure this one.' : `Did you mean "${near}"?`;
    pass.report(path, listed(known), fix);
  }
  pass.reportRepeats(inputs, 'each input once');
  const zones = pass.numberOrDefault(['aws', 'zones']);
  for (const host of pass.items(HOSTS)) {
    const path = [...host, 'zone'];
    // Where aws.zones is wrong itself, nothing is compared with it.
    if (zones === undefined || (pass.numberAt(path) ?? 1) <= zones) continue;
    pass.report(
      path,
      `a whole number from 1 to ${zones}, because of aws.zones`,
      'Choose another zone, or raise aws.zones.',
    );
  }
}

/** With all that can be on air in one zone, the loss of that zone is the loss of everything. */
function checkSpread(pass: MistakePass): void {
  const { config } = pass.reading;
  if (config === undefined || config.backups.length === 0) return;
  const planned = planHosts(config);
  const [first] = planned;
  if (first === undefined || planned.some(({ zone }) => zone !== first.zone)) return;
  pass.report(
    HOSTS,
    `hosts in at least two zones; all of them are in zone ${first.zone + 1}`,
    `Put ${planned.at(-1)?.input} into another zone, or leave "zone" out.`,
  );
}

function checkEdges(pass: MistakePass): void {
  const [low, high] = [
    [...EDGES, 'min'],
    [...EDGES, 'max'],
  ];
  if (!pass.isGiven(EDGES) || pass.valueAt(EDGES) === false) return;
  const [min, max] = [pass.numberOrDefault(low), pass.numberOrDefault(high)];
  if (min === undefined || max === undefined || min <= max) return;
  const [path, allowed] = pass.isGiven(low) ? [low, `${max} or less`] : [high, `${min} or more`];
  const other = keyText(path === low ? high : low);
  pass.report(path, `${allowed}, because of ${other}`, `Change it, or ${other}.`);
}

function namesOf(pass: MistakePass, list: string, prefix: string): string[] {
  const names = pass.items([list]).map((item) => valueAt(pass.reading.raw, [...item, 'name']));
  return names.flatMap((name) => (typeof name === 'string' ? [prefix + name] : []));
}
