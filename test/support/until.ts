import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';

const POLL_MS = 2;
/** Less than jest gives a test, so that what was waited for is what is reported. */
const PATIENCE_MS = 15_000;

type Wanted<T> = T | null | undefined | false | 0;

/**
 * Waits until `check` gives something true, and resolves to that; fails with `what` where it does not in time. The event loop
 * gets a turn in any case, so that a test that calls this over and over sees what it waits for, and the end of its time.
 */
export async function until<T>(
  what: string,
  check: () => Wanted<T> | Promise<Wanted<T>>,
  withinMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  await turn();
  for (;;) {
    const result = await check();
    if (result) return result;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(POLL_MS);
  }
}
