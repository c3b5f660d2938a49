/** The page's only real clock, as `system-clock.ts` is the host's. Undo: call what is returned. */
export const browserClock = {
  /** ms since the epoch, by this machine's clock. */
  now: (): number => Date.now(),
  after: (delayMs: number, task: () => void): (() => void) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
  every: (periodMs: number, task: () => void): (() => void) => {
    const timer = setInterval(task, periodMs);
    return () => clearInterval(timer);
  },
};
