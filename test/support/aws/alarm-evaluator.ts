/**
 * The state that CloudWatch gives a metric alarm.
 *
 * 1. The data of each period become one datapoint, by the alarm's statistic; or it is missing.
 * 2. More periods are looked at than are evaluated, and the newest real datapoints count, however old they are.
 * 3. Only where they are too few, missing ones are filled in, as the alarm says.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
import type { StateValue } from '@aws-sdk/client-cloudwatch';
import type { MetricAlarm } from './template-alarms.ts';

/** What was measured in a second, or a minute: as in `StatisticValues`. */
export interface Statistics {
  readonly SampleCount: number;
  readonly Sum: number;
  readonly Minimum: number;
  readonly Maximum: number;
}

export interface Datum extends Statistics {
  /** Its begin, ms since the epoch. */
  readonly at: number;
}

/** `retain`: the alarm stays in the state in which it is. */
export type Evaluation = StateValue | 'retain';

/**
 * How far the evaluation range goes beyond the evaluated periods. CloudWatch says that it depends on period and
 * resolution, and names one case: 5 for 3. The tests take that for all.
 */
const PERIODS_BEYOND = 2;

/** All `data` are of the alarm's metric. `now` in ms since the epoch. */
export function evaluateMetricAlarm(alarm: MetricAlarm, data: readonly Datum[], now: number): Evaluation {
  return evaluateDatapoints(alarm, datapoints(alarm, data, now));
}

/**
 * One for each period of the evaluation range, the newest first; null where there are no data. Periods lie on whole
 * multiples since the epoch, and the one that is not over yet is not looked at: in the examples of
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html the alarm that is
 * evaluated at 12:31:29 looks at the minutes from 12:30 back.
 */
export function datapoints(
  alarm: Pick<MetricAlarm, 'Period' | 'EvaluationPeriods' | 'Statistic'>,
  data: readonly Datum[],
  now: number,
): Array<number | null> {
  const periodMs = alarm.Period * 1_000;
  const newest = Math.floor(now / periodMs) - 1;
  return Array.from({ length: alarm.EvaluationPeriods + PERIODS_BEYOND }, (_, age) => {
    const own = data.filter(({ at }) => Math.floor(at / periodMs) === newest - age);
    return own.length === 0 ? null : statisticOf(alarm.Statistic, own);
  });
}

function statisticOf(statistic: MetricAlarm['Statistic'], data: readonly Statistics[]): number {
  const sum = (of: 'SampleCount' | 'Sum'): number => data.reduce((total, own) => total + own[of], 0);
  switch (statistic) {
    case 'Average':
      return sum('Sum') / sum('SampleCount');
    case 'SampleCount':
    case 'Sum':
      return sum(statistic);
    case 'Minimum':
      return Math.min(...data.map(({ Minimum }) => Minimum));
    case 'Maximum':
      return Math.max(...data.map(({ Maximum }) => Maximum));
  }
}

export function evaluateDatapoints(
  alarm: Pick<
    MetricAlarm,
    'ComparisonOperator' | 'Threshold' | 'EvaluationPeriods' | 'DatapointsToAlarm' | 'TreatMissingData'
  >,
  newestFirst: ReadonlyArray<number | null>,
): Evaluation {
  const { EvaluationPeriods, DatapointsToAlarm, TreatMissingData } = alarm;
  const real = newestFirst.filter((value) => value !== null);
  const evaluated = real.slice(0, EvaluationPeriods);
  const breaching = evaluated.filter((value) => isBreaching(alarm, value)).length;
  const filled = EvaluationPeriods - evaluated.length;
  const stateFor = (count: number): StateValue => (count >= DatapointsToAlarm ? 'ALARM' : 'OK');
  if (filled === 0 || TreatMissingData === 'notBreaching') return stateFor(breaching);
  if (TreatMissingData === 'breaching') return stateFor(breaching + filled);
  if (real.length === 0) return TreatMissingData === 'ignore' ? 'retain' : 'INSUFFICIENT_DATA';
  // "Avoiding premature transitions to alarm state": too few breach, but nothing says that it is over. The tables have
  // one row of that kind for each alarm, and another, with a datapoint that does not breach, that is OK.
  const oldest = newestFirst.findLastIndex((value) => value !== null) + 1;
  if (breaching === real.length && breaching < DatapointsToAlarm && oldest >= DatapointsToAlarm) {
    return TreatMissingData === 'ignore' ? 'retain' : 'ALARM';
  }
  return stateFor(breaching);
}

function isBreaching(
  { ComparisonOperator, Threshold }: Pick<MetricAlarm, 'ComparisonOperator' | 'Threshold'>,
  value: number,
): boolean {
  switch (ComparisonOperator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= Threshold;
    case 'LessThanThreshold':
      return value < Threshold;
  }
}
