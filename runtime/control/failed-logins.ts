const WINDOW_MS = 60_000;
const MAX_OF_AN_ADDRESS = 10;
const MAX_OF_ALL = 100;

/** Wrong tokens of the last minute. Beyond some of them no token is looked at, right or wrong: guessing takes for ever. */
export class FailedLogins {
  private failures: Array<{ readonly address: string; readonly at: number }> = [];

  /** How long to wait, in ms, until a token of this address is looked at; 0: not at all. */
  waitMs(address: string, now: number): number {
    this.failures = this.failures.filter(({ at }) => now - at < WINDOW_MS);
    const own = this.failures.filter((failure) => failure.address === address);
    const oldest =
      own.length >= MAX_OF_AN_ADDRESS
        ? own.at(-MAX_OF_AN_ADDRESS)
        : this.failures.length >= MAX_OF_ALL
          ? this.failures.at(-MAX_OF_ALL)
          : undefined;
    return oldest === undefined ? 0 : oldest.at + WINDOW_MS - now;
  }

  /** To be called only where there was nothing to wait for: so there are never more than `MAX_OF_ALL`. */
  add(address: string, now: number): void {
    this.failures.push({ address, at: now });
  }
}
