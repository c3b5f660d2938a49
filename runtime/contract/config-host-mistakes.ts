/** What several hosts demand of a configuration: owners, relays, addresses, and rules that would need all hosts to agree. */

import { ANY_PORT, inputsOf, isGiven, numberAt, type Pass, repeats, textAt } from './config-pass.ts';
import { keyText, type Path, pathsIn, valueAt } from './config-path.ts';
import { listed, nearest } from './wording.ts';

/** Every input has one owner; relays go to other hosts; and a rule that would need all hosts to agree is not taken. */
export function checkHosts(pass: Pass): void {
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
