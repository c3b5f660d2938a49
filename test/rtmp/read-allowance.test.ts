import { expect, it } from '@jest/globals';
import { ReadAllowance } from '../../runtime/rtmp/read-allowance.ts';

// 800 kbit/s: 100 bytes a ms, and 500,000 bytes at once.
const KBPS = 800;

it('lets a burst through, and then as much as comes at the mean rate', () => {
  const allowance = new ReadAllowance(KBPS, 0);
  expect(allowance.take(500_000, 0)).toBe(0);
  expect(allowance.take(10_000, 0)).toBe(100);
  expect(allowance.take(0, 100)).toBe(0);
  expect(allowance.take(10_000, 200)).toBe(0);
  expect(allowance.take(1, 200)).toBeCloseTo(0.01);
});

it('does not save up more than one burst', () => {
  const allowance = new ReadAllowance(KBPS, 0);
  expect(allowance.take(500_000, 1_000_000)).toBe(0);
  expect(allowance.take(100, 1_000_000)).toBe(1);
});

it('never holds up who stays at the rate', () => {
  const allowance = new ReadAllowance(KBPS, 0);
  for (let now = 0; now < 100_000; now += 10) expect(allowance.take(1_000, now)).toBe(0);
});

it('may be raised, and what was read before is then worth less time', () => {
  const allowance = new ReadAllowance(KBPS, 0);
  expect(allowance.take(600_000, 0)).toBe(1_000);
  allowance.raise(10 * KBPS);
  expect(allowance.take(100_000, 0)).toBe(0);
});
