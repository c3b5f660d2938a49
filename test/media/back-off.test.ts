/** How long hosts and cameras wait before they try again: longer each time, up to a bound, and not all for the same time. */
import { describe, expect, it } from '@jest/globals';
import { BackOff } from '../../runtime/media/back-off.ts';
import { Random } from '../support/random.ts';

const LONGEST_MS = 5_000;
const OPTIONS = { firstMs: 200, longestMs: LONGEST_MS, goodMs: 10_000 };

function waits(random: () => number, heldMs: readonly number[]): number[] {
  const backOff = new BackOff(OPTIONS, random);
  return heldMs.map((held) => backOff.next(held));
}

const FAILED = Array.from({ length: 8 }, () => 0);

describe('the wait before the next attempt', () => {
  it.each<{ name: string; random: number; held: readonly number[]; expected: readonly number[] }>([
    {
      name: 'doubles up to 5 s',
      random: 0,
      held: FAILED,
      expected: [200, 400, 800, 1_600, 3_200, LONGEST_MS, LONGEST_MS, LONGEST_MS],
    },
    { name: 'is half of that at least', random: 1, held: FAILED.slice(0, 4), expected: [100, 200, 400, 800] },
    {
      name: 'begins anew behind a connection that held for 10 s',
      random: 0,
      held: [0, 0, 0, 10_000, 0],
      expected: [200, 400, 800, 200, 400],
    },
    {
      name: 'does not behind one that held for less',
      random: 0,
      held: [0, 0, 9_999, 0],
      expected: [200, 400, 800, 1_600],
    },
  ])('$name', ({ random, held, expected }) => {
    expect(waits(() => random, held)).toEqual(expected);
  });

  it('stays within its bounds for ever', () => {
    const random = new Random(1);
    const all = waits(
      () => random.fraction(),
      Array.from({ length: 2_000 }, () => 0),
    ).slice(5);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(LONGEST_MS / 2);
    expect(Math.max(...all)).toBeLessThanOrEqual(LONGEST_MS);
    // Spread, so that hosts that lost the same one do not come back together.
    expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(LONGEST_MS * 0.45);
  });
});
