import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { alarmName } from '../../runtime/contract/alarm-names.ts';
import { alarmText } from './alarm-text.ts';
import { contractMetric, type MetricSource } from './contract-metric.ts';

export interface HostLostAlarmProps {
  /** Who sends the metric: `metricSource(config)`. */
  readonly source: MetricSource;
  /** `master-camera1` */
  readonly host: string;
}

/**
 * A host whose heartbeat is missing. Three periods, because a host that starts again after a crash is back within
 * seconds, and because a call to CloudWatch may fail and be repeated. Missing data are the whole point: a host that is
 * gone sends no zeros. CloudWatch looks two periods further back before it fills them in: it is on after 45 to 60 s.
 */
export class HostLostAlarm extends Construct {
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: HostLostAlarmProps) {
    super(scope, id);
    const { source, host } = props;
    this.alarm = new cloudwatch.Alarm(this, 'Alarm', {
      alarmName: alarmName(source.deployment, 'host-lost', host),
      alarmDescription: alarmText(
        'host-lost',
        `The host ${host} sends no heartbeat: it is down, cut off, or its service does not run.`,
        'Its viewers reconnect elsewhere; look at the instance in EC2.',
      ),
      metric: contractMetric('Heartbeat', source, { Host: host }, { statistic: 'Sum' }),
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 3,
      datapointsToAlarm: 3,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    });
  }
}

export interface HostRecoveryAlarmProps {
  /** The deployment's name, for the alarm's. */
  readonly deployment: string;
  /** `master-camera1` */
  readonly host: string;
  readonly instanceId: string;
}

/**
 * Moves a host off hardware that has failed, with its instance id and its addresses. EC2's own metric, a value a minute:
 * two of them, as EC2 asks for. It belongs into the stack of the instance, since it changes with it. Missing data say
 * nothing here: EC2 sends none for an instance that is stopped or just starts, and neither can be recovered.
 */
export class HostRecoveryAlarm extends Construct {
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: HostRecoveryAlarmProps) {
    super(scope, id);
    const { deployment, host, instanceId } = props;
    this.alarm = new cloudwatch.Alarm(this, 'Alarm', {
      alarmName: alarmName(deployment, 'host-recovery', host),
      alarmDescription: alarmText(
        'host-recovery',
        `The hardware under the host ${host} fails EC2's system status check.`,
        'EC2 moves the instance by itself; nothing to do.',
      ),
      metric: new cloudwatch.Metric({
        namespace: 'AWS/EC2',
        metricName: 'StatusCheckFailed_System',
        dimensionsMap: { InstanceId: instanceId },
        statistic: 'Minimum',
        period: Duration.minutes(1),
      }),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 2,
      datapointsToAlarm: 2,
      treatMissingData: cloudwatch.TreatMissingData.MISSING,
    });
    this.alarm.addAlarmAction(new actions.Ec2Action(actions.Ec2InstanceAction.RECOVER));
  }
}
