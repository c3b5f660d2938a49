const BITS = 8;
/** What comes in so long at the mean rate may come at once: an encoder sends what it could not send before. */
const BURST_MS = 5_000;

/** How much of a peer's bytes may be read: so much on the mean, and a burst. A leaking bucket. */
export class ReadAllowance {
  private bytesPerMs: number;
  private levelBytes = 0;
  private levelAt: number;

  constructor(kbps: number, now: number) {
    this.bytesPerMs = kbps / BITS;
    this.levelAt = now;
  }

  raise(kbps: number): void {
    this.bytesPerMs = kbps / BITS;
  }

  /** Takes what was read. Returns how long to wait until the next bytes are read, in ms; 0 where there is room. */
  take(bytes: number, now: number): number {
    const leakedBytes = (now - this.levelAt) * this.bytesPerMs;
    this.levelBytes = Math.max(0, this.levelBytes - leakedBytes) + bytes;
    this.levelAt = now;
    return Math.max(0, this.levelBytes / this.bytesPerMs - BURST_MS);
  }
}
