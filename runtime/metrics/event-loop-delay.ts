import type { MetricsClock } from './every-second.ts';

/** How long tasks had to wait for their turn. */
export interface EventLoopDelay {
  /** The worst since it was last asked, in ms, with one decimal. */
  takeWorstMs(): number;
  stop(): void;
}

/** A shorter delay may be seen in part. Each tick wakes a host that has nothing else to do. */
const TICK_MS = 50;

/**
 * Watches the event loop: a timer that is late shows how long something held it up. Node's monitorEventLoopDelay is no
 * help here: after each reset it forgets its next tick, and with that the delay that taking the figures itself causes.
 */
export function watchEventLoop(clock: MetricsClock): EventLoopDelay {
  let worstMs = 0;
  let dueAt = 0;
  let cancel = (): void => {};
  const noteDelay = (): void => {
    worstMs = Math.max(worstMs, clock.now() - dueAt);
  };
  const setTimer = (): void => {
    dueAt = clock.now() + TICK_MS;
    cancel = clock.after(TICK_MS, () => {
      noteDelay();
      setTimer();
    });
  };
  setTimer();
  return {
    takeWorstMs: () => {
      // The timer may be overdue behind whoever asks.
      noteDelay();
      const told = Math.round(worstMs * 10) / 10;
      worstMs = 0;
      return told;
    },
    stop: () => cancel(),
  };
}
