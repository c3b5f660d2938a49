import { describe, expect, it } from '@jest/globals';
import { watchEventLoop } from '../../runtime/metrics/event-loop-delay.ts';
import { systemClock } from '../../runtime/system-clock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

describe('the delay of the event loop', () => {
  it('is how long it stood still, the worst since it was last asked', () => {
    const clock = new FakeClock();
    const delay = watchEventLoop(clock);
    clock.advance(1_000);
    expect(delay.takeWorstMs()).toBe(0);
    for (const stillMs of [80, 150, 100]) {
      clock.freeze(stillMs);
      clock.advance(100);
    }
    // A timer was due 50 ms after it had begun to stand still.
    expect(delay.takeWorstMs()).toBe(100);
    expect(delay.takeWorstMs()).toBe(0);
    delay.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('is seen also by who asks before the overdue timer runs', () => {
    const clock = new FakeClock();
    const delay = watchEventLoop(clock);
    clock.advance(1_000);
    clock.freeze(320.25);
    expect(delay.takeWorstMs()).toBe(270.3);
  });

  it('is measured on a real loop', async () => {
    const delay = watchEventLoop(systemClock);
    try {
      const heldUpAt = performance.now();
      while (performance.now() - heldUpAt < 300) {
        // Nothing else gets its turn.
      }
      expect(delay.takeWorstMs()).toBeGreaterThan(240);
      await until('a loop with nothing to do', () => delay.takeWorstMs() < 100);
    } finally {
      delay.stop();
    }
  });
});
