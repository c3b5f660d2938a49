/** What the control function does in which situation. How they are written: situations.ts. */
import { describe, expect, it } from '@jest/globals';
import { DOCUMENT_PARAMETERS, documentParameters } from '../../runtime/contract/host-command.ts';
import { COMMAND_LIFE_MS } from '../../runtime/lambda/plan-draft.ts';
import { PIN_MS } from '../../runtime/lambda/program-decision.ts';
import { commandsOf, findingsOf, type Given, NOW, planFor } from './situations.ts';

interface Case {
  readonly name: string;
  readonly given: Given;
  readonly commands: readonly string[];
  /** Beginnings of findings. Of those that are not `info`, none may be left out. */
  readonly findings?: readonly string[];
}

function plans(cases: readonly Case[]): void {
  it.each(cases)('$name', ({ given, commands, findings = [] }) => {
    const plan = planFor(given);
    expect(commandsOf(plan)).toEqual(commands);
    const found = findingsOf(plan);
    expect(found).not.toEqual([]);
    expect(new Set(found).size).toBe(found.length);
    const missing = findings.filter((start) => !found.some((finding) => finding.startsWith(start)));
    expect({ missing, found }).toEqual({ missing: [], found });
    const loud = found.filter((finding) => !finding.startsWith('info '));
    expect(loud.filter((finding) => !findings.some((start) => finding.startsWith(start)))).toEqual([]);
  });
}

describe('where all is well', () => {
  plans([
    {
      name: 'the schedule does nothing, and says so',
      given: { hosts: { one: 'm1', four: 'm1' } },
      commands: [],
      findings: ['info understudy: all is well'],
    },
    {
      name: 'the end of a loss that nobody pinned for does nothing',
      given: { event: 'OK m1', hosts: { one: 'm1', four: 'b1' } },
      commands: [],
      findings: ['info understudy: all is well'],
    },
    {
      name: 'a program on the backup stays there: coming back is up to its host',
      given: { hosts: { one: 'b1', four: 'b1' } },
      commands: [],
    },
    {
      name: 'a program that has the slate alone needs nothing',
      given: { candidates: 'slate', event: 'ALARM m1', hosts: { one: 'slate' } },
      commands: [],
    },
    {
      name: 'what a host cannot show is left to it while no alarm is on',
      given: { hosts: { one: 'm1, dead m1' } },
      commands: [],
      findings: ['info camera1: shows master/camera1, which it reports stalled, and no alarm'],
    },
    {
      name: 'a host that shows nothing yet is left alone',
      given: { hosts: { edge: '-' } },
      commands: [],
      findings: ['info camera1: shows nothing, and no alarm'],
    },
  ]);
});

