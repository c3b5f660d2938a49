/**
 * Which input a MediaLive channel should show. It shows its program from the program's own host, from the backup's host
 * while that one is lost, and from its own again once that has been well for a while. Pure: facts in, a decision out.
 */
import { alarmName } from '../contract/alarm-names.ts';
import type { Channel } from '../contract/channels.ts';
import type { AlarmReading, AlarmReadings, Finding } from './plan.ts';

/** What MediaLive says of a channel. */
export interface ChannelReading {
  /** MediaLive's word: `RUNNING`, `IDLE`, `STARTING`, … */
  readonly state: string;
  /**
   * The input attachment that each pipeline shows, where MediaLive names one. It lags behind a switch: by seconds, and by
   * more than ten of them in a standard channel.
   */
  readonly active: readonly string[];
  /** The names of the schedule's actions that made them show it; none for what a channel shows since its start. */
  readonly actions: readonly string[];
}

export interface ChannelFacts {
  readonly program: string;
  readonly channel: Channel;
  readonly reading: ChannelReading;
  /** The deployment's name: in the names of alarms. */
  readonly deployment: string;
  readonly alarms: AlarmReadings;
  /** ms since the epoch */
  readonly now: number;
}

/** An input switch that MediaLive is to make at once. */
export interface ChannelSwitch {
  /** The input attachment. */
  readonly to: string;
  /**
   * The same for the same reason, however often it is planned: within a schedule a name is unique, so MediaLive refuses
   * the repeat. The schedule is the channel's own, so the program need not be in it.
   */
  readonly actionName: string;
  /** In words, for the log and for people. */
  readonly why: string;
}

export type ChannelPlan =
  | { readonly kind: 'switch'; readonly order: ChannelSwitch }
  | { readonly kind: 'stay'; readonly finding: Finding };

/** All actions of ours, and none of anybody else's, begin with it. */
const ACTION_PREFIX = 'understudy-to-';

export function isOwnAction(actionName: string): boolean {
  return actionName.startsWith(ACTION_PREFIX);
}

export function planChannel(facts: ChannelFacts): ChannelPlan {
  const { home, backup } = facts.channel;
  const { state, active } = facts.reading;
  if (state !== 'RUNNING') return stay(facts, `its channel is ${state}: left alone`);
  const foreign = active.find((input) => input !== home && input !== backup);
  if (foreign !== undefined)
    return stay(facts, `its channel shows ${foreign}, which somebody chose: left alone`);
  const alarm = hostAlarm(facts, home);
  switch (alarm?.state) {
    case 'ALARM':
      return planLoss(facts, alarm);
    case 'OK':
      return planReturn(facts, alarm);
    default:
      return stay(facts, `whether ${home} is lost is not known: its channel stays as it is`);
  }
}

/** The home host is lost. What is not known of the backup's does not count: what is shown now is lost for certain. */
function planLoss(facts: ChannelFacts, { since }: AlarmReading): ChannelPlan {
  const { channel, reading } = facts;
  const { home, backup } = channel;
  if (isBackupLost(facts)) {
    return stay(facts, `${home} and ${backup} are lost: its channel has nothing to show`, 'page');
  }
  if (shows(reading, backup)) return stay(facts, `${home} is lost; its channel shows ${backup}`);
  return order(channel, 'backup', since, `${home} is lost`);
}

/** The home host is well. */
function planReturn(facts: ChannelFacts, { since }: AlarmReading): ChannelPlan {
  const { channel, reading, now } = facts;
  const { home, backup, healthyForSeconds } = channel;
  if (reading.active.length === 0) {
    return stay(facts, 'MediaLive does not say what its channel shows: it stays as it is');
  }
  if (shows(reading, home)) return stay(facts, `its channel shows ${home}`);
  if (isBackupLost(facts)) return order(channel, 'home', since, `${backup} is lost, and ${home} is well`);
  if (!reading.actions.every(isOwnAction)) {
    return stay(facts, `somebody put its channel on ${backup}: it stays there`);
  }
  const waitMs = since + healthyForSeconds * 1_000 - now;
  if (waitMs > 0)
    return stay(facts, `${home} is well; its channel returns in ${Math.ceil(waitMs / 1_000)} s`);
  return order(channel, 'home', since, `${home} has been well for ${healthyForSeconds} s`);
}

function stay(
  { program: subject }: ChannelFacts,
  text: string,
  severity: Finding['severity'] = 'info',
): ChannelPlan {
  return { kind: 'stay', finding: { severity, subject, text } };
}

/** `since`: when the state of the host's alarm began that is the reason, ms since the epoch. */
function order(channel: Channel, to: 'home' | 'backup', since: number, why: string): ChannelPlan {
  const actionName = `${ACTION_PREFIX}${to}-${Math.round(since)}`;
  return { kind: 'switch', order: { to: channel[to], actionName, why } };
}

function hostAlarm({ alarms, deployment }: ChannelFacts, host: string): AlarmReading | undefined {
  return alarms.get(alarmName(deployment, 'host-lost', host));
}

function isBackupLost(facts: ChannelFacts): boolean {
  return hostAlarm(facts, facts.channel.backup)?.state === 'ALARM';
}

function shows({ active }: ChannelReading, input: string): boolean {
  return active.length > 0 && active.every((one) => one === input);
}
