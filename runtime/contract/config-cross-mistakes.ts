/** What one key of a configuration demands of another: names, candidates, ports and durations that must fit together. */
import { NAME_PATTERN } from './config.ts';
import { type ConfigMistake, keyText, type Path, pathsIn, valueAt } from './config-path.ts';
import { type Rule, ruleAt, rules } from './config-rules.ts';
import { listed, nearest } from './wording.ts';

/** A listener on port 0 gets any free port, so two of them do not meet. */
const ANY_PORT = 0;

/** One tolerant pass over the raw file: what has the wrong type is left to the schema. */
interface Pass {
  readonly raw: unknown;
  readonly root: Rule;
  readonly bad: ReadonlySet<string>;
  readonly report: (path: Path, allowed: string, fix: string) => void;
}

/** `bad` holds the keys that the schema found wrong: comparing them too would only report them twice. */
export function crossMistakes(raw: unknown, bad: ReadonlySet<string>): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  const report: Pass['report'] = (path, allowed, fix) => {
    mistakes.push({ path, allowed, fix });
  };
  const pass = { raw, root: rules(), bad, report };
  checkNames(pass);
  checkKeys(pass);
  checkPrograms(pass);
  checkHosts(pass);
  checkPorts(pass);
  checkDurations(pass);
  return mistakes;
}

function checkNames(pass: Pass): void {
  for (const list of ['masters', 'backups', 'programs', 'hosts']) {
    const names = pathsIn(pass.raw, [list]).map((item) => [...item, 'name']);
    for (const [path, first] of repeats(names, (name) => textAt(pass, name))) {
      const allowed = `a name of its own among the ${list}`;
      pass.report(path, allowed, `Rename it: ${keyText(first)} is the same.`);
    }
  }
}

function checkKeys(pass: Pass): void {
  const inputs = [...pathsIn(pass.raw, ['masters']), ...pathsIn(pass.raw, ['backups'])];
  for (const holder of ['env', 'file', 'credential']) {
    const keys = [...inputs, ['relay']].map((owner) => [...owner, 'key', holder]);
    for (const [path, first] of repeats(keys, (key) => textAt(pass, key))) {
      const fix = `Give each input, and the relay, a key of its own: ${keyText(first)} names the same one.`;
      pass.report(path, 'what no other key names', fix);
    }
  }
}

function checkPrograms(pass: Pass): void {
  const inputs = inputsOf(pass.raw);
  const hasSlate = valueAt(pass.raw, ['slate']) !== false;
  const known = [...new Set(hasSlate ? [...inputs, 'slate'] : inputs)];
  const allowed = listed(known) || 'a configured input';
  for (const program of pathsIn(pass.raw, ['programs'])) {
    const list = [...program, 'candidates'];
    const candidates = pathsIn(pass.raw, list);
    for (const path of candidates) {
      const candidate = valueAt(pass.raw, path);
      if (typeof candidate !== 'string' || known.includes(candidate)) continue;
      // Without any input to compare with, the problem is there and not here.
      if (inputs.length === 0 && candidate !== 'slate') continue;
      const near = known.find((name) => name.endsWith(`/${candidate}`)) ?? nearest(candidate, known);
      let fix = 'Name a configured input, or configure this one.';
      if (candidate === 'slate') fix = 'Take it out of the list, or take "slate": false out of the file.';
      else if (near !== undefined) fix = `Did you mean "${near}"?`;
      pass.report(path, allowed, fix);
    }
    for (const [path, first] of repeats(candidates, (candidate) => textAt(pass, candidate))) {
      pass.report(path, 'each candidate once', `Take it out: ${keyText(first)} is the same.`);
    }
    if (candidates.length > 0 && candidates.every((path) => valueAt(pass.raw, path) === 'slate')) {
      pass.report(list, 'at least one master or backup', 'Add an input: the slate alone never goes live.');
    }
  }
}

