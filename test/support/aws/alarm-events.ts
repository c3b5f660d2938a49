/**
 * What an alarm's change of state looks like to a Lambda function.
 *
 * - As the alarm's own action: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
 * - By way of EventBridge: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
import { createHash, randomUUID } from 'node:crypto';
import type { StateValue } from '@aws-sdk/client-cloudwatch';
import { REGION } from './signature.ts';
import { ACCOUNT, type Alarm, alarmArn } from './template-alarms.ts';

export interface AlarmStatus {
  readonly value: StateValue;
  readonly reason: string;
  /** Since when, ms since the epoch. */
  readonly since: number;
}

export interface StateChange {
  readonly alarm: Alarm;
  readonly state: AlarmStatus;
  readonly previousState: AlarmStatus;
}

/** What a function gets that is an action of the alarm. */
export function actionEvent({ alarm, state, previousState }: StateChange): object {
  return {
    source: 'aws.cloudwatch',
    alarmArn: alarmArn(REGION, alarm.AlarmName),
    accountId: ACCOUNT,
    time: timestamp(state.since),
    region: REGION,
    alarmData: {
      alarmName: alarm.AlarmName,
      state: stateIn(state),
      previousState: stateIn(previousState),
      configuration: configurationOf(alarm),
    },
  };
}

/** What EventBridge carries. */
export function bridgeEvent({ alarm, state, previousState }: StateChange): BridgeEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'CloudWatch Alarm State Change',
    source: 'aws.cloudwatch',
    account: ACCOUNT,
    time: wholeSecond(state.since),
    region: REGION,
    resources: [alarmArn(REGION, alarm.AlarmName)],
    detail: {
      alarmName: alarm.AlarmName,
      configuration: configurationOf(alarm),
      previousState: stateIn(previousState),
      state: stateIn(state),
    },
  };
}

/** https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
export interface BridgeEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: object;
}

/** `2026-01-01T00:00:00Z` */
export function wholeSecond(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}

/** `2026-01-01T00:00:00.000+0000` */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+0000');
}

function stateIn({ value, reason, since }: AlarmStatus): object {
  return { value, reason, timestamp: timestamp(since) };
}

function configurationOf(alarm: Alarm): object {
  const description = alarm.AlarmDescription === '' ? {} : { description: alarm.AlarmDescription };
  if ('AlarmRule' in alarm) return { ...description, alarmRule: alarm.AlarmRule };
  const { Namespace, MetricName, Dimensions, Period, Statistic, Unit } = alarm;
  const metric = {
    namespace: Namespace,
    name: MetricName,
    dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
  };
  const unit = Unit === undefined ? {} : { unit: Unit };
  const metricStat = { metric, period: Period, stat: Statistic, ...unit };
  const id = createHash('sha256').update(alarm.AlarmName).digest('hex').slice(0, 32);
  return { ...description, metrics: [{ id, metricStat, returnData: true }] };
}
