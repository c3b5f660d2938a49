import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 20;

/** Waits for a condition; fails with `what` where it does not come true in time. */
export async function until(what: string, isSo: () => boolean, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(POLL_MS);
  }
}
