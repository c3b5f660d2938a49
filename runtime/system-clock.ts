import type { Clock, WaitingClock } from './media/clock.ts';

/** The real clock: monotonic, on the epoch as it was when the process started. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delayMs, task) => {
    // What is overdue is due now; of a negative time Node 24, which hosts have, warns.
    const timer = setTimeout(task, Math.max(0, delayMs)).unref();
    return () => clearTimeout(timer);
  },
  every: (periodMs, task) => {
    const timer = setInterval(task, periodMs).unref();
    return () => clearInterval(timer);
  },
  soon: (task) => {
    setImmediate(task);
  },
};

/** setTimeout takes 31 bits; longer sleeps are until the signal. */
const LONGEST_MS = 2 ** 31 - 1;

/** The real clock for commands. */
export const commandClock: WaitingClock = {
  ...systemClock,
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(done, Math.min(delayMs, LONGEST_MS));
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    }),
};

/**
 * A clock for commands on the epoch as the wall clock has it now. For processes that are frozen for minutes between two tasks,
 * as Lambda's are: the monotonic clock may not notice, and `commandClock` be as much behind.
 */
export function anchoredClock(): WaitingClock {
  const origin = Date.now() - performance.now();
  return { ...commandClock, now: () => origin + performance.now() };
}
