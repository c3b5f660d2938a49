/** Undoes a timer or a subscription. Calling it twice is harmless. */
export type Cancel = () => void;

/**
 * Where all time comes from. Production uses `system-clock.ts`; tests inject one that they move by hand.
 */
export interface Clock {
  /** Milliseconds since the epoch, with a fraction. Never goes back, also where the wall clock is set. */
  now(): number;
  /** Runs `task` once, `delayMs` from now. */
  after(delayMs: number, task: () => void): Cancel;
  /** Runs `task` every `periodMs`. */
  every(periodMs: number, task: () => void): Cancel;
  /** Runs `task` when the current turn of the event loop has handled what it was handed. */
  soon(task: () => void): void;
}

/** A clock for commands, which wait in sequence. */
export interface WaitingClock extends Clock {
  /** Resolves after `delayMs` (Infinity: never), or at once when `signal` aborts. Keeps the process alive. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}
