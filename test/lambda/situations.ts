/**
 * Situations of the control function in a few words. Inputs are m1, m2 (masters) and b1, b2 (backups); hosts `one` and `two`
 * take m1 and m2, `four` and `five` take b1 and b2, and `edge` takes none. What a host shows of a program is said like this:
 *
 *     m1, dead m1, weak b1, auto b1 for 300     m1 is on air and dead, b1 degraded, an automatic pin to b1 for 300 s
 *     - , ann m1 for 60, drill for 20           nothing on air, pinned to m1 by ann, a drill for 20 s more
 *     resting                                   nobody plays it there
 */
import { alarmName } from '../../runtime/contract/alarm-names.ts';
import type { HostSummary, ProgramSummary } from '../../runtime/contract/host-summary.ts';
import type { Topology } from '../../runtime/contract/topology.ts';
import type { AlarmReading, AlarmState, ControlEvent, HostReport, Plan } from '../../runtime/lambda/plan.ts';
import { plan } from '../../runtime/lambda/planner.ts';
import { EPOCH } from '../support/fake-clock.ts';

export const NOW = EPOCH;
const DEPLOYMENT = 'understudy';

const INPUTS: Readonly<Record<string, string>> = {
  m1: 'master/camera1',
  m2: 'master/camera2',
  b1: 'backup/spare',
  b2: 'backup/second',
  slate: 'slate',
};
const HOSTS = [
  { name: 'one', input: 'master/camera1', kind: 'master' },
  { name: 'two', input: 'master/camera2', kind: 'master' },
  { name: 'four', input: 'backup/spare', kind: 'backup' },
  { name: 'five', input: 'backup/second', kind: 'backup' },
] as const;

