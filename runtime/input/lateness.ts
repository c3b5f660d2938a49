const WINDOW_MS = 5_000;

/**
 * How late the packets of a relayed input come, by this host's clock: the least of the last five to ten seconds, which jitter
 * and bursts do not touch. What is left is the way between the hosts, and the difference of their clocks.
 */
export class Lateness {
  private windowStart = Number.NEGATIVE_INFINITY;
  private current = Number.POSITIVE_INFINITY;
  private last = Number.POSITIVE_INFINITY;

  /** `lateMs`: from a packet's program time to its arrival. */
  note(lateMs: number, now: number): void {
    if (now - this.windowStart >= WINDOW_MS) {
      this.windowStart = now;
      this.last = this.current;
      this.current = Number.POSITIVE_INFINITY;
    }
    this.current = Math.min(this.current, lateMs);
  }

  /** ms; null before a whole window has been measured. */
  get leastMs(): number | null {
    return Number.isFinite(this.last) ? Math.round(Math.min(this.last, this.current)) : null;
  }
}
