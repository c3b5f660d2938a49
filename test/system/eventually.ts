import { setTimeout as pause } from 'node:timers/promises';

/** Asking costs a process each time. */
const POLL_MS = 200;

export interface EventuallyOptions {
  readonly what: string;
  readonly withinMs: number;
}

/**
 * Asks until the answer is null, which means that nothing is missing; fails with the last answer where that does not
 * come in time. An error counts as an answer: who is asked may be about to start.
 */
export async function eventually(
  { what, withinMs }: EventuallyOptions,
  whatIsMissing: () => Promise<string | null>,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const missing = await whatIsMissing().catch(String);
    if (missing === null) return;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}: ${missing}`);
    await pause(POLL_MS);
  }
}
