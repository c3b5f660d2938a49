/** More are not told apart. Behind a CDN there are a few, however many viewers it has. */
const MAX_ADDRESSES = 10_000;

/** The addresses that have asked for a program's playlist lately. */
export class HlsAudience {
  /** By address, when it was last here. */
  private readonly seenAt = new Map<string, number>();
  private readonly goneMs: number;
  private readonly onChange: () => void;

  /** `goneMs`: a player that stays away for so long has gone. */
  constructor(goneMs: number, onChange: () => void) {
    this.goneMs = goneMs;
    this.onChange = onChange;
  }

  get size(): number {
    return this.seenAt.size;
  }

  has(address: string): boolean {
    return this.seenAt.has(address);
  }

  seen(address: string, now: number): void {
    const isNew = !this.seenAt.has(address);
    if (isNew && this.seenAt.size >= MAX_ADDRESSES) return;
    this.seenAt.set(address, now);
    if (isNew) this.onChange();
  }

  /** Forgets those who have gone. Called about once a second. */
  check(now: number): void {
    const before = this.seenAt.size;
    for (const [address, at] of this.seenAt) if (now - at > this.goneMs) this.seenAt.delete(address);
    if (this.seenAt.size !== before) this.onChange();
  }
}
