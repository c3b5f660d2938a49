import type { Cancel, Clock } from '../../runtime/media/clock.ts';

/** Where tests begin unless they say otherwise: a whole second of 2026-01-01. */
export const EPOCH = Date.UTC(2026, 0, 1);

interface Timer {
  at: number;
  readonly periodMs: number | null;
  readonly task: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers run in order of their time, those of one time in the order in
 * which they were set; what `soon` was given runs behind all timers of that time, as setImmediate does.
 */
export class FakeClock implements Clock {
  private time: number;
  private readonly timers = new Set<Timer>();
  private tasks: Array<() => void> = [];

  constructor(startAt = EPOCH) {
    this.time = startAt;
  }

  now(): number {
    return this.time;
  }

  after(delayMs: number, task: () => void): Cancel {
    return this.set({ at: this.time + Math.max(0, delayMs), periodMs: null, task });
  }

  every(periodMs: number, task: () => void): Cancel {
    if (!(periodMs > 0)) throw new Error(`a period of ${periodMs} ms never lets time pass`);
    return this.set({ at: this.time + periodMs, periodMs, task });
  }

  soon(task: () => void): void {
    this.tasks.push(task);
  }

  /** How many timers are set: what a test's subject has not taken back. */
  get pendingTimers(): number {
    return this.timers.size;
  }

  /** Lets time pass, in steps from one due timer to the next. `advance(0)` runs what is due now. */
  advance(ms: number): void {
    const end = this.time + ms;
    this.runSoon();
    for (;;) {
      const next = Math.min(...[...this.timers].map(({ at }) => at));
      if (next > end) break;
      this.time = Math.max(this.time, next);
      const due = [...this.timers].filter(({ at }) => at <= this.time).sort((a, b) => a.at - b.at);
      // What these tasks set, even for now, waits for the next step.
      for (const timer of due) this.run(timer);
      this.runSoon();
    }
    this.time = end;
    this.runSoon();
  }

  /**
   * Lets time pass while nothing runs: the process stood still. The next `advance` runs what is overdue, late and once,
   * as Node's timers do.
   */
  freeze(ms: number): void {
    this.time += ms;
  }

  private set(timer: Timer): Cancel {
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  private run(timer: Timer): void {
    // One that ran before it in this step may have cancelled it.
    if (!this.timers.has(timer)) return;
    if (timer.periodMs === null) this.timers.delete(timer);
    else timer.at = this.time + timer.periodMs;
    timer.task();
  }

  private runSoon(): void {
    while (this.tasks.length > 0) for (const task of this.tasks.splice(0)) task();
  }
}
