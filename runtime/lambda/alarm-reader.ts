import { type CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { Topology } from '../contract/topology.ts';
import { lossAlarms } from './alarm-truth.ts';
import { describeFailure } from './call-failure.ts';
import type { AlarmReading, AlarmReadings, AlarmState } from './plan.ts';
import { unlessAborted } from './time-limit.ts';

export interface AlarmAnswers {
  readonly readings: AlarmReadings;
  /** Why some could not be read. */
  readonly problem: string | null;
}

/** As many as DescribeAlarms takes, and answers, at once. */
const PAGE = 100;
const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] satisfies AlarmState[];

/** Reads the alarms on which a plan rests: those of lost inputs and lost hosts. Never fails: what could be read is better than nothing. */
export async function readAlarms(
  client: CloudWatchClient,
  { deployment, hosts }: Topology,
  signal: AbortSignal,
): Promise<AlarmAnswers> {
  const names = hosts.flatMap((host) => lossAlarms(deployment, host));
  const pages = Array.from({ length: Math.ceil(names.length / PAGE) }, (_, page) =>
    names.slice(page * PAGE, (page + 1) * PAGE),
  );
  const answers = await Promise.allSettled(pages.map((page) => readPage(client, page, signal)));
  const failed = answers.find((answer) => answer.status === 'rejected');
  const read = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  return {
    readings: new Map(read),
    problem: failed === undefined ? null : describeFailure(failed.reason),
  };
}

async function readPage(
  client: CloudWatchClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Array<[string, AlarmReading]>> {
  const command = new DescribeAlarmsCommand({
    AlarmNames: [...names],
    AlarmTypes: ['MetricAlarm'],
    MaxRecords: PAGE,
  });
  const { MetricAlarms = [] } = await unlessAborted(signal, client.send(command, { abortSignal: signal }));
  return MetricAlarms.flatMap((alarm): Array<[string, AlarmReading]> => {
    const reading = readingOf(alarm);
    const { AlarmName: name } = alarm;
    return name !== undefined && names.includes(name) && reading !== null ? [[name, reading]] : [];
  });
}

function readingOf({
  StateValue,
  StateTransitionedTimestamp,
  StateUpdatedTimestamp,
}: MetricAlarm): AlarmReading | null {
  // The other time also moves where only the reason of the state has changed.
  const since = (StateTransitionedTimestamp ?? StateUpdatedTimestamp)?.getTime();
  return isState(StateValue) && since !== undefined ? { state: StateValue, since } : null;
}

function isState(value: string | undefined): value is AlarmState {
  return value !== undefined && STATES.includes(value);
}