/** Every input has one owner; relays go to other hosts; and a rule that would need all hosts to agree is not taken. */
function checkHosts(pass: Pass): void {
  if (!isGiven(pass, ['hosts'])) return;
  const hosts = pathsIn(pass.raw, ['hosts']);
  const known = inputsOf(pass.raw);
  const owned = hosts.flatMap((host) => pathsIn(pass.raw, [...host, 'inputs']));
  for (const path of owned) {
    const input = textAt(pass, path);
    if (input === undefined || known.includes(input)) continue;
    const near = nearest(input, known);
    const fix =
      near === undefined ? 'Name a configured input, or configure this one.' : `Did you mean "${near}"?`;
    pass.report(path, listed(known) || 'a configured input', fix);
  }
  for (const [path, first] of repeats(owned, (input) => textAt(pass, input))) {
    pass.report(path, 'an input that no other host takes', `Take it out: ${keyText(first)} is the same.`);
  }
  const orphans = known.filter((input) => !owned.some((path) => valueAt(pass.raw, path) === input));
  if (orphans.length > 0 && !pass.bad.has('hosts')) {
    const allowed = 'hosts that take all inputs, each of them once';
    pass.report(['hosts'], allowed, `Add ${orphans.join(', ')} to the "inputs" of a host.`);
  }
  checkReach(pass, hosts);
  checkRelays(pass, hosts);
  if (!isGiven(pass, ['relay', 'key'])) {
    pass.report(['relay', 'key'], '{"env": …}, {"file": …} or {"credential": …}', RELAY_KEY_FIX);
  }
  const contention = ['failover', 'contention'];
  if (isGiven(pass, contention) && textAt(pass, contention) !== 'share') {
    pass.report(contention, '"share", because of hosts', CONTENTION_FIX);
  }
}

const RELAY_KEY_FIX =
  'Write "relay": {"key": {"env": "RELAY_KEY"}} and give all hosts the same key: it is how they know each other.';
const CONTENTION_FIX =
  'Leave it out: each host decides for the programs that it serves, and does not know what others show.';

/** Every host is reached somewhere of its own, at a port that is known beforehand. */
function checkReach(pass: Pass, hosts: readonly Path[]): void {
  const portOf = (host: Path) => numberAt(pass, [...host, 'rtmpPort']) ?? numberAt(pass, ['rtmp', 'port']);
  for (const host of hosts) {
    const path = [...host, 'address'];
    // It would be read as part of an IPv6 address, which has at least two colons.
    if (textAt(pass, path)?.split(':').length === 2) {
      const fix = 'Take the port out, and write it as "rtmpPort".';
      pass.report(path, 'an IP address or a host name, without scheme and port', fix);
    }
    if (portOf(host) === ANY_PORT) {
      const fix = 'Add "rtmpPort", or give rtmp.port a number.';
      pass.report(
        [...host, 'rtmpPort'],
        'the port that other hosts reach it at, because rtmp.port is 0',
        fix,
      );
    }
  }
  const places = repeats(hosts, (host) => {
    const address = textAt(pass, [...host, 'address']);
    return address && `${address} ${portOf(host)}`;
  });
  for (const [host, first] of places) {
    const fix = `Change it, or "rtmpPort": ${keyText(first)} is reached there.`;
    pass.report([...host, 'address'], 'an address and a port that no other host has', fix);
  }
}

function checkRelays(pass: Pass, hosts: readonly Path[]): void {
  const names = hosts.flatMap((host) => textAt(pass, [...host, 'name']) ?? []);
  for (const host of hosts) {
    const own = textAt(pass, [...host, 'name']);
    const others = names.filter((name) => name !== own);
    const relays = pathsIn(pass.raw, [...host, 'relays']);
    for (const path of relays) {
      const name = textAt(pass, path);
      if (name === undefined || others.includes(name)) continue;
      const near = nearest(name, others);
      const fix = name === own ? 'Take it out: a host has its own inputs.' : 'Name one of the hosts.';
      pass.report(
        path,
        listed(others) || 'the name of another host',
        near === undefined ? fix : `Did you mean "${near}"?`,
      );
    }
    for (const [path, first] of repeats(relays, (relay) => textAt(pass, relay))) {
      pass.report(path, 'each host once', `Take it out: ${keyText(first)} is the same.`);
    }
    const hasBackup = pathsIn(pass.raw, [...host, 'inputs']).some(
      (path) => textAt(pass, path)?.startsWith('backup/') === true,
    );
    if (relays.length > 0 && !hasBackup) {
      const fix = 'Take it out: masters are not pushed, other hosts pull them when they need them.';
      pass.report([...host, 'relays'], 'nothing, for a host that takes no backup', fix);
    }
  }
}