describe('an input that is lost', () => {
  plans([
    {
      name: 'is replaced by the backup, on every host that shows it',
      given: { event: 'ALARM m1', hosts: { one: 'm1, dead m1', four: 'm1, dead m1', edge: 'm1, dead m1' } },
      commands: ['one, four, edge: camera1 to b1 (alarm)'],
      findings: [
        'info master/camera1: lost (understudy-input-loss-master-camera1)',
        'info camera1: master/camera1 is lost',
      ],
    },
    {
      name: 'is replaced where a host shows nothing at all',
      given: { event: 'ALARM m1', hosts: { one: '-, dead m1' } },
      commands: ['one: camera1 to b1 (alarm)'],
    },
    {
      name: 'is left alone where a host has replaced it already',
      given: { event: 'ALARM m1', hosts: { one: 'b1, dead m1' } },
      commands: [],
      findings: ['info camera1: shows backup/spare, which it reports live: nothing to do'],
    },
    {
      name: 'is left on air where the host reports it live: the alarm is late or wrong',
      given: { event: 'ALARM m1', hosts: { one: 'm1' } },
      commands: [],
      findings: [
        'info camera1: shows master/camera1, which it reports live: its alarm is late or wrong (on one)',
      ],
    },
    {
      name: 'is left on air where the host reports it degraded',
      given: { event: 'ALARM m1', hosts: { one: 'm1, weak m1' } },
      commands: [],
      findings: ['info camera1: shows master/camera1, which it reports degraded'],
    },
    {
      name: 'is left alone where nobody plays the program',
      given: { event: 'ALARM m1', hosts: { one: 'resting', four: 'm1, dead m1' } },
      commands: ['four: camera1 to b1 (alarm)'],
      findings: ['info camera1: nobody plays it: it rests (on one)'],
    },
    {
      name: 'is replaced by the first backup that the alarms call well',
      given: {
        candidates: 'm1 b1 b2 slate',
        event: 'ALARM m1',
        alarms: { b1: 'ALARM' },
        hosts: { one: 'm1, dead m1' },
      },
      commands: ['one: camera1 to b2 (alarm)'],
    },
    {
      name: 'is replaced by the first backup that the host can show',
      given: {
        candidates: 'm1 b1 b2 slate',
        event: 'ALARM m1',
        hosts: { one: 'm1, dead m1 b1', four: 'm1, dead m1' },
      },
      commands: ['one: camera1 to b2 (alarm)', 'four: camera1 to b1 (alarm)'],
    },
    {
      name: 'is replaced by a degraded backup rather than by the slate',
      given: { event: 'ALARM m1', hosts: { one: 'm1, dead m1, weak b1' } },
      commands: ['one: camera1 to b1 (alarm)'],
    },
    {
      name: 'is replaced by a backup whose alarm has too few data, where the host can show it',
      given: { event: 'ALARM m1', alarms: { b1: 'INSUFFICIENT_DATA' }, hosts: { one: 'm1, dead m1' } },
      commands: ['one: camera1 to b1 (alarm)'],
    },
    {
      name: 'is replaced by what the host can show, where alarms call all of it lost',
      given: { event: 'ALARM m1', alarms: { b1: 'ALARM' }, hosts: { one: 'm1, dead m1' } },
      commands: ['one: camera1 to b1 (alarm)'],
      findings: [
        'info camera1: master/camera1 is lost (understudy-input-loss-master-camera1), the alarms call',
      ],
    },
    {
      name: 'is repaired by the schedule where its event was lost',
      given: { alarms: { m1: 'ALARM' }, hosts: { one: 'm1, dead m1' } },
      commands: ['one: camera1 to b1 (reconciliation)'],
      findings: ['repair camera1: master/camera1 is lost'],
    },
    {
      name: 'is repaired by an event that is about something else',
      given: {
        event: 'OK m2',
        alarms: { m1: 'ALARM' },
        hosts: { one: { camera1: 'm1, dead m1', camera2: 'm2' } },
      },
      commands: ['one: camera1 to b1 (reconciliation)'],
      findings: ['repair camera1: master/camera1 is lost'],
    },
    {
      name: 'takes no other program with it',
      given: { event: 'ALARM m1', hosts: { one: { camera1: 'm1, dead m1', camera2: 'm2' } } },
      commands: ['one: camera1 to b1 (alarm)'],
    },
    {
      name: 'may be the backup: programs that show it go back to their masters',
      given: {
        event: 'ALARM b1',
        hosts: { one: { camera1: 'b1, dead b1', camera2: 'b1, dead b1' }, two: { camera2: 'b1, dead b1' } },
      },
      commands: ['one: camera1 to m1 (alarm)', 'one, two: camera2 to m2 (alarm)'],
    },
    {
      name: 'may be a backup that nothing shows',
      given: { event: 'ALARM b1', hosts: { one: 'm1, dead b1' } },
      commands: [],
      findings: ['info camera1: shows master/camera1, which it reports live: nothing to do'],
    },
  ]);
});

