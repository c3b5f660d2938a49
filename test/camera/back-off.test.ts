import { describe, expect, it } from '@jest/globals';
import { afterRun, FIRST_DELAY_MS, LONGEST_DELAY_MS, STEADY_MS } from '../../runtime/camera/back-off.ts';

describe('the back-off of a camera', () => {
  it.each<[failures: number, ranMs: number, random: number, expected: { failures: number; delayMs: number }]>(
    [
      [0, 0, 1, { failures: 1, delayMs: FIRST_DELAY_MS }],
      [0, 0, 0, { failures: 1, delayMs: FIRST_DELAY_MS / 2 }],
      [1, 10, 1, { failures: 2, delayMs: 2_000 }],
      [4, 10, 1, { failures: 5, delayMs: 16_000 }],
      [5, 10, 1, { failures: 6, delayMs: LONGEST_DELAY_MS }],
      [5, 10, 0, { failures: 6, delayMs: LONGEST_DELAY_MS / 2 }],
      // Days of a camera that is switched off.
      [5_000, 10, 1, { failures: 5_001, delayMs: LONGEST_DELAY_MS }],
      [9, STEADY_MS - 1, 1, { failures: 10, delayMs: LONGEST_DELAY_MS }],
      [9, STEADY_MS, 1, { failures: 1, delayMs: FIRST_DELAY_MS }],
    ],
  )('after %i failures, a run of %i ms, and %d of the dice', (failures, ranMs, random, expected) => {
    expect(afterRun({ failures, ranMs, random })).toEqual(expected);
  });
});
