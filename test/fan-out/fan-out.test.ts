import { describe, expect, it } from '@jest/globals';
import { workersOf } from '../../runtime/fan-out/fan-out.ts';

describe('viewers.workers', () => {
  it.each([
    ['auto', 1, { most: 0, grows: true }],
    ['auto', 2, { most: 2, grows: true }],
    ['auto', 16, { most: 16, grows: true }],
    [0, 16, { most: 0, grows: false }],
    [3, 1, { most: 3, grows: false }],
  ] as const)('%s on %d cores', (configured, cores, expected) => {
    expect(workersOf(configured, cores)).toEqual(expected);
  });
});
