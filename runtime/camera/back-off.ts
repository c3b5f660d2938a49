/** How long a camera's process waits before it starts again: longer after each failure, and never all at one time. */

export const FIRST_DELAY_MS = 1_000;
export const LONGEST_DELAY_MS = 30_000;
/** A process that ran for so long had its camera on air: a camera that gives nothing is given up before (gateway.ts). */
export const STEADY_MS = 60_000;

export interface Run {
  /** Runs before this one that ended too soon, in a row. */
  readonly failures: number;
  readonly ranMs: number;
  /** 0 to 1: spreads the starts of many cameras that were lost together. */
  readonly random: number;
}

/** What follows a run that has ended: the failures to count on from, and the wait, half to all of the nominal delay. */
export function afterRun({ failures, ranMs, random }: Run): {
  readonly failures: number;
  readonly delayMs: number;
} {
  const before = ranMs >= STEADY_MS ? 0 : failures;
  const nominalMs = Math.min(FIRST_DELAY_MS * 2 ** before, LONGEST_DELAY_MS);
  return { failures: before + 1, delayMs: Math.round(nominalMs * (0.5 + random / 2)) };
}