function checkPorts(pass: Pass): void {
  const ports = ['rtmp', 'http', 'control', 'metrics'].map((listener) => [listener, 'port']);
  const fixed = ports.filter((path) => numberAt(pass, path) !== ANY_PORT);
  for (const [path, first] of repeats(fixed, (port) => numberAt(pass, port))) {
    const [blamed, other] = isGiven(pass, path) ? [path, first] : [first, path];
    const by = `${keyText(other)} is ${numberAt(pass, other)}${isGiven(pass, other) ? '' : ' by default'}`;
    pass.report(
      blamed,
      'a port that no other listener has, or 0 for any free one',
      `Choose another port: ${by}.`,
    );
  }
}

function checkDurations(pass: Pass): void {
  const longest = ['failover', 'flap', 'maxHoldMs'];
  for (const owner of [['failover'], ...pathsIn(pass.raw, ['programs'])]) {
    checkOrder(pass, {
      low: [...owner, 'failbackHoldMs'],
      high: longest,
      fits: (hold, most) => hold <= most,
    });
  }
  const recent = ['warmBuffer', 'limitMs'];
  const timeout = ['failover', 'stallTimeoutMs'];
  checkOrder(pass, { low: timeout, high: recent, fits: (stall, kept) => stall < kept });
}

interface Order {
  readonly low: Path;
  readonly high: Path;
  readonly fits: (low: number, high: number) => boolean;
}

/** Blames the key that was written, not one that has its default. */
function checkOrder(pass: Pass, { low, high, fits }: Order): void {
  const [least, most] = [numberAt(pass, low), numberAt(pass, high)];
  if (least === undefined || most === undefined || fits(least, most)) return;
  const [path, side, other, bound] = isGiven(pass, low)
    ? [low, 'less', high, most]
    : [high, 'more', low, least];
  const fix = `Make it ${side === 'less' ? 'smaller' : 'greater'}, or change ${keyText(other)}.`;
  const reach = fits(bound, bound) ? `${bound} or ${side}` : `${side} than ${bound}`;
  pass.report(path, `${reach}, because of ${keyText(other)}`, fix);
}

/** Each path whose value an earlier one has too, with that earlier one. */
function repeats(paths: readonly Path[], read: (path: Path) => unknown): [path: Path, first: Path][] {
  const firsts = new Map<unknown, Path>();
  return paths.flatMap((path): [Path, Path][] => {
    const value = read(path);
    const first = firsts.get(value);
    if (first === undefined) firsts.set(value, path);
    return value === undefined || first === undefined ? [] : [[path, first]];
  });
}

function inputsOf(raw: unknown): string[] {
  return [...inputNames(raw, 'masters', 'master/'), ...inputNames(raw, 'backups', 'backup/')];
}

function inputNames(raw: unknown, list: string, prefix: string): string[] {
  const names = pathsIn(raw, [list]).map((item) => valueAt(raw, [...item, 'name']));
  return names.flatMap((name) =>
    typeof name === 'string' && NAME_PATTERN.test(name) ? [prefix + name] : [],
  );
}

function isGiven(pass: Pass, path: Path): boolean {
  return valueAt(pass.raw, path) !== undefined;
}

function textAt(pass: Pass, path: Path): string | undefined {
  const value = valueAt(pass.raw, path);
  return typeof value === 'string' && !pass.bad.has(keyText(path)) ? value : undefined;
}

/** A number as given, or else its default; nothing where the schema has a problem with it. */
function numberAt(pass: Pass, path: Path): number | undefined {
  const value = valueAt(pass.raw, path) ?? ruleAt(pass.root, path).default;
  return typeof value === 'number' && !pass.bad.has(keyText(path)) ? value : undefined;
}