describe('all inputs lost', () => {
  const alarms = { m1: 'ALARM', b1: 'ALARM' } as const;
  plans([
    {
      name: 'put the slate on air, and call somebody',
      given: { event: 'ALARM b1', alarms, hosts: { one: 'b1, dead m1 b1' } },
      commands: ['one: camera1 to slate (alarm)'],
      findings: ['page camera1: all its inputs are lost', 'page camera1: backup/spare is lost'],
    },
    {
      name: 'leave the slate on air where it is, and call somebody',
      given: { event: 'ALARM b1', alarms, hosts: { one: 'slate, dead m1 b1' } },
      commands: [],
      findings: ['page camera1: all its inputs are lost'],
    },
    {
      name: 'call somebody where there is no slate, and do nothing',
      given: { candidates: 'm1 b1', event: 'ALARM b1', alarms, hosts: { one: '-, dead m1 b1' } },
      commands: [],
      findings: [
        'page camera1: all its inputs are lost',
        'page camera1: shows nothing, and there is nothing else',
      ],
    },
    {
      name: 'by the alarms alone call nobody where a host shows one of them',
      given: { event: 'ALARM b1', alarms, hosts: { one: 'm1' } },
      commands: [],
      findings: ['info camera1: shows master/camera1, which it reports live: its alarm is late or wrong'],
    },
    {
      name: 'on one host alone put the slate on air there, and call somebody',
      given: { event: 'ALARM m1', hosts: { one: 'm1, dead m1 b1', four: 'b1, dead m1' } },
      commands: ['one: camera1 to slate (alarm)'],
      findings: ['page camera1: master/camera1 is lost'],
    },
  ]);
});

describe('an automatic pin', () => {
  plans([
    {
      name: 'ends with the loss it was for',
      given: { event: 'OK m1', alarms: { m1: 'ALARM' }, hosts: { one: 'b1, auto b1 for 300', four: 'b1' } },
      commands: ['one: camera1 released (alarm)'],
    },
    {
      name: 'ends by the schedule where that event was lost',
      given: { hosts: { one: 'b1, auto b1 for 300' } },
      commands: ['one: camera1 released (reconciliation)'],
      findings: ['repair camera1: master/camera1 well again: released (on one)'],
    },
    {
      name: 'stays while the loss goes on',
      given: { alarms: { m1: 'ALARM' }, hosts: { one: 'b1, dead m1, auto b1 for 301' } },
      commands: [],
      findings: [
        'info camera1: master/camera1 is lost (understudy-input-loss-master-camera1): pinned to backup/spare',
      ],
    },
    {
      name: 'stays while the alarm is on, whatever the host says',
      given: { alarms: { m1: 'ALARM' }, hosts: { one: 'b1, auto b1 for 301' } },
      commands: [],
    },
    {
      name: 'is renewed with less than half of it left',
      given: { alarms: { m1: 'ALARM' }, hosts: { one: 'b1, dead m1, auto b1 for 299' } },
      commands: ['one: camera1 to b1 (reconciliation)'],
    },
    {
      name: 'is not renewed to what the host cannot show',
      given: { alarms: { m1: 'ALARM' }, hosts: { one: 'slate, dead m1 b1, auto b1 for 100' } },
      commands: [],
    },
    {
      name: 'stays where another input is well again',
      given: { event: 'OK b1', alarms: { m1: 'ALARM' }, hosts: { one: 'b1, dead m1, auto b1 for 301' } },
      commands: [],
    },
    {
      name: 'ends where the master is well, though a backup before it is lost',
      given: {
        candidates: 'm1 b1 b2 slate',
        event: 'OK m1',
        alarms: { b1: 'ALARM' },
        hosts: { one: 'b2, dead b1, auto b2 for 300' },
      },
      commands: ['one: camera1 released (alarm)'],
    },
    {
      name: 'ends where a backup before it is well, though the master is lost',
      given: {
        candidates: 'm1 b1 b2 slate',
        event: 'OK b1',
        alarms: { m1: 'ALARM' },
        hosts: { one: 'b2, dead m1, auto b2 for 300' },
      },
      commands: ['one: camera1 released (alarm)'],
    },
    {
      name: 'to the slate ends where the host can show something, though alarms are late',
      given: {
        alarms: { m1: 'ALARM', b1: 'ALARM' },
        hosts: { one: 'slate, dead m1, auto slate for 500' },
      },
      commands: ['one: camera1 released (reconciliation)'],
      findings: ['repair camera1: backup/spare can be shown again'],
    },
    {
      name: 'is left to end by itself where its alarm could not be read',
      given: { alarms: { m1: 'unread' }, hosts: { one: 'b1, dead m1, auto b1 for 30' } },
      commands: [],
      findings: [
        'info master/camera1: its alarm says nothing',
        'info camera1: pinned to backup/spare for another 30 s, and not released: alarms say nothing of master/camera1',
      ],
    },
    {
      name: 'to a backup that dies too gives way to the slate',
      given: {
        event: 'ALARM b1',
        alarms: { m1: 'ALARM' },
        hosts: { one: 'b1, dead m1 b1, auto b1 for 300' },
      },
      commands: ['one: camera1 to slate (alarm)'],
      findings: ['page camera1: all its inputs are lost', 'page camera1: backup/spare is lost'],
    },
    {
      name: 'to a backup that dies gives way to the master, where that can be shown',
      given: { event: 'ALARM b1', hosts: { one: 'b1, dead b1, auto b1 for 300' } },
      commands: ['one: camera1 to m1 (alarm)'],
    },
    {
      name: 'to the slate ends when a backup comes back before the master',
      given: {
        event: 'OK b1',
        alarms: { m1: 'ALARM' },
        hosts: { one: 'slate, dead m1, auto slate for 500' },
      },
      commands: ['one: camera1 released (alarm)'],
    },
    {
      name: 'to the slate ends when the master comes back before the backup',
      given: {
        event: 'OK m1',
        alarms: { b1: 'ALARM' },
        hosts: { one: 'slate, dead b1, auto slate for 500' },
      },
      commands: ['one: camera1 released (alarm)'],
    },
    {
      name: 'to the slate stays while nothing else can be shown',
      given: {
        alarms: { m1: 'ALARM', b1: 'ALARM' },
        hosts: { one: 'slate, dead m1 b1, auto slate for 500' },
      },
      commands: [],
      findings: ['page camera1: all its inputs are lost'],
    },
    {
      name: 'to the master stays while the backup is lost',
      given: { alarms: { b1: 'ALARM' }, hosts: { one: 'm1, dead b1, auto m1 for 500' } },
      commands: [],
    },
    {
      name: 'to the master ends when the backup is well again',
      given: { event: 'OK b1', hosts: { one: 'm1, auto m1 for 500' } },
      commands: ['one: camera1 released (alarm)'],
    },
  ]);
});

