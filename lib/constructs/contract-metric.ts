import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Config } from '../../runtime/contract/config.ts';
import {
  CONTROL_METRICS,
  type ControlMetricName,
  METRIC_DIMENSIONS,
  METRICS,
  type MetricDimension,
  type MetricName,
  type MetricUnit,
} from '../../runtime/contract/metric-names.ts';
import { metricNamespaceOf } from '../config/metric-namespace.ts';

/** The shortest period that an alarm can have; hosts send each second by itself (`StorageResolution` 1). */
export const ALARM_PERIOD = Duration.seconds(10);

/** Who sends: the namespace and the name of a deployment. */
export interface MetricSource {
  readonly namespace: string;
  readonly deployment: string;
}

/** Where the hosts of this configuration send their metrics. */
export function metricSource(config: Pick<Config, 'name' | 'metrics'>): MetricSource {
  return { namespace: metricNamespaceOf(config), deployment: config.name };
}

/** What tells one series of a metric from another, besides the deployment. */
export type MetricNames = Partial<Record<Exclude<MetricDimension, 'Deployment'>, string>>;

const UNITS: Record<MetricUnit, cloudwatch.Unit> = {
  Count: cloudwatch.Unit.COUNT,
  'Count/Second': cloudwatch.Unit.COUNT_PER_SECOND,
  'Kilobits/Second': cloudwatch.Unit.KILOBITS_PER_SECOND,
  Milliseconds: cloudwatch.Unit.MILLISECONDS,
};

/** Where metrics are combined over time. */
export interface MetricView {
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum' | 'SampleCount';
  /** @default 10 s */
  readonly period?: Duration;
  readonly label?: string;
  readonly color?: string;
}

/**
 * A metric of the contract, with exactly the dimensions and the unit that hosts send. Throws where `names` lacks one of
 * its dimensions, or has one more: CloudWatch would watch a series that nobody sends, and say nothing.
 */
export function contractMetric(
  metric: MetricName,
  source: MetricSource,
  names: MetricNames,
  view: MetricView,
): cloudwatch.Metric {
  const { subject, unit } = METRICS[metric];
  const wanted: readonly MetricDimension[] = METRIC_DIMENSIONS[subject];
  const given: MetricNames & { Deployment: string } = { Deployment: source.deployment, ...names };
  const extra = Object.keys(given).filter((name) => !wanted.some((own) => own === name));
  if (extra.length > 0) throw new Error(`${metric} has no dimension ${extra.join(', ')}`);
  const dimensions = wanted.map((name) => {
    const value = given[name];
    if (value === undefined) throw new Error(`${metric} needs the dimension ${name}`);
    return [name, value] as const;
  });
  return new cloudwatch.Metric({
    namespace: source.namespace,
    metricName: metric,
    dimensionsMap: Object.fromEntries(dimensions),
    unit: UNITS[unit],
    period: ALARM_PERIOD,
    ...view,
  });
}

/** What the control function reports of itself. */
export function controlMetric(
  metric: ControlMetricName,
  source: MetricSource,
  view: MetricView,
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: source.namespace,
    metricName: metric,
    dimensionsMap: { Deployment: source.deployment },
    unit: UNITS[CONTROL_METRICS[metric].unit],
    ...view,
  });
}

/**
 * All series of a metric of programs for one program: also those of edges, which come and go under names that nobody
 * knows at synth. CloudWatch finds those that were sent within the last days.
 */
export function seriesOfAllHosts(
  metric: MetricName,
  source: MetricSource,
  program: string,
  view: MetricView,
): cloudwatch.MathExpression {
  const { subject } = METRICS[metric];
  if (subject !== 'program') throw new Error(`${metric} is not about a program`);
  const schema = [source.namespace, ...METRIC_DIMENSIONS.program].map((part) => `"${part}"`).join(',');
  const period = view.period ?? ALARM_PERIOD;
  const terms = [`MetricName="${metric}"`, `"Deployment"="${source.deployment}"`, `"Program"="${program}"`];
  return new cloudwatch.MathExpression({
    expression: `SEARCH('{${schema}} ${terms.join(' ')}', '${view.statistic}', ${period.toSeconds()})`,
    usingMetrics: {},
    period,
    ...(view.label === undefined ? {} : { label: view.label }),
  });
}
