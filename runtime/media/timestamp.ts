/** The 32-bit clock of RTMP and FLV goes round every 49.7 days. */
const CYCLE = 2 ** 32;

/**
 * Puts a 32-bit timestamp on a line that does not wrap: the value nearest to `previous` that has these low 32 bits.
 * Both in ms. A step back of up to half a cycle stays a step back.
 */
export function unwrapTimestamp(timestamp: number, previous: number): number {
  return previous + ((timestamp - previous) | 0);
}

/** The low 32 bits, as they go on the wire. */
export function wrapTimestamp(time: number): number {
  return ((time % CYCLE) + CYCLE) % CYCLE;
}
