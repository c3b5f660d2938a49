import { alignedRows } from './scenario-table.ts';
import type { SixHosts } from './six-hosts.ts';

/** The hosts that take an input from an encoder; the backup's is the last. */
const OWNERS = ['one', 'two', 'three', 'four'] as const;
const MASTER_OWNERS = ['one', 'two', 'three'] as const;
type PerOwner = Readonly<Record<(typeof OWNERS)[number], number>>;
type PerMasterOwner = Readonly<Record<(typeof MASTER_OWNERS)[number], number>>;

/** Bytes in one stretch of time, with the headers of IP and TCP. */
export interface RelayedBytes {
  /** From its encoder to each host: one copy of its input. */
  readonly inputs: PerOwner;
  readonly toEdge: PerOwner;
  /** From the backup's host to the masters' hosts, and back. */
  readonly pushed: PerMasterOwner;
  readonly back: PerMasterOwner;
  readonly toViewers: number;
}

/** Counts the bytes between machines, of all time, around `meanwhile`. */
export async function relayedBytes(six: SixHosts, meanwhile: () => Promise<void>): Promise<RelayedBytes> {
  const before = await countBytes(six);
  await meanwhile();
  const after = await countBytes(six);
  return {
    inputs: less(after.inputs, before.inputs),
    toEdge: less(after.toEdge, before.toEdge),
    pushed: less(after.pushed, before.pushed),
    back: less(after.back, before.back),
    toViewers: after.toViewers - before.toViewers,
  };
}

export function bytesTable(few: RelayedBytes, many: RelayedBytes): string {
  const share = (bytes: number, input: number): string[] => [
    `${Math.round(bytes / 1_000)} kB`,
    (bytes / input).toFixed(2),
  ];
  const rows = (viewers: string, { inputs, toEdge, pushed, toViewers }: RelayedBytes): string[][] => [
    ...OWNERS.map((owner) => [viewers, `${owner} to edge1`, ...share(toEdge[owner], inputs[owner])]),
    ...MASTER_OWNERS.map((owner) => [viewers, `four to ${owner}`, ...share(pushed[owner], inputs.four)]),
    [viewers, 'edge1 to viewers', ...share(toViewers, inputs.one)],
  ];
  const head = ['viewers on edge1', 'between', 'bytes', 'copies of what the encoder sent'];
  return `\n${alignedRows([head, ...rows('1 of camera1', few), ...rows('12 of 3 programs', many)])}\n`;
}

async function countBytes({ network, encoderBytes }: SixHosts): Promise<RelayedBytes> {
  const between = (from: string, to: string) => network.bytesBetween(from, to);
  return {
    inputs: await perHost(OWNERS, encoderBytes),
    toEdge: await perHost(OWNERS, (owner) => between(owner, 'edge1')),
    pushed: await perHost(MASTER_OWNERS, (owner) => between('four', owner)),
    back: await perHost(MASTER_OWNERS, (owner) => between(owner, 'four')),
    toViewers: await between('edge1', 'viewers'),
  };
}

async function perHost<Name extends string>(
  names: readonly Name[],
  value: (name: Name) => Promise<number>,
): Promise<Record<Name, number>> {
  const values = await Promise.all(names.map(async (name) => [name, await value(name)] as const));
  return Object.fromEntries(values) as Record<Name, number>;
}

function less<Name extends string>(
  after: Readonly<Record<Name, number>>,
  before: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(after) as Name[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as Record<Name, number>;
}
