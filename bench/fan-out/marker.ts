/**
 * What the benchmark's stream carries in each picture, so that viewers need not take it apart: which source it is from,
 * whether it is a keyframe, and when it was sent. swarm.c looks for it.
 */

const TEXT = Buffer.from('USTBENCH');
export const MARKER_BYTES = TEXT.length + 10;

export function writeMarker(bytes: Buffer, at: number, source: number, isKeyframe: boolean): void {
  TEXT.copy(bytes, at);
  bytes[at + TEXT.length] = source;
  bytes[at + TEXT.length + 1] = isKeyframe ? 1 : 0;
  // CLOCK_MONOTONIC, which all processes of a machine share.
  bytes.writeBigUInt64LE(process.hrtime.bigint(), at + TEXT.length + 2);
}
