import type { DescribeAlarmsCommandInput } from '@aws-sdk/client-cloudwatch';
import type { Cancel, Clock } from '../../../runtime/media/clock.ts';
import { type Evaluation, evaluateMetricAlarm } from './alarm-evaluator.ts';
import type { AlarmStatus, StateChange } from './alarm-events.ts';
import { AwsError } from './aws-error.ts';
import { holds } from './composite-rule.ts';
import type { MetricStore } from './metric-store.ts';
import { REGION } from './signature.ts';
import { type Alarm, alarmArn, type CompositeAlarm, type MetricAlarm } from './template-alarms.ts';

/**
 * How often: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html says each minute, and
 * each 10 seconds for periods of less.
 */
const HIGH_RESOLUTION_MS = 10_000;
const STANDARD_MS = 60_000;
const STANDARD_PERIOD_SECONDS = 60;
const DEFAULT_RECORDS = 50;
const MAX_RECORDS = 100;

export interface AlarmsOptions {
  readonly clock: Clock;
  readonly metrics: MetricStore;
  readonly alarms: readonly Alarm[];
  /** Gets each change of state, as often and as late as `schedule` says. */
  readonly deliver: (change: StateChange) => void;
}

/** Alarms and their states. All of them start with INSUFFICIENT_DATA, as those that were just created. */
export class Alarms {
  /** How many ms after it a change is delivered: none where it is lost, two where it is repeated. */
  schedule: (change: StateChange) => readonly number[] = () => [0];
  /** All of them, in order; also those that were lost. */
  readonly changes: StateChange[] = [];
  private readonly options: AlarmsOptions;
  private readonly states: Map<string, AlarmStatus>;

  constructor(options: AlarmsOptions) {
    this.options = options;
    const since = options.clock.now();
    const created: AlarmStatus = {
      value: 'INSUFFICIENT_DATA',
      reason: 'Unchecked: Initial alarm creation',
      since,
    };
    this.states = new Map(options.alarms.map(({ AlarmName }) => [AlarmName, created]));
  }

  /** Evaluates from now on. */
  start(): Cancel {
    const { clock } = this.options;
    const stops = [
      clock.every(HIGH_RESOLUTION_MS, () => this.evaluate((period) => period < STANDARD_PERIOD_SECONDS)),
      clock.every(STANDARD_MS, () => this.evaluate((period) => period >= STANDARD_PERIOD_SECONDS)),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Evaluates, as of `now`: the metric alarms of the periods that are asked for, and all composite ones. */
  evaluate(
    isDue: (periodSeconds: number) => boolean = () => true,
    now: number = this.options.clock.now(),
  ): void {
    const { alarms, metrics } = this.options;
    for (const alarm of alarms) {
      if ('AlarmRule' in alarm || !isDue(alarm.Period)) continue;
      this.enter(alarm, evaluateMetricAlarm(alarm, metrics.of(alarm), now));
    }
    for (const alarm of alarms) if ('AlarmRule' in alarm) this.evaluateComposite(alarm);
  }

  /** Throws where there is no such alarm. */
  stateOf(name: string): AlarmStatus {
    const state = this.states.get(name);
    if (state === undefined) throw new Error(`no alarm ${name}`);
    return state;
  }

  /** DescribeAlarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
  readonly describe = (input: DescribeAlarmsCommandInput): object => {
    const {
      AlarmNames,
      AlarmNamePrefix,
      StateValue,
      MaxRecords = DEFAULT_RECORDS,
      NextToken,
      ...others
    } = input;
    // "If you omit this parameter, only metric alarms are returned, even if composite alarms exist".
    const { AlarmTypes = ['MetricAlarm'], ...unknown } = others;
    if (Object.keys(unknown).length > 0) throw new Error(`the test does not know ${Object.keys(unknown)}`);
    if (AlarmNames !== undefined && AlarmNamePrefix !== undefined) {
      throw new AwsError('InvalidParameterCombinationException', 'either names or a prefix');
    }
    if (MaxRecords < 1 || MaxRecords > MAX_RECORDS || (AlarmNames?.length ?? 0) > MAX_RECORDS) {
      throw new AwsError('InvalidParameterValueException', `more than ${MAX_RECORDS}`);
    }
    const found = this.options.alarms.filter(
      (alarm) =>
        AlarmTypes.includes('AlarmRule' in alarm ? 'CompositeAlarm' : 'MetricAlarm') &&
        (AlarmNames?.includes(alarm.AlarmName) ?? true) &&
        alarm.AlarmName.startsWith(AlarmNamePrefix ?? '') &&
        (StateValue === undefined || this.stateOf(alarm.AlarmName).value === StateValue),
    );
    const start = Number(NextToken ?? 0);
    const end = start + MaxRecords;
    const page = found.slice(start, end);
    return {
      MetricAlarms: page.filter((alarm) => !('AlarmRule' in alarm)).map((alarm) => this.described(alarm)),
      CompositeAlarms: page.filter((alarm) => 'AlarmRule' in alarm).map((alarm) => this.described(alarm)),
      NextToken: end < found.length ? String(end) : undefined,
    };
  };

  private described(alarm: Alarm): object {
    const { value, reason, since } = this.stateOf(alarm.AlarmName);
    return {
      ...alarm,
      AlarmArn: alarmArn(REGION, alarm.AlarmName),
      StateValue: value,
      StateReason: reason,
      StateUpdatedTimestamp: new Date(since),
      StateTransitionedTimestamp: new Date(since),
    };
  }

  private evaluateComposite(alarm: CompositeAlarm): void {
    const isOn = holds(alarm.AlarmRule, (name) => this.stateOf(name).value);
    this.enter(alarm, isOn ? 'ALARM' : 'OK');
  }

  private enter(alarm: MetricAlarm | CompositeAlarm, evaluation: Evaluation): void {
    const previousState = this.stateOf(alarm.AlarmName);
    if (evaluation === 'retain' || evaluation === previousState.value) return;
    const { clock, deliver } = this.options;
    const state = { value: evaluation, reason: `From ${previousState.value}`, since: clock.now() };
    this.states.set(alarm.AlarmName, state);
    const change = { alarm, state, previousState };
    this.changes.push(change);
    for (const delayMs of this.schedule(change)) clock.after(delayMs, () => deliver(change));
  }
}

/** The ARNs that an alarm acts on when it enters a state. */
export function actionsOf({ alarm, state }: StateChange): readonly string[] {
  if (!alarm.ActionsEnabled) return [];
  switch (state.value) {
    case 'ALARM':
      return alarm.AlarmActions;
    case 'OK':
      return alarm.OKActions;
    case 'INSUFFICIENT_DATA':
      return alarm.InsufficientDataActions;
  }
}