describe('people', () => {
  plans([
    {
      name: 'keep their pin when the loss ends',
      given: { event: 'OK m1', hosts: { one: 'b1, ann b1 for 90', four: 'b1, auto b1 for 90' } },
      commands: ['four: camera1 released (alarm)'],
      findings: ['info camera1: pinned to backup/spare by ann for another 90 s: left alone (on one)'],
    },
    {
      name: 'keep their pin when what they pinned is lost, and are called',
      given: { event: 'ALARM m1', hosts: { one: 'm1, dead m1, ann m1 for 90' } },
      commands: [],
      findings: [
        'page camera1: shows master/camera1, which it reports stalled; pinned to master/camera1 by ann',
      ],
    },
    {
      name: 'keep their pin when something else is lost',
      given: { event: 'ALARM b1', hosts: { one: 'm1, dead b1, ann m1 for 90' } },
      commands: [],
      findings: ['info camera1: pinned to master/camera1 by ann for another 90 s: left alone'],
    },
    {
      name: 'are not disturbed in a drill when an input is lost',
      given: { event: 'ALARM m1', hosts: { one: 'm1, dead m1, drill for 8', four: 'm1, dead m1' } },
      commands: ['four: camera1 to b1 (alarm)'],
      findings: [
        'info camera1: master/camera1 is lost (understudy-input-loss-master-camera1): suppressed for another 8 s by the drill of eve (on one)',
      ],
    },
    {
      name: 'are not disturbed in a drill when a loss ends',
      given: { event: 'OK m1', hosts: { one: 'b1, auto b1 for 90, drill for 8' } },
      commands: [],
      findings: ['info camera1: master/camera1 well again: suppressed for another 8 s'],
    },
    {
      name: 'are not told of a drill that suppresses nothing',
      given: { hosts: { one: 'b1, drill for 8' } },
      commands: [],
      findings: ['info understudy: all is well'],
    },
  ]);
});

