import { setMaxListeners } from 'node:events';
import type { Clock } from '../media/clock.ts';

/** Each call that is under way listens to a signal; Node would warn of the eleventh. 0: of none. */
const MOST_CALLS = 0;

/** Runs `task` with a signal that aborts after `limitMs`. It is the task that has to end then. */
export async function withinLimit<T>(
  clock: Clock,
  limitMs: number,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  setMaxListeners(MOST_CALLS, limit.signal);
  const cancel = clock.after(limitMs, () => limit.abort(new DOMException('no time is left', 'TimeoutError')));
  try {
    return await task(limit.signal);
  } finally {
    cancel();
  }
}

/** Aborts when one of both does. */
export function eitherOf(one: AbortSignal, other: AbortSignal): AbortSignal {
  const signal = AbortSignal.any([one, other]);
  setMaxListeners(MOST_CALLS, signal);
  return signal;
}

/** What `call` gives, or a failure as soon as `signal` aborts: the SDK does not look at it while it waits to try again. */
export async function unlessAborted<T>(signal: AbortSignal, call: Promise<T>): Promise<T> {
  let abort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([call, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
