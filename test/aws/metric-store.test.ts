import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MetricStore } from '../support/aws/metric-store.ts';
import { EPOCH } from '../support/fake-clock.ts';

const SERIES = {
  Namespace: 'Understudy',
  MetricName: 'Heartbeat',
  Dimensions: [{ Name: 'Host', Value: 'a' }],
};

let store: MetricStore;
beforeEach(() => {
  store = new MetricStore(() => EPOCH + 30_000);
});

function put(changes: Partial<MetricDatum>): void {
  const { Namespace, ...series } = SERIES;
  const datum = {
    Timestamp: new Date(EPOCH + 12_345),
    Unit: 'Count',
    StorageResolution: 1,
    ...series,
    ...changes,
  };
  store.put({ Namespace, MetricData: [datum as MetricDatum] });
}

describe('the metrics of the tests', () => {
  it('are kept by the second, and added up within it', () => {
    put({ Value: 1 });
    put({ Values: [2, 5], Counts: [3, 1] });
    put({ StatisticValues: { SampleCount: 2, Sum: 1, Minimum: 0, Maximum: 1 } });
    expect(store.of(SERIES)).toEqual([
      { at: EPOCH + 12_000, SampleCount: 7, Sum: 13, Minimum: 0, Maximum: 5 },
    ]);
  });

  it('are kept by the minute unless they say that they are of a second', () => {
    put({ Value: 1, StorageResolution: undefined });
    expect(store.of(SERIES)).toMatchObject([{ at: EPOCH, Sum: 1 }]);
  });

  it('are found by exactly their dimensions, in any order, and their unit', () => {
    put({ Value: 1 });
    const more = [{ Name: 'Deployment', Value: 'b' }, ...SERIES.Dimensions];
    put({ Value: 2, Dimensions: more });
    put({ Value: 3, Unit: 'Seconds' });
    const sums = (changes: object) => store.of({ ...SERIES, ...changes }).map(({ Sum }) => Sum);
    expect(sums({ Unit: 'Count' })).toEqual([1]);
    expect(sums({ Unit: 'Count', Dimensions: more.toReversed() })).toEqual([2]);
    expect(sums({ Unit: 'None' })).toEqual([]);
    expect(sums({}).sort()).toEqual([1, 3]);
    expect(sums({ Dimensions: [] })).toEqual([]);
    expect(sums({ Namespace: 'Other' })).toEqual([]);
  });

  it.each([
    ['no value', {}],
    ['two kinds of values', { Value: 1, Values: [1] }],
    ['a unit that there is not', { Value: 1, Unit: 'Frames' }],
    ['a resolution that there is not', { Value: 1, StorageResolution: 10 }],
    ['a dimension without a value', { Value: 1, Dimensions: [{ Name: 'Host', Value: '' }] }],
    ['a time of the future', { Value: 1, Timestamp: new Date(EPOCH + 3 * 3_600_000) }],
    ['a time long ago', { Value: 1, Timestamp: new Date(EPOCH - 15 * 86_400_000) }],
  ])('are refused with %s', (_, changes) => {
    expect(() => put(changes as Partial<MetricDatum>)).toThrow();
    expect(store.of(SERIES)).toEqual([]);
  });

  it('are refused in a namespace of AWS, which only its services have', () => {
    expect(() => store.put({ Namespace: 'AWS/Lambda', MetricData: [] })).toThrow();
    const errors = { ...SERIES, Namespace: 'AWS/Lambda', Unit: 'Count' };
    store.measure(errors, 1);
    expect(store.of(errors)).toMatchObject([{ at: EPOCH, Sum: 1 }]);
  });
});
