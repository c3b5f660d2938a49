/** The last minutes of every input. */
import { expect, it } from '@jest/globals';
import { InputHistory } from '../../runtime/control/input-history.ts';

it('begins with nothing', () => {
  expect(new InputHistory().answer()).toEqual({ intervalMs: 1_000, end: 0, inputs: {} });
});

it('has the samples of five minutes, the oldest first, with holes where nothing was known', () => {
  const history = new InputHistory();
  for (let second = 0; second < 400; second += 1) {
    const sample = second % 2 === 0 ? { kbps: second, frameRate: 30 } : { kbps: null, frameRate: null };
    history.add(new Map([['master/camera1', sample]]), second * 1_000 + 0.4);
  }
  const { end, inputs } = history.answer();
  expect(end).toBe(399_000);
  const { kbps = [], frameRate = [] } = inputs['master/camera1'] ?? {};
  expect([kbps.length, kbps[0], kbps[1], kbps.at(-1)]).toEqual([300, 100, null, null]);
  expect([frameRate.length, frameRate[0], frameRate[1]]).toEqual([300, 30, null]);
});
