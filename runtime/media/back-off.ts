export interface BackOffOptions {
  /** The first wait. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** What held for so long was good: the next wait is the first one again. */
  readonly goodMs: number;
}

/** More doublings than any wait has. */
const MOST_FAILURES = 32;

/**
 * How long to wait before the next attempt, ms: twice as long each time, up to a bound, of which a random half is taken off
 * so that those who lost the same thing do not all come back at once.
 */
export class BackOff {
  private failures = 0;
  private readonly options: BackOffOptions;
  private readonly random: () => number;

  /** `random`: 0 up to, not including, 1. */
  constructor(options: BackOffOptions, random: () => number) {
    this.options = options;
    this.random = random;
  }

  /** `heldMs`: how long the last attempt held; 0 where nothing came of it. */
  next(heldMs: number): number {
    const { firstMs, longestMs, goodMs } = this.options;
    if (heldMs >= goodMs) this.failures = 0;
    const longest = Math.min(longestMs, firstMs * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, MOST_FAILURES);
    return Math.round(longest * (1 - this.random() / 2));
  }
}
