/** What one key of a configuration demands of another: names, candidates, ports and durations that must fit together. */

import { checkHosts } from './config-host-mistakes.ts';
import { ANY_PORT, inputsOf, isGiven, numberAt, type Pass, repeats, textAt } from './config-pass.ts';
import { type ConfigMistake, keyText, type Path, pathsIn, valueAt } from './config-path.ts';
import { rules } from './config-rules.ts';
import { listed, nearest } from './wording.ts';

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
    const keys = [...[...inputs, ['relay']].map((owner) => [...owner, 'key']), ['viewers', 'playKey']];
    const places = keys.map((key) => [...key, holder]);
    for (const [path, first] of repeats(places, (place) => textAt(pass, place))) {
      const fix = `Give each input, the relay and the viewers a key of their own: ${keyText(first)} names the same one.`;
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

function checkPorts(pass: Pass): void {
  // The only listener that is there on demand and has a default.
  const hasRtmps = isGiven(pass, ['rtmps', 'certificate']);
  const listeners = ['rtmp', ...(hasRtmps ? ['rtmps'] : []), 'http', 'control', 'metrics'];
  const ports = listeners.map((listener) => [listener, 'port']);
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
