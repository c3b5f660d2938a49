/** The part of a clock that metrics need. */
export interface MetricsClock {
  /** In ms since the epoch; never goes back. */
  now(): number;
  after(delayMs: number, task: () => void): () => void;
}

const SECOND_MS = 1_000;
/** Timers may fire a little early: that is still the end of the second. */
const EARLY_MS = 50;

/**
 * Calls `task` at the end of each second with the beginning of that second, in ms since the epoch: never twice for one,
 * and not for those in which the process stood still. A plain interval would drift, and miss a second now and then.
 */
export function everySecond(clock: MetricsClock, task: (second: number) => void): () => void {
  let cancel = clock.after(untilNext(clock.now()), tick);
  function tick(): void {
    const end = endOfSecond(clock.now());
    cancel = clock.after(end + SECOND_MS - clock.now(), tick);
    task(end - SECOND_MS);
  }
  return () => cancel();
}

function endOfSecond(now: number): number {
  return Math.floor((now + EARLY_MS) / SECOND_MS) * SECOND_MS;
}

function untilNext(now: number): number {
  return endOfSecond(now) + SECOND_MS - now;
}
