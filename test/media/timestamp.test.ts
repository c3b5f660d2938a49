import { describe, expect, it } from '@jest/globals';
import { unwrapTimestamp, wrapTimestamp } from '../../runtime/media/timestamp.ts';

const CYCLE = 2 ** 32;

describe('unwrapTimestamp', () => {
  it.each([
    { name: 'a step on', timestamp: 40, previous: 0, time: 40 },
    { name: 'no step', timestamp: 7, previous: 7, time: 7 },
    { name: 'a step back', timestamp: 5, previous: 40, time: 5 },
    { name: 'over the end of the clock', timestamp: 10, previous: CYCLE - 10, time: CYCLE + 10 },
    { name: 'back over the end of the clock', timestamp: CYCLE - 10, previous: CYCLE + 10, time: CYCLE - 10 },
    { name: 'back below 0', timestamp: CYCLE - 10, previous: 10, time: -10 },
    { name: 'in the third cycle', timestamp: 100, previous: 2 * CYCLE + 60, time: 2 * CYCLE + 100 },
    { name: 'the largest step on', timestamp: 0x7fffffff, previous: 0, time: 0x7fffffff },
    { name: 'half a cycle is a step back', timestamp: 0x80000000, previous: 0, time: -0x80000000 },
    { name: 'across 0xFFFFFF', timestamp: 0x1000000, previous: 0xffffff, time: 0x1000000 },
    { name: 'across 0x7FFFFFFF', timestamp: 0x80000000, previous: 0x7fffffff, time: 0x80000000 },
    { name: 'from a time before 0', timestamp: 5, previous: -5, time: 5 },
  ])('$name', ({ timestamp, previous, time }) => {
    expect(unwrapTimestamp(timestamp, previous)).toBe(time);
  });

  it('follows a stream through three cycles', () => {
    const step = 0x10000001;
    let time = 0;
    for (let expected = 0; expected < 3 * CYCLE; expected += step) {
      time = unwrapTimestamp(expected % CYCLE, time);
      expect(time).toBe(expected);
    }
  });
});

describe('wrapTimestamp', () => {
  it.each([
    [0, 0],
    [CYCLE - 1, CYCLE - 1],
    [CYCLE, 0],
    [3 * CYCLE + 7, 7],
    [-1, CYCLE - 1],
    [-CYCLE, 0],
    [-3 * CYCLE - 7, CYCLE - 7],
  ])('puts %i at %i', (time, timestamp) => {
    expect(wrapTimestamp(time)).toBe(timestamp);
  });

  it('is undone by unwrapTimestamp', () => {
    for (const time of [-5, 0, 0xffffff, CYCLE - 1, CYCLE + 1, 5 * CYCLE]) {
      expect(unwrapTimestamp(wrapTimestamp(time), time - 1_000)).toBe(time);
    }
  });
});
