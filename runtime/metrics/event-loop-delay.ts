import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How long tasks had to wait for their turn. */
export interface EventLoopDelay {
  /** The worst since it was last asked, in ms. */
  takeWorstMs(): number;
  stop(): void;
}

const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

/** Watches the event loop with a timer of Node's own, which keeps no process alive. */
export function watchEventLoop(): EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    takeWorstMs: () => {
      // What is measured is the distance of two ticks: an idle loop shows the resolution, not 0.
      const worst = histogram.max / NS_PER_MS - RESOLUTION_MS;
      histogram.reset();
      return Math.max(0, Math.round(worst * 10) / 10);
    },
    stop: () => {
      histogram.disable();
    },
  };
}
