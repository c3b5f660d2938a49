/**
 * What the benchmark's stream carries in each picture, and at the end of each keyframe, so that viewers need not take it apart:
 * which source it is from, where it stands, and when it was sent. swarm.c looks for it.
 */

const TEXT = Buffer.from('USTBENCH');
export const MARKER_BYTES = TEXT.length + 10;
const PLACES = { picture: 0, keyframe: 1, keyframeEnd: 2 };
type MarkerPlace = keyof typeof PLACES;

export function writeMarker(bytes: Buffer, at: number, source: number, place: MarkerPlace): void {
  TEXT.copy(bytes, at);
  bytes[at + TEXT.length] = source;
  bytes[at + TEXT.length + 1] = PLACES[place];
  // CLOCK_MONOTONIC, which all processes of a machine share.
  bytes.writeBigUInt64LE(process.hrtime.bigint(), at + TEXT.length + 2);
}
