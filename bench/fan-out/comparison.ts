/** What the results of several servers, and of several numbers of viewers, say about each other. */
import type { Result } from './result.ts';

const NONE = '–';

/** The CPU time of each row of this server as a share of what others needed for the same viewers; the first row is the head. */
export function ratioRows(results: readonly Result[]): string[][] {
  const ours = results.filter(isOurs);
  const peers = [...new Set(results.filter(isPeer).map(({ server }) => server))];
  if (ours.length === 0) return [];
  const rows = ours.map((own) => {
    const alike = results.filter(({ viewers }) => viewers === own.viewers);
    const others = peers.map((name) =>
      alike.find(({ server, protocol }) => server === name && protocol === own.protocol),
    );
    const floor = alike.find((one) => isFloor(one) && one.cadenceMs === own.cadenceMs);
    const shares = [...others, floor].map((other) => shareOf(own, other));
    return [own.server, own.protocol, `${own.viewers}`, ...shares];
  });
  return [['CPU, SHARE OF', 'PROTOCOL', 'VIEWERS', ...peers, 'bare Node, same cadence'], ...rows];
}

/** What each added viewer takes of memory, for servers that were measured with several numbers of them. */
export function memoryLines(results: readonly Result[]): string[] {
  const nameOf = ({ server, protocol }: Result): string => `${server}, ${protocol}`;
  return [...new Set(results.map(nameOf))].flatMap((name) => {
    const group = results.filter((one) => nameOf(one) === name);
    const [fewest, ...others] = group.toSorted((a, b) => a.viewers - b.viewers);
    const most = others.at(-1);
    if (fewest === undefined || most === undefined || most.viewers === fewest.viewers) return [];
    const bytes = (most.residentBytes - fewest.residentBytes) / (most.viewers - fewest.viewers);
    return [
      `${name}: ${(bytes / 1e3).toFixed(1)} kB for each viewer from ${fewest.viewers} to ${most.viewers}`,
    ];
  });
}

function shareOf(own: Result, other: Result | undefined): string {
  return other === undefined ? NONE : (own.cpuMs / other.cpuMs).toFixed(2);
}

function isFloor({ protocol }: Result): boolean {
  return protocol === 'bare';
}

function isOurs(one: Result): boolean {
  return one.cadenceMs !== null && !isFloor(one);
}

function isPeer(one: Result): boolean {
  return one.cadenceMs === null && !isFloor(one);
}
