import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { alarmName } from '../../runtime/contract/alarm-names.ts';
import { alarmText } from './alarm-text.ts';
import { controlMetric, type MetricSource } from './contract-metric.ts';

/** AWS's own metrics come once a minute, and so does the schedule. */
const MINUTE = Duration.minutes(1);

export interface ControlAlarmsProps {
  /** Who sends the metrics: `metricSource(config)`. */
  readonly source: MetricSource;
  readonly function: lambda.IFunction;
  readonly deadLetters: sqs.IQueue;
}

/**
 * What is wrong with the control function. Hosts switch without it: nobody is off the air because of these, but what it should
 * repair stays broken. Silence is watched too: a function that is not run has no errors.
 */
export function controlAlarms(scope: Construct, props: ControlAlarmsProps): cloudwatch.Alarm[] {
  const { source, deadLetters } = props;
  const isOver = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
  const alarm = (id: string, subject: string, meaning: string, watched: Watched) =>
    new cloudwatch.Alarm(scope, id, {
      alarmName: alarmName(source.deployment, 'control-failing', subject),
      alarmDescription: alarmText('control-failing', meaning, 'Look into its log.'),
      threshold: 1,
      comparisonOperator: isOver,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      ...watched,
    });
  return [
    // One error is repeated by Lambda, or by the schedule: nobody need be told.
    alarm('Errors', 'errors', 'The control function fails again and again.', {
      metric: props.function.metricErrors({ statistic: 'Sum', period: MINUTE }),
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
    }),
    alarm(
      'DeadLetterAlarm',
      'dead-letters',
      'Events did not reach the control function, or it failed on them.',
      {
        metric: deadLetters.metricApproximateNumberOfMessagesVisible({
          statistic: 'Maximum',
          period: MINUTE,
        }),
        evaluationPeriods: 1,
      },
    ),
    alarm('Failures', 'commands', 'Hosts do not carry out what the control function tells them.', {
      metric: controlMetric('ControlFailures', source, { statistic: 'Sum', period: MINUTE }),
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
    }),
    alarm('Silence', 'silence', 'Nothing runs the control function, not even its schedule.', {
      metric: props.function.metricInvocations({ statistic: 'Sum', period: MINUTE }),
      evaluationPeriods: 5,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    }),
  ];
}

type Watched = Pick<cloudwatch.AlarmProps, 'metric' | 'evaluationPeriods'> & Partial<cloudwatch.AlarmProps>;
