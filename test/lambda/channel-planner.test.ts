/** Which input a MediaLive channel is switched to, and when it is left alone. */
import { describe, expect, it } from '@jest/globals';
import { type ChannelPlan, isOwnAction, planChannel } from '../../runtime/lambda/channel-planner.ts';
import type { AlarmReading, AlarmState } from '../../runtime/lambda/plan.ts';
import { EPOCH } from '../support/fake-clock.ts';

const HOME = 'master-camera1';
const BACKUP = 'backup-spare';
const SECOND = 1_000;

interface Given {
  readonly name: string;
  /** The states of the hosts' alarms; undefined: it could not be read. */
  readonly home: AlarmState | undefined;
  readonly backup?: AlarmState | undefined;
  /** Since when the home's alarm is so, in s before now. */
  readonly forSeconds?: number;
  readonly state?: string;
  readonly active?: readonly string[];
  readonly actions?: readonly string[];
  readonly healthyForSeconds?: number;
}

interface Case extends Given {
  /** `to …` is a switch; anything else is part of the finding of a channel that stays. */
  readonly expected: `to ${string}` | string;
  readonly severity?: 'page';
}

function plan(given: Given): ChannelPlan {
  const {
    home,
    forSeconds = 600,
    state = 'RUNNING',
    active = [HOME],
    actions = [],
    healthyForSeconds = 60,
  } = given;
  const backup = 'backup' in given ? given.backup : 'OK';
  const alarms = new Map<string, AlarmReading>();
  if (home !== undefined) {
    alarms.set(`understudy-host-lost-${HOME}`, { state: home, since: EPOCH - forSeconds * SECOND });
  }
  if (backup !== undefined) alarms.set(`understudy-host-lost-${BACKUP}`, { state: backup, since: EPOCH });
  // Others of the deployment, and the same host in another: neither is asked.
  alarms.set('understudy-host-lost-master-camera2', { state: 'ALARM', since: EPOCH });
  alarms.set(`games-host-lost-${HOME}`, { state: 'ALARM', since: EPOCH });
  return planChannel({
    program: 'camera1',
    channel: { channelId: '1', home: HOME, backup: BACKUP, healthyForSeconds },
    reading: { state, active, actions },
    deployment: 'understudy',
    alarms,
    now: EPOCH,
  });
}

