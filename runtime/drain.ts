import type { Clock } from './media/clock.ts';

// States of a host:   serving -[begin]▶ draining, until no viewer is left, the time is up, or it is stopped

export interface DrainOptions {
  readonly clock: Clock;
  /** How long viewers may go on, at most. */
  readonly timeoutMs: number;
  /** How many viewers there are now. */
  readonly viewers: () => number;
}

/** How a drain ended, and with how many viewers left. */
export interface DrainEnd {
  readonly because: 'no viewer is left' | 'the time is up' | 'stopped';
  readonly viewers: number;
  readonly tookMs: number;
}

/** One look at a sum for all viewers: how many they are does not matter. */
const CHECK_MS = 100;

/** A host's way out of service: whether it has been taken, and when it is at its end. Says nothing to anybody. */
export class Drain {
  private readonly options: DrainOptions;
  private ended: Promise<DrainEnd> | null = null;
  private finish: ((because: DrainEnd['because']) => void) | null = null;
  private isStopped = false;

  constructor(options: DrainOptions) {
    this.options = options;
  }

  get state(): 'serving' | 'draining' {
    return this.ended === null ? 'serving' : 'draining';
  }

  /** Begins, and resolves at the end. Asked again, it answers with the end of the same drain. */
  begin(): Promise<DrainEnd> {
    this.ended ??= new Promise((resolve) => this.watch(resolve));
    return this.ended;
  }

  /** Ends it now: the host is closed. */
  stop(): void {
    this.isStopped = true;
    this.finish?.('stopped');
  }

  private watch(resolve: (end: DrainEnd) => void): void {
    const { clock, timeoutMs, viewers } = this.options;
    const startedAt = clock.now();
    const stopChecks = clock.every(CHECK_MS, () => check());
    this.finish = (because) => {
      stopChecks();
      this.finish = null;
      resolve({ because, viewers: viewers(), tookMs: Math.round(clock.now() - startedAt) });
    };
    const check = (): void => {
      if (this.isStopped) this.finish?.('stopped');
      else if (viewers() === 0) this.finish?.('no viewer is left');
      else if (clock.now() - startedAt >= timeoutMs) this.finish?.('the time is up');
    };
    check();
  }
}
