/** What the alarms say of inputs and hosts. */
import { type AlarmKind, alarmName } from '../contract/alarm-names.ts';
import type { Topology } from '../contract/topology.ts';
import type { AlarmReadings, ControlEvent } from './plan.ts';

/** `unknown`: an alarm could not be read, or has too few data. Nothing is commanded on that. */
export type InputStanding =
  | { readonly standing: 'well' | 'unknown' }
  /** `alarm`: the one that says so. */
  | { readonly standing: 'lost'; readonly alarm: string };

export interface AlarmTruth {
  /** By name. */
  readonly inputs: ReadonlyMap<string, InputStanding>;
  readonly lostHosts: ReadonlySet<string>;
}

/** The alarms that say that a host's input is lost: its own, and that of the host. */
export function lossAlarms(
  deployment: string,
  { name, input }: Topology['hosts'][number],
): [ofInput: string, ofHost: string] {
  return [alarmName(deployment, 'input-loss', input), alarmName(deployment, 'host-lost', name)];
}

/** An input is lost where its own alarm says so, or where the host that takes it is lost. */
export function alarmTruth(topology: Topology, alarms: AlarmReadings): AlarmTruth {
  const { deployment, hosts } = topology;
  const inputs = new Map<string, InputStanding>();
  const lostHosts = new Set<string>();
  for (const host of hosts) {
    const { name, input } = host;
    const [ofInput, ofHost] = lossAlarms(deployment, host);
    if (alarms.get(ofHost)?.state === 'ALARM') lostHosts.add(name);
    const lostBy = [ofInput, ofHost].find((alarm) => alarms.get(alarm)?.state === 'ALARM');
    if (lostBy !== undefined) inputs.set(input, { standing: 'lost', alarm: lostBy });
    else inputs.set(input, { standing: alarms.get(ofInput)?.state === 'OK' ? 'well' : 'unknown' });
  }
  return { inputs, lostHosts };
}

/** Events repeat and come late: one counts only where it is newer than what was read, or nothing was. */
export function withEvent(alarms: AlarmReadings, event: ControlEvent): AlarmReadings {
  if (event.kind !== 'alarm') return alarms;
  const { alarm, state, at } = event;
  const read = alarms.get(alarm);
  return read !== undefined && read.since >= at ? alarms : new Map(alarms).set(alarm, { state, since: at });
}

export type AlarmConcern =
  | { readonly kind: 'input'; readonly input: string }
  /** `why` it asks nothing of the control function. */
  | { readonly kind: 'nothing'; readonly why: string };

type OtherAlarmKind = Exclude<AlarmKind, 'input-loss' | 'host-lost'>;

const OTHER_ALARMS: Record<OtherAlarmKind, string> = {
  'host-recovery': 'EC2 moves the host by itself, and what is lost with it has alarms of its own',
  'program-off-air': 'it follows from its inputs, whose alarms are acted on',
  mismatch: 'it is for people: nothing is lost',
  'no-spare-left': 'it is for people: the alarms of the inputs are acted on',
  'control-failing': 'it is for people: the function cannot repair itself',
  'channel-input-loss': 'it is about a MediaLive channel, which no host can mend',
};

/** What an alarm is about. */
export function alarmConcern({ deployment, hosts }: Topology, alarm: string): AlarmConcern {
  const host = hosts.find((one) => lossAlarms(deployment, one).includes(alarm));
  if (host !== undefined) return { kind: 'input', input: host.input };
  for (const [kind, why] of Object.entries(OTHER_ALARMS) as Array<[OtherAlarmKind, string]>) {
    const name = alarmName(deployment, kind);
    if (alarm === name || alarm.startsWith(`${name}-`)) return { kind: 'nothing', why };
  }
  return { kind: 'nothing', why: `${deployment} has no such alarm` };
}
