import { describe, expect, it } from '@jest/globals';
import {
  bitRateOf,
  type History,
  isBehind,
  MAX_SAMPLES,
  plotData,
  rangeOf,
  withSample,
} from '../../runtime/console/model/history.ts';
import { inputState, NOW } from './states.ts';

const camera = inputState('master/camera1');
const held: History = {
  intervalMs: 1_000,
  end: NOW,
  inputs: { 'master/camera1': { kbps: [1, 2], frameRate: [25, 25] } },
};
const kbpsAt = (now: number): ReadonlyArray<number | null> | undefined =>
  withSample(held, now, [camera]).inputs['master/camera1']?.kbps;

describe('history', () => {
  it('grows by a figure a second, whatever the second is cut into', () => {
    expect(kbpsAt(NOW + 300)).toEqual([1, 2]);
    expect(kbpsAt(NOW + 1_000)).toEqual([1, 2, 2_128]);
    expect(kbpsAt(NOW + 1_300)).toEqual([1, 2, 2_128]);
    expect(withSample(held, NOW + 1_300, [camera]).end).toBe(NOW + 1_000);
  });

  it('bridges an answer that was slow, and leaves a hole where there was none', () => {
    expect(kbpsAt(NOW + 3_000)).toEqual([1, 2, 2_128, 2_128, 2_128]);
    expect(kbpsAt(NOW + 5_000)).toEqual([1, 2, null, null, null, null, 2_128]);
  });

  it('says when the host knows more than can be added', () => {
    expect(isBehind(held, NOW + 3_000)).toBe(false);
    expect(isBehind(held, NOW + 3_001)).toBe(true);
    expect(isBehind(null, NOW)).toBe(false);
  });

  it('holds a bounded number of samples, also after a night', () => {
    const kbps = kbpsAt(NOW + 8 * 3_600_000);
    expect(kbps).toHaveLength(MAX_SAMPLES);
    expect(kbps?.at(-1)).toBe(2_128);
    expect(kbps?.at(-2)).toBeNull();
  });

  it('begins with an input that it did not know', () => {
    const spare = inputState('backup/spare', { health: 'absent', video: null, audio: null });
    expect(withSample(held, NOW + 1_000, [spare]).inputs['backup/spare']).toEqual({
      kbps: [null],
      frameRate: [null],
    });
  });

  it('adds pictures and sound', () => {
    const { video, audio } = camera;
    expect(bitRateOf({ video, audio })).toBe(2_128);
    expect(bitRateOf({ video, audio: null })).toBe(2_000);
    expect(bitRateOf({ video: video && { ...video, kbps: null }, audio: null })).toBeNull();
  });

  it('gives all plots the same time axis, the newest sample at its end', () => {
    const [times, kbps, frameRate] = plotData(held, 'master/camera1');
    expect([times.length, kbps.length, frameRate.length]).toEqual([MAX_SAMPLES, MAX_SAMPLES, MAX_SAMPLES]);
    expect(times.at(-1)).toBe(NOW / 1_000);
    expect(kbps.slice(-3)).toEqual([null, 1, 2]);
    expect(plotData(held, 'unknown')[1]).toEqual(new Array(MAX_SAMPLES).fill(null));
  });

  it('tells a range, leaving out what is not known', () => {
    expect(rangeOf([3, null, 1])).toEqual({ least: 1, most: 3 });
    expect(rangeOf([null])).toBeNull();
  });
});
