import { describe, expect, it } from '@jest/globals';
import { everySecond } from '../../runtime/metrics/every-second.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';

describe('the end of each second', () => {
  it('comes at whole seconds, whenever it began', () => {
    const clock = new FakeClock(EPOCH + 300);
    const seconds: Array<[number, number]> = [];
    const cancel = everySecond(clock, (second) => seconds.push([second - EPOCH, clock.now() - EPOCH]));
    clock.advance(2_800);
    expect(seconds).toEqual([
      [0, 1_000],
      [1_000, 2_000],
      [2_000, 3_000],
    ]);
    cancel();
    clock.advance(5_000);
    expect(seconds).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not made up for seconds in which the process stood still', () => {
    const clock = new FakeClock();
    const seconds: number[] = [];
    everySecond(clock, (second) => seconds.push(second - EPOCH));
    clock.advance(1_000);
    clock.freeze(3_400);
    clock.advance(1_700);
    expect(seconds).toEqual([0, 3_000, 4_000, 5_000]);
  });

  it.each([
    ['late by a little, each time: no second is missed', (delay: number) => delay + 3.7],
    ['early by a little: no second comes twice', (delay: number) => Math.max(0, delay - 0.9)],
    ['early by a timer that fires early again', (delay: number) => delay * 0.97],
  ])('%s', (_name, shift) => {
    const clock = new FakeClock();
    const seconds: number[] = [];
    everySecond(
      { now: () => clock.now(), after: (delay, task) => clock.after(shift(delay), task) },
      (second) => seconds.push((second - EPOCH) / 1_000),
    );
    clock.advance(600_000);
    expect(seconds).toEqual(seconds.map((_, index) => index));
    expect(seconds.length).toBeGreaterThanOrEqual(599);
  });
});
