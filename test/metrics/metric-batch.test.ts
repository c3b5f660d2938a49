import { describe, expect, it } from '@jest/globals';
import { batchOf, MAX_DATA_PER_CALL } from '../../runtime/metrics/metric-batch.ts';
import { type Datum, metricData } from '../../runtime/metrics/metric-data.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { inputFigures, programFigures, snapshotOf } from './snapshots.ts';

function secondsOf(programs: number, inputs: number): Datum[][] {
  return [0, 1, 2, 3, 4].map((index) =>
    metricData(
      snapshotOf({
        second: EPOCH + index * 1_000,
        inputs: Array.from({ length: inputs }, (_, n) => inputFigures({ name: `master/camera${n}` })),
        programs: Array.from({ length: programs }, (_, n) =>
          programFigures({
            name: `camera${n}`,
            viewers: 10 * n + index,
            switches: 1,
            switchHolesMs: [index],
          }),
        ),
      }),
      null,
    ),
  );
}

describe('a batch', () => {
  it('has a datum for each metric and second, as long as a call takes them', () => {
    const seconds = secondsOf(18, 23);
    expect(seconds.flat()).toHaveLength(5 * (18 * 7 + 23 * 3 + 2));
    expect(batchOf(seconds)).toEqual(seconds.flat());
  });

  it('has a datum for each metric, with its statistics, where a call does not take them', () => {
    const seconds = secondsOf(33, 1);
    expect(seconds.flat().length).toBeGreaterThan(MAX_DATA_PER_CALL);
    const batch = batchOf(seconds);
    expect(batch).toHaveLength(33 * 7 + 3 + 2);
    const viewers = batch.find(
      ({ metric, dimensions }) => metric === 'Viewers' && dimensions.some(({ value }) => value === 'camera7'),
    );
    expect(viewers).toEqual({
      metric: 'Viewers',
      unit: 'Count',
      dimensions: [
        { name: 'Deployment', value: 'show' },
        { name: 'Host', value: 'h1' },
        { name: 'Program', value: 'camera7' },
      ],
      second: EPOCH,
      statistics: { count: 5, sum: 70 + 71 + 72 + 73 + 74, least: 70, most: 74 },
    });
  });

  it('fits into a call for the largest configuration: 100 programs, 23 inputs', () => {
    expect(batchOf(secondsOf(100, 23)).length).toBeLessThanOrEqual(MAX_DATA_PER_CALL);
  });
});
