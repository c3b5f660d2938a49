const FIRST_MS = 200;
const LONGEST_MS = 5_000;
/** A connection that held for so long was a good one: the next attempt starts from the beginning. */
const GOOD_MS = 10_000;

/**
 * How long to wait before the next attempt, ms: twice as long each time, up to 5 s, of which a random half is taken off so
 * that the hosts that lost the same one do not all come back at once.
 */
export class BackOff {
  private failures = 0;
  private readonly random: () => number;

  /** `random`: 0 up to, not including, 1. */
  constructor(random: () => number) {
    this.random = random;
  }

  /** `heldMs`: how long the last connection held; 0 where none came about. */
  next(heldMs: number): number {
    if (heldMs >= GOOD_MS) this.failures = 0;
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 16);
    return longest * (1 - this.random() / 2);
  }
}
