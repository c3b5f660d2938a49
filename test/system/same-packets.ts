import type { SeenPacket } from './viewer-protocol.ts';

export interface PacketComparison {
  /** What lies between the timestamps of the two: the difference of the two programs' starts, ms. */
  readonly constantMs: number;
  /** Packets in the stretch that both have. */
  readonly compared: number;
  readonly same: number;
  /** Frames in steps of 1 ms among those that are the same: the squeezed ones of a splice. */
  readonly squeezed: number;
  /** Packets that are there on both sides, but not at the same time or with the same CTS. */
  readonly moved: readonly string[];
  readonly onlyInFirst: readonly string[];
  readonly onlyInSecond: readonly string[];
}

/**
 * Compares what two viewers of one program got from two hosts, packet by packet.
 *
 * Their timestamps differ by a constant, as each host counts from its own start of the program. The first keyframe that both
 * have tells it: clips are played in loops, so of its occurrences the one that came at nearly the same time is meant.
 * From then on, every packet of one must be there in the other, at the same time less the constant and with the same CTS.
 */
export function comparePackets(
  first: readonly SeenPacket[],
  second: readonly SeenPacket[],
): PacketComparison {
  const constantMs = findConstant(first, second);
  const range = commonRange(first, second, constantMs);
  const keysOf = (packets: readonly SeenPacket[], lessMs: number): Map<string, SeenPacket> => {
    const inRange = packets.filter(({ time }) => time - lessMs >= range.from && time - lessMs <= range.to);
    return new Map(inRange.map((packet) => [keyOf(packet, packet.time - lessMs), packet]));
  };
  const a = keysOf(first, 0);
  const b = keysOf(second, constantMs);
  const onlyA = [...a].filter(([key]) => !b.has(key)).map(([, packet]) => packet);
  const onlyB = [...b].filter(([key]) => !a.has(key)).map(([, packet]) => packet);
  const isMoved = (packet: SeenPacket, others: readonly SeenPacket[]): boolean =>
    others.some(({ kind, hash }) => kind === packet.kind && hash === packet.hash);
  const same = [...a].filter(([key]) => b.has(key)).map(([, packet]) => packet);
  return {
    constantMs,
    compared: same.length + onlyA.length + onlyB.length,
    same: same.length,
    squeezed: countSqueezed(same),
    moved: onlyA.filter((packet) => isMoved(packet, onlyB)).map((packet) => describe(packet, 0)),
    onlyInFirst: onlyA.filter((packet) => !isMoved(packet, onlyB)).map((packet) => describe(packet, 0)),
    onlyInSecond: onlyB
      .filter((packet) => !isMoved(packet, onlyA))
      .map((packet) => describe(packet, constantMs)),
  };
}

function findConstant(first: readonly SeenPacket[], second: readonly SeenPacket[]): number {
  for (const packet of first) {
    if (!packet.keyframe) continue;
    const [nearest] = second
      .filter(({ kind, hash }) => kind === packet.kind && hash === packet.hash)
      .sort((a, b) => Math.abs(a.wall - packet.wall) - Math.abs(b.wall - packet.wall));
    if (nearest !== undefined) return nearest.time - packet.time;
  }
  throw new Error('no keyframe came to both viewers');
}

/** From the later of the two first keyframes to the earlier of the two ends of any track, in the first one's timestamps. */
function commonRange(
  first: readonly SeenPacket[],
  second: readonly SeenPacket[],
  constantMs: number,
): { from: number; to: number } {
  const froms: number[] = [];
  const tos: number[] = [];
  for (const [packets, lessMs] of [
    [first, 0],
    [second, constantMs],
  ] as const) {
    froms.push((packets.find(({ keyframe }) => keyframe)?.time ?? Number.NaN) - lessMs);
    for (const track of ['video', 'audio']) {
      tos.push((packets.findLast(({ kind }) => kind === track)?.time ?? Number.NaN) - lessMs);
    }
  }
  return { from: Math.max(...froms), to: Math.min(...tos) };
}

function keyOf({ kind, cts, hash, keyframe }: SeenPacket, time: number): string {
  return `${kind} ${time} ${cts} ${keyframe} ${hash}`;
}

function countSqueezed(packets: readonly SeenPacket[]): number {
  const times = packets.filter(({ kind }) => kind === 'video').map(({ time }) => time);
  return times.filter((time, index) => time - (times[index - 1] ?? Number.NEGATIVE_INFINITY) === 1).length;
}

function describe({ kind, time, cts, keyframe, hash }: SeenPacket, lessMs: number): string {
  return `${time - lessMs} ${kind}${keyframe ? ' keyframe' : ''} cts ${cts} ${hash}`;
}
