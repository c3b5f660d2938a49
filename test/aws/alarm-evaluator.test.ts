import { describe, expect, it } from '@jest/globals';
import {
  type Datum,
  datapoints,
  evaluateDatapoints,
  evaluateMetricAlarm,
} from '../support/aws/alarm-evaluator.ts';
import { type MetricAlarm, metricAlarm } from '../support/aws/template-alarms.ts';
import { EPOCH } from '../support/fake-clock.ts';

const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;

function alarm(changes: object): MetricAlarm {
  return metricAlarm({
    AlarmName: 'alarm',
    Namespace: 'Understudy',
    MetricName: 'InputLoss',
    Period: 10,
    Statistic: 'Maximum',
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 3,
    ...changes,
  });
}

/** In the notation of the documentation, the newest last: X breaches, 0 does not, - is missing. */
function newestFirst(text: string): Array<number | null> {
  const values = new Map([
    ['X', 1],
    ['0', 0],
  ]);
  return text
    .split(' ')
    .map((own) => values.get(own) ?? null)
    .reverse();
}

describe('missing data', () => {
  // The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
  it.each([
    [3, '0 - X - X', ['OK', 'OK', 'OK', 'OK']],
    [3, '0 - - - -', ['OK', 'OK', 'OK', 'OK']],
    [3, '- - - - -', ['INSUFFICIENT_DATA', 'retain', 'ALARM', 'OK']],
    [3, '0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    [3, '- - X - -', ['ALARM', 'retain', 'ALARM', 'OK']],
    [2, '0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    [2, '0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    [2, '0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
    [2, '- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
    [2, '- - - X -', ['ALARM', 'retain', 'ALARM', 'OK']],
  ])('%i of 3 at %s', (DatapointsToAlarm, text, states) => {
    const found = TREATMENTS.map((TreatMissingData) =>
      evaluateDatapoints(alarm({ DatapointsToAlarm, TreatMissingData }), newestFirst(text)),
    );
    expect(found).toEqual(states);
  });

  it('is filled in only when the last real datapoint is two periods older than those evaluated', () => {
    const own = alarm({ EvaluationPeriods: 1, TreatMissingData: 'breaching' });
    const last: Datum = { at: EPOCH, SampleCount: 1, Sum: 0, Minimum: 0, Maximum: 0 };
    const after = (seconds: number) => evaluateMetricAlarm(own, [last], EPOCH + seconds * 1_000);
    expect([10, 39.999, 40].map(after)).toEqual(['OK', 'OK', 'ALARM']);
  });
});

describe('datapoints', () => {
  const sample = (second: number, value: number): Datum => ({
    at: EPOCH + second * 1_000,
    SampleCount: 1,
    Sum: value,
    Minimum: value,
    Maximum: value,
  });
  const data = [sample(0, 1), sample(9, 5), sample(10, 7), { ...sample(12, 2), SampleCount: 2, Sum: 4 }];

  it.each([
    ['Maximum', [7, 5]],
    ['Minimum', [2, 1]],
    ['Sum', [11, 6]],
    ['SampleCount', [3, 2]],
    ['Average', [11 / 3, 3]],
  ] as const)('are the %s of each period', (Statistic, expected) => {
    const own = { Period: 10, EvaluationPeriods: 1, Statistic };
    expect(datapoints(own, data, EPOCH + 20_000)).toEqual([...expected, null]);
  });

  it('are of periods that are over', () => {
    const own = { Period: 10, EvaluationPeriods: 1, Statistic: 'Maximum' } as const;
    expect(datapoints(own, data, EPOCH + 19_999)).toEqual([5, null, null]);
  });

  it.each([
    ['GreaterThanOrEqualToThreshold', [false, true, true]],
    ['GreaterThanThreshold', [false, false, true]],
    ['LessThanOrEqualToThreshold', [true, true, false]],
    ['LessThanThreshold', [true, false, false]],
  ])('breach by the operator: %s', (ComparisonOperator, expected) => {
    const own = alarm({ EvaluationPeriods: 1, ComparisonOperator });
    const states = [0, 1, 2].map((value) => evaluateDatapoints(own, [value, null, null]));
    expect(states).toEqual(expected.map((isBreaching) => (isBreaching ? 'ALARM' : 'OK')));
  });
});
