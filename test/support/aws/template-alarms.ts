/** Alarms as a synthesized template has them: properties that the tests' CloudWatch does not know are refused. */
import * as z from 'zod';
import { resolved, resolvedAll, type TemplateValues } from '../../lib/support/template-values.ts';

const actions = z.array(z.string()).default([]);
const common = {
  AlarmName: z.string(),
  AlarmDescription: z.string().default(''),
  ActionsEnabled: z.boolean().default(true),
  AlarmActions: actions,
  OKActions: actions,
  InsufficientDataActions: actions,
};

const metricAlarmSchema = z
  .strictObject({
    ...common,
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).default([]),
    Unit: z.string().optional(),
    Period: z.number().refine((seconds) => [10, 20, 30].includes(seconds) || seconds % 60 === 0),
    Statistic: z.enum(['Average', 'Maximum', 'Minimum', 'SampleCount', 'Sum']),
    Threshold: z.number(),
    ComparisonOperator: z.enum([
      'GreaterThanOrEqualToThreshold',
      'GreaterThanThreshold',
      'LessThanOrEqualToThreshold',
      'LessThanThreshold',
    ]),
    EvaluationPeriods: z.number().int().positive(),
    DatapointsToAlarm: z.number().int().positive().optional(),
    TreatMissingData: z.enum(['breaching', 'ignore', 'missing', 'notBreaching']).default('missing'),
  })
  .transform((own) => ({ ...own, DatapointsToAlarm: own.DatapointsToAlarm ?? own.EvaluationPeriods }));

const compositeAlarmSchema = z.strictObject({ ...common, AlarmRule: z.string() });

/** The properties of `AWS::CloudWatch::Alarm`, with what CloudWatch takes for those that are not given. */
export type MetricAlarm = z.output<typeof metricAlarmSchema>;
/** Those of `AWS::CloudWatch::CompositeAlarm`. */
export type CompositeAlarm = z.output<typeof compositeAlarmSchema>;
export type Alarm = MetricAlarm | CompositeAlarm;

export function metricAlarm(properties: unknown, values: TemplateValues = {}): MetricAlarm {
  return metricAlarmSchema.parse(resolvedAll(properties, values));
}

export function compositeAlarm(properties: unknown, values: TemplateValues = {}): CompositeAlarm {
  return compositeAlarmSchema.parse(resolvedAll(properties, values));
}

/** A template, or what `Template.toJSON()` gives of it. */
export interface TemplateJson {
  readonly Resources?: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
  >;
}

export const ACCOUNT = '123456789012';

export function alarmArn(region: string, name: string): string {
  return `arn:aws:cloudwatch:${region}:${ACCOUNT}:alarm:${name}`;
}

/** All alarms of a template. `values` has what their references mean, but for alarms' own names and ARNs. */
export function alarmsOf({ Resources = {} }: TemplateJson, values: TemplateValues, region: string): Alarm[] {
  const isAlarm = (type: string): boolean => /^AWS::CloudWatch::(Composite)?Alarm$/.test(type);
  const alarms = Object.entries(Resources).filter(([, { Type }]) => isAlarm(Type));
  const own = alarms.flatMap(([id, { Properties }]) => {
    const name = resolved(Properties?.AlarmName, values);
    return [
      [id, name],
      [`${id}.Arn`, alarmArn(region, name)],
    ];
  });
  const all = { ...values, ...Object.fromEntries(own) };
  return alarms.map(([, { Type, Properties }]) =>
    Type === 'AWS::CloudWatch::Alarm' ? metricAlarm(Properties, all) : compositeAlarm(Properties, all),
  );
}