describe('a silent host', () => {
  plans([
    {
      name: 'is switched by the alarms alone',
      given: { event: 'ALARM m1', hosts: { one: 'silent', four: 'm1, dead m1' } },
      commands: ['one, four: camera1 to b1 (alarm)'],
      findings: ['info one: silent (no answer in 10 s)'],
    },
    {
      name: 'is told nothing for a loss behind what it may show',
      given: { event: 'ALARM b1', hosts: { one: 'silent' } },
      commands: [],
    },
    {
      name: 'is switched to the second backup where the first is lost too',
      given: {
        candidates: 'm1 b1 b2 slate',
        event: 'ALARM b1',
        alarms: { m1: 'ALARM' },
        hosts: { one: 'silent' },
      },
      commands: ['one: camera1 to b2 (alarm)'],
    },
    {
      name: 'is never sent to the slate',
      given: { event: 'ALARM m1', alarms: { b1: 'ALARM' }, hosts: { one: 'silent', four: 'silent' } },
      commands: [],
      findings: [
        'page camera1: all its inputs are lost',
        'info camera1: all its inputs are lost, and the host is silent',
      ],
    },
    {
      name: 'is released by the event that ends the loss',
      given: { event: 'OK m1', alarms: { m1: 'ALARM' }, hosts: { one: 'silent' } },
      commands: ['one: camera1 released (alarm)'],
    },
    {
      name: 'is not released every minute',
      given: { hosts: { one: 'silent' } },
      commands: [],
      findings: ['info one: silent'],
    },
    {
      name: 'is not released while its master is lost',
      given: { event: 'OK b1', alarms: { m1: 'ALARM' }, hosts: { one: 'silent' } },
      commands: ['one: camera1 to b1 (alarm)'],
    },
    {
      name: 'is not released by an event that was overtaken',
      given: { event: 'OK m1 90 s ago', alarms: { m1: 'ALARM' }, hosts: { one: 'silent' } },
      commands: ['one: camera1 to b1 (alarm)'],
      findings: ['info understudy-input-loss-master-camera1: OK is overtaken: by now it is ALARM'],
    },
    {
      name: 'that is lost is told nothing',
      given: { event: 'ALARM host one', hosts: { one: 'silent' } },
      commands: [],
      findings: ['info one: silent (no answer in 10 s): it is lost'],
    },
  ]);
});

describe('a lost host', () => {
  plans([
    {
      name: 'takes its input with it on all others',
      given: { event: 'ALARM host one', hosts: { one: 'silent', four: 'm1, dead m1', edge: 'm1, dead m1' } },
      commands: ['four, edge: camera1 to b1 (alarm)'],
      findings: ['info master/camera1: lost (understudy-host-lost-one)'],
    },
    {
      name: 'that answers is believed',
      given: { event: 'ALARM host one', hosts: { one: 'm1', four: 'm1' } },
      commands: [],
      findings: [
        'info camera1: shows master/camera1, which it reports live: its alarm is late or wrong (on one, four)',
      ],
    },
    {
      name: 'with the backup sends programs back to their masters',
      given: { event: 'ALARM host four', hosts: { one: 'b1, dead b1', four: 'silent' } },
      commands: ['one: camera1 to m1 (alarm)'],
    },
    {
      name: 'keeps pins alive though its input has no alarm of its own',
      given: {
        alarms: { 'host one': 'ALARM' },
        hosts: { one: 'silent', four: 'b1, dead m1, auto b1 for 200' },
      },
      commands: ['four: camera1 to b1 (reconciliation)'],
    },
    {
      name: 'that is back ends pins, once its input is well',
      given: { event: 'OK host one', hosts: { one: 'm1', four: 'b1, auto b1 for 200' } },
      commands: ['four: camera1 released (alarm)'],
    },
    {
      name: 'that is back ends no pin while its input is still lost',
      given: {
        event: 'OK host one',
        alarms: { m1: 'ALARM' },
        hosts: { one: 'b1, dead m1', four: 'b1, dead m1, auto b1 for 400' },
      },
      commands: [],
    },
  ]);
});

