import { describe, expect, it } from '@jest/globals';
import { Lateness } from '../../runtime/input/lateness.ts';

/** Packets of one way: `[at, lateMs]`. */
function measure(packets: ReadonlyArray<readonly [at: number, lateMs: number]>): number | null {
  const lateness = new Lateness();
  for (const [at, late] of packets) lateness.note(late, at);
  return lateness.leastMs;
}

describe('lateness', () => {
  it('is not known before a whole window of five seconds', () => {
    expect(measure([])).toBeNull();
    expect(
      measure([
        [0, 4],
        [4_999, 3],
      ]),
    ).toBeNull();
  });

  it('is the least of the window before and this one', () => {
    expect(
      measure([
        [0, 9],
        [2_000, 4],
        [5_000, 7],
      ]),
    ).toBe(4);
    expect(
      measure([
        [0, 9],
        [5_000, 7],
        [6_000, -12.4],
      ]),
    ).toBe(-12);
  });

  it('forgets what is older than two windows, as where a clock has been set right', () => {
    expect(
      measure([
        [0, -300],
        [5_000, 2],
        [10_000, 3],
      ]),
    ).toBe(2);
  });

  it('passes over bursts, which are late by what they waited', () => {
    expect(
      measure([
        [0, 6_000],
        [1, 4_000],
        [2, 5],
        [5_000, 900],
      ]),
    ).toBe(5);
  });
});