const CASES: Case[] = [
  { name: 'all is well', home: 'OK', expected: `shows ${HOME}` },
  { name: 'all is well, on two pipelines', home: 'OK', active: [HOME, HOME], expected: `shows ${HOME}` },
  { name: 'the home host is lost', home: 'ALARM', expected: `to ${BACKUP}` },
  { name: 'lost this moment', home: 'ALARM', forSeconds: 0, expected: `to ${BACKUP}` },
  { name: 'lost, and on the backup already', home: 'ALARM', active: [BACKUP], expected: `shows ${BACKUP}` },
  {
    name: 'lost, with one pipeline on the backup already',
    home: 'ALARM',
    active: [BACKUP, HOME],
    expected: `to ${BACKUP}`,
  },
  { name: 'lost, and what is shown is not known', home: 'ALARM', active: [], expected: `to ${BACKUP}` },
  {
    name: 'lost, and of the backup nothing is known',
    home: 'ALARM',
    backup: 'INSUFFICIENT_DATA',
    expected: `to ${BACKUP}`,
  },
  {
    name: 'lost, and the alarm of the backup could not be read',
    home: 'ALARM',
    backup: undefined,
    expected: `to ${BACKUP}`,
  },
  {
    name: 'both are lost',
    home: 'ALARM',
    backup: 'ALARM',
    expected: 'nothing to show',
    severity: 'page',
  },
  {
    name: 'both are lost, and the backup is shown',
    home: 'ALARM',
    backup: 'ALARM',
    active: [BACKUP],
    expected: 'nothing to show',
    severity: 'page',
  },
  { name: 'the alarm could not be read', home: undefined, expected: 'not known' },
  { name: 'the alarm has no data', home: 'INSUFFICIENT_DATA', expected: 'not known' },
  {
    name: 'the alarm has no data, on the backup',
    home: 'INSUFFICIENT_DATA',
    active: [BACKUP],
    expected: 'not known',
  },
  { name: 'only the backup is lost', home: 'OK', backup: 'ALARM', expected: `shows ${HOME}` },
  {
    name: 'the home host is back, for too short a time',
    home: 'OK',
    forSeconds: 59.5,
    active: [BACKUP],
    expected: 'returns in 1 s',
  },
  {
    name: 'the home host has been back long enough',
    home: 'OK',
    forSeconds: 60,
    active: [BACKUP],
    expected: `to ${HOME}`,
  },
  {
    name: 'back at once, where nothing is waited for',
    home: 'OK',
    forSeconds: 0,
    healthyForSeconds: 0,
    active: [BACKUP],
    expected: `to ${HOME}`,
  },
  {
    name: 'back at once, where the backup is lost meanwhile',
    home: 'OK',
    forSeconds: 1,
    backup: 'ALARM',
    active: [BACKUP],
    expected: `to ${HOME}`,
  },
  {
    name: 'back, with one pipeline there already',
    home: 'OK',
    active: [HOME, BACKUP],
    expected: `to ${HOME}`,
  },
  { name: 'well, and what is shown is not known', home: 'OK', active: [], expected: 'does not say' },
  {
    name: 'an alarm from a clock that is ahead',
    home: 'OK',
    forSeconds: -30,
    active: [BACKUP],
    expected: 'returns in 90 s',
  },
  ...['IDLE', 'STARTING', 'STOPPING', 'UPDATING', 'RECOVERING', 'UPDATE_FAILED', 'DELETING'].map(
    (state): Case => ({
      name: `lost, and the channel is ${state}`,
      home: 'ALARM',
      state,
      expected: `is ${state}: left alone`,
    }),
  ),
  {
    name: 'well, and somebody put the channel on the backup',
    home: 'OK',
    active: [BACKUP],
    actions: ['maintenance'],
    expected: `somebody put its channel on ${BACKUP}`,
  },
  {
    name: 'well, and we put the channel on the backup',
    home: 'OK',
    active: [BACKUP],
    actions: ['understudy-to-backup-1'],
    expected: `to ${HOME}`,
  },
  {
    name: 'well, and the backup is lost on which somebody put the channel',
    home: 'OK',
    backup: 'ALARM',
    active: [BACKUP],
    actions: ['maintenance'],
    expected: `to ${HOME}`,
  },
  {
    name: 'lost, and somebody put the channel there',
    home: 'ALARM',
    actions: ['maintenance'],
    expected: `to ${BACKUP}`,
  },
  {
    name: 'somebody attached and chose another input',
    home: 'ALARM',
    active: ['studio'],
    expected: 'shows studio, which somebody chose',
  },
];

describe('the input of a channel', () => {
  it.each(CASES)('$name: $expected', (given) => {
    const made = plan(given);
    if (given.expected.startsWith('to ')) {
      expect(made).toMatchObject({ kind: 'switch', order: { to: given.expected.slice(3) } });
    } else {
      expect(made).toMatchObject({
        kind: 'stay',
        finding: {
          severity: given.severity ?? 'info',
          subject: 'camera1',
          text: expect.stringContaining(given.expected),
        },
      });
    }
  });
});

describe('the name of an action', () => {
  const nameOf = (given: Given): string => {
    const made = plan(given);
    if (made.kind !== 'switch') throw new Error(made.finding.text);
    return made.order.actionName;
  };
  const lost: Given = { name: '', home: 'ALARM', forSeconds: 10 };

  it('is the same for the same loss, and another for the next, and for the way back', () => {
    expect(nameOf(lost)).toBe(nameOf({ ...lost, active: [] }));
    const back = nameOf({ ...lost, home: 'OK', active: [BACKUP], healthyForSeconds: 0 });
    expect(new Set([nameOf(lost), nameOf({ ...lost, forSeconds: 9 }), back]).size).toBe(3);
  });

  it('is known for ours', () => {
    expect(isOwnAction(nameOf(lost))).toBe(true);
    expect(isOwnAction('ad-break-12')).toBe(false);
  });
});
