import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { alarmName } from '../../runtime/contract/alarm-names.ts';
import { alarmText } from './alarm-text.ts';
import { contractMetric, type MetricSource } from './contract-metric.ts';

/** What the alarms of a program watch, and where. */
export interface ProgramAlarmProps {
  /** Who sends the metric: `metricSource(config)`. */
  readonly source: MetricSource;
  readonly program: string;
  /** The program's home: the host that takes its first candidate. */
  readonly host: string;
}

/**
 * A program that shows the slate, or nothing, at its home. Others show it too, and see the same inputs; where they do
 * not, the alarms of the inputs and the hosts say why.
 *
 * Missing data leave the state as it is. A host that is lost has an alarm of its own, and other hosts go on with the
 * program; but a program that was off the air must not be reported back because its host died as well.
 */
export class ProgramOffAirAlarm extends Construct {
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: ProgramAlarmProps) {
    super(scope, id);
    const { source, program, host } = props;
    this.alarm = new cloudwatch.Alarm(this, 'Alarm', {
      alarmName: alarmName(source.deployment, 'program-off-air', program),
      alarmDescription: alarmText(
        'program-off-air',
        `Viewers of ${program} see the slate, or nothing: none of its inputs can be shown.`,
        'Bring any of its encoders back.',
      ),
      metric: contractMetric(
        'ProgramOffAir',
        source,
        { Host: host, Program: program },
        { statistic: 'Maximum' },
      ),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      treatMissingData: cloudwatch.TreatMissingData.IGNORE,
    });
  }
}

/**
 * Inputs of a program that differ, so that a player may notice a switch: what the preflight warns of. Not urgent, and often
 * short, while encoders are set up: three minutes of it, and no less. Without data nobody knows of a difference.
 */
export class MismatchAlarm extends Construct {
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: ProgramAlarmProps) {
    super(scope, id);
    const { source, program, host } = props;
    this.alarm = new cloudwatch.Alarm(this, 'Alarm', {
      alarmName: alarmName(source.deployment, 'mismatch', program),
      alarmDescription: alarmText(
        'mismatch',
        `The encoders of ${program} differ: players may notice a switch between them.`,
        'Let the spare send what the master sends; understudy status says what differs.',
      ),
      metric: contractMetric(
        'Mismatches',
        source,
        { Host: host, Program: program },
        { statistic: 'Maximum', period: Duration.minutes(1) },
      ),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 3,
      datapointsToAlarm: 3,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}

export interface NoSpareLeftAlarmProps {
  /** The deployment's name, for the alarm's. */
  readonly deployment: string;
  /** The input loss alarms of all backups; at least one. */
  readonly backups: readonly cloudwatch.IAlarm[];
}

/**
 * All backups are lost. It does not ask whether a master is lost too: before one is, there is still time to bring a
 * spare back, and afterwards the programs' own alarms tell of it.
 */
export class NoSpareLeftAlarm extends Construct {
  readonly alarm: cloudwatch.CompositeAlarm;

  constructor(scope: Construct, id: string, props: NoSpareLeftAlarmProps) {
    super(scope, id);
    const lost = props.backups.map((backup) =>
      cloudwatch.AlarmRule.fromAlarm(backup, cloudwatch.AlarmState.ALARM),
    );
    this.alarm = new cloudwatch.CompositeAlarm(this, 'Alarm', {
      compositeAlarmName: alarmName(props.deployment, 'no-spare-left'),
      alarmDescription: alarmText(
        'no-spare-left',
        'No backup can be shown: the next encoder that is lost takes its program off the air.',
        'Bring a spare back before anything else.',
      ),
      alarmRule: cloudwatch.AlarmRule.allOf(...lost),
    });
  }
}