export interface Given {
  /** `ALARM m1`, `OK host one`, `ALARM no-spare-left`; with ` 60 s ago`. Left out: the schedule. */
  readonly event?: string;
  /** By input, or `host one`. All others are OK; `unread` could not be read. All since a minute. */
  readonly alarms?: Readonly<Record<string, AlarmState | 'unread'>>;
  /** Default: m1 b1 slate. camera2, where a host shows it, has m2 instead of m1. */
  readonly candidates?: string;
  /** What each shows of camera1, or of several programs; or `silent`. Those left out rest. */
  readonly hosts?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

export function planFor(given: Given): Plan {
  const topology = topologyOf(given);
  return plan({
    event: eventOf(given.event),
    topology,
    alarms: alarmsOf(given),
    reports: reportsOf(given, topology),
    now: NOW,
  });
}

/** `one, four: camera1 to b1 (alarm)`, `one: camera1 released (reconciliation)`. */
export function commandsOf({ commands }: Plan): string[] {
  return commands.map(({ hosts, command }) => {
    const what = command.action === 'switch' ? `to ${shortOf(command.source)}` : `${command.action}d`;
    return `${hosts.join(', ')}: ${command.program} ${what} (${command.by.split(' ', 1).join('')})`;
  });
}

/** `page camera1: text`. */
export function findingsOf({ findings }: Plan): string[] {
  return findings.map(({ severity, subject, text }) => `${severity} ${subject}: ${text}`);
}

function topologyOf({ candidates = 'm1 b1 slate', hosts = {} }: Given): Topology {
  const listed = candidates.split(' ').map(inputOf);
  const names = new Set(['camera1', ...Object.values(hosts).flatMap((shown) => programsOf(shown))]);
  return {
    deployment: DEPLOYMENT,
    namespace: 'Understudy',
    hosts: HOSTS.filter(
      ({ input }) => listed.includes(input) || (input === INPUTS.m2 && names.has('camera2')),
    ),
    programs: [...names].sort().map((name) => ({
      name,
      candidates: listed.map((input) =>
        name === 'camera2' && input === INPUTS.m1 ? 'master/camera2' : input,
      ),
      home: 'one',
    })),
  };
}

function programsOf(shown: string | Readonly<Record<string, string>>): string[] {
  return typeof shown === 'string' ? [] : Object.keys(shown);
}

function eventOf(text: string | undefined): ControlEvent {
  if (text === undefined) return { kind: 'reconcile' };
  const [, state = '', about = '', ago = '0'] = /^(\S+) (.+?)(?: (\d+) s ago)?$/.exec(text) ?? [];
  const at = NOW - Number(ago) * 1_000;
  return { kind: 'alarm', alarm: alarmOf(about), state: state as AlarmState, previousState: null, at };
}

function alarmOf(about: string): string {
  if (about in INPUTS) return alarmName(DEPLOYMENT, 'input-loss', inputOf(about));
  if (about.startsWith('host ')) return alarmName(DEPLOYMENT, 'host-lost', about.slice('host '.length));
  return about.startsWith('other-') ? about : `${DEPLOYMENT}-${about}`;
}

function alarmsOf({ alarms = {} }: Given): Map<string, AlarmReading> {
  const abouts = [...Object.keys(INPUTS), ...HOSTS.map(({ name }) => `host ${name}`)];
  const readings = new Map<string, AlarmReading>();
  for (const about of abouts) {
    const state = alarms[about] ?? 'OK';
    if (state !== 'unread') readings.set(alarmOf(about), { state, since: NOW - 60_000 });
  }
  return readings;
}

function reportsOf({ hosts = {} }: Given, topology: Topology): Map<string, HostReport> {
  const names = new Set([...topology.hosts.map(({ name }) => name), ...Object.keys(hosts)]);
  return new Map([...names].map((name) => [name, reportOf(name, hosts[name] ?? 'resting', topology)]));
}

function reportOf(
  host: string,
  shown: string | Readonly<Record<string, string>>,
  { programs }: Topology,
): HostReport {
  if (shown === 'silent') return { kind: 'silent', why: 'no answer in 10 s' };
  const texts = typeof shown === 'string' ? { camera1: shown } : shown;
  const summary: HostSummary = {
    version: 1,
    host,
    state: 'serving',
    now: NOW,
    programs: programs.flatMap(({ name, candidates }) =>
      texts[name] === undefined ? [] : [programOf(name, candidates, texts[name])],
    ),
  };
  return { kind: 'summary', instance: `i-${host}`, summary };
}

function programOf(name: string, candidates: readonly string[], text: string): ProgramSummary {
  const [onAir = '', ...rest] = text.split(',').map((part) => part.trim());
  const resting = onAir === 'resting';
  // Nobody brings inputs to where they are not needed.
  const health: ProgramSummary['health'] = Object.fromEntries(
    candidates.map((input) => [input, resting ? 'absent' : 'live']),
  );
  let pin: ProgramSummary['pin'] = null;
  let drill: ProgramSummary['drill'] = null;
  for (const part of rest) {
    const [word = '', ...words] = part.split(' ');
    const endsAt = NOW + Number(words.at(-1)) * 1_000;
    if (word === 'dead') for (const short of words) health[inputOf(short)] = 'stalled';
    else if (word === 'weak') for (const short of words) health[inputOf(short)] = 'degraded';
    else if (word === 'drill') drill = { source: candidates[0] ?? '', by: 'eve', endsAt };
    else {
      const automatic = word === 'auto';
      const by = automatic ? 'reconciliation' : word;
      pin = { source: inputOf(words[0] ?? ''), by, reason: '', automatic, expiresAt: endsAt };
    }
  }
  return {
    name,
    resting,
    onAir: resting || onAir === '-' ? null : inputOf(onAir),
    health,
    pin,
    drill,
    viewers: 1,
    lastSwitch: null,
    warnings: 0,
  };
}

function inputOf(short: string): string {
  const input = INPUTS[short];
  if (input === undefined) throw new Error(`no input is called ${short}`);
  return input;
}

function shortOf(input: string): string {
  return Object.keys(INPUTS).find((short) => INPUTS[short] === input) ?? input;
}
