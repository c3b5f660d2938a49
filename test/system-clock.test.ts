import { afterEach, expect, it, jest } from '@jest/globals';
import { anchoredClock, commandClock } from '../runtime/system-clock.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

it('a clock that is anchored anew is right, although the process was frozen and its monotonic clock with it', () => {
  const frozenMs = 3_600_000;
  const before = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => before - frozenMs);
  expect(Date.now() - commandClock.now()).toBeGreaterThan(frozenMs - 1_000);
  const clock = anchoredClock();
  expect(Math.abs(Date.now() - clock.now())).toBeLessThan(1_000);
  const start = clock.now();
  jest.spyOn(performance, 'now').mockImplementation(() => before - frozenMs + 250);
  expect(clock.now() - start).toBeCloseTo(250);
});