describe('readings and events', () => {
  plans([
    {
      name: 'an event that is newer than what was read counts',
      given: { event: 'ALARM m1 10 s ago', hosts: { one: 'm1, dead m1' } },
      commands: ['one: camera1 to b1 (alarm)'],
    },
    {
      name: 'an event that is older than what was read does not, and says so',
      given: { event: 'ALARM m1 90 s ago', hosts: { one: 'b1, dead m1, auto b1 for 400' } },
      commands: ['one: camera1 released (alarm)'],
      findings: ['info understudy-input-loss-master-camera1: ALARM is overtaken: by now it is OK'],
    },
    {
      name: 'an event counts where its alarm could not be read',
      given: { event: 'ALARM m1', alarms: { m1: 'unread' }, hosts: { one: 'm1, dead m1' } },
      commands: ['one: camera1 to b1 (alarm)'],
    },
    {
      name: 'nothing is commanded where alarms could not be read',
      given: { alarms: { m1: 'unread', b1: 'unread' }, hosts: { one: 'm1, dead m1' } },
      commands: [],
      findings: [
        'info master/camera1: its alarm says nothing of it',
        'info backup/spare: its alarm says nothing of it',
      ],
    },
    {
      name: 'nothing is commanded on too few data',
      given: { event: 'INSUFFICIENT_DATA m1', hosts: { one: 'm1, dead m1' } },
      commands: [],
      findings: ['info master/camera1: its alarm says nothing of it'],
    },
    ...[
      'no-spare-left',
      'program-off-air-camera1',
      'host-recovery-one',
      'mismatch-camera1',
      'control-failing',
    ].map(
      (alarm): Case => ({
        name: `an alarm of ${alarm} asks for nothing, and says why`,
        given: { event: `ALARM ${alarm}`, hosts: { one: 'm1' } },
        commands: [],
        findings: [
          `info understudy-${alarm}: ALARM: nothing to do, it`.replace(
            'it',
            alarm.startsWith('host') ? 'EC2' : 'it',
          ),
        ],
      }),
    ),
    {
      name: 'an alarm of another deployment asks for nothing, and says why',
      given: { event: 'ALARM other-input-loss-master-camera1', hosts: { one: 'm1' } },
      commands: [],
      findings: ['info other-input-loss-master-camera1: ALARM: nothing to do, understudy has no such alarm'],
    },
    {
      name: 'a host with another configuration is named',
      given: { hosts: { one: { camera2: 'm2' }, four: { camera1: 'm1', camera2: 'm2' } } },
      commands: [],
      findings: ['info camera1: not known there'],
    },
  ]);
});

describe('a command', () => {
  const event = 'ALARM m1';
  const [first] = planFor({ event, hosts: { one: 'm1, dead m1' } }).commands;

  it('is fenced, expires, and says who asks and why', () => {
    expect(first).toMatchObject({
      hosts: ['one'],
      why: 'master/camera1 is lost (understudy-input-loss-master-camera1): to backup/spare',
      command: {
        action: 'switch',
        program: 'camera1',
        source: 'backup/spare',
        until: NOW + PIN_MS,
        by: 'alarm understudy-input-loss-master-camera1',
        reason: 'master/camera1 is lost (understudy-input-loss-master-camera1)',
        sequence: NOW,
        notAfter: NOW + COMMAND_LIFE_MS,
        automatic: true,
      },
    });
  });

  it('loses nothing on its way through the document', () => {
    if (first === undefined) throw new Error('no command');
    const parameters = documentParameters(first.command);
    for (const [name, [value = '']] of Object.entries(parameters)) {
      const { pattern } = DOCUMENT_PARAMETERS[name as keyof typeof DOCUMENT_PARAMETERS];
      expect(value).toMatch(new RegExp(`^${pattern}$`));
    }
    const { by, reason } = first.command;
    expect(parameters).toMatchObject({ by: [by], reason: [reason] });
  });
});
