import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { alarmName } from '../../runtime/contract/alarm-names.ts';
import { alarmText } from './alarm-text.ts';
import { contractMetric, type MetricSource } from './contract-metric.ts';

export interface InputLossAlarmProps {
  /** Who sends the metric: `metricSource(config)`. */
  readonly source: MetricSource;
  /** `master/camera1` */
  readonly input: string;
}

/**
 * An input that cannot be shown. The host has carried its viewers over long before: this alarm is the record, and the
 * backstop that makes the control function look.
 *
 * One lost second in ten is a loss, because viewers were carried over for it; and only ten seconds without one end it,
 * because that is how long an input must be clean to be trusted again (`failover.failbackHoldMs`). Missing data are a
 * loss too: with the host, its metrics end. A lost second has it on within 20 s, missing data after 25 to 40 s, since
 * CloudWatch looks two periods further back before it believes in them.
 */
export class InputLossAlarm extends Construct {
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: InputLossAlarmProps) {
    super(scope, id);
    const { source, input } = props;
    this.alarm = new cloudwatch.Alarm(this, 'Alarm', {
      alarmName: alarmName(source.deployment, 'input-loss', input),
      alarmDescription: alarmText(
        'input-loss',
        `Nothing that can be shown comes from the encoder of ${input}, or its host is gone.`,
        'Look at the encoder and its network.',
      ),
      metric: contractMetric('InputLoss', source, { Input: input }, { statistic: 'Maximum' }),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    });
  }
}
