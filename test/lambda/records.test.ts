/** What a run writes into the log and puts on the bus. */
import { describe, expect, it } from '@jest/globals';
import { CONTROL_METRICS } from '../../runtime/contract/metric-names.ts';
import { controlEvents } from '../../runtime/lambda/control-events.ts';
import type { HostOutcome } from '../../runtime/lambda/executor.ts';
import { logLine } from '../../runtime/lambda/log-line.ts';
import type { RunRecord } from '../../runtime/lambda/run-record.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { SWITCH, summaryOf, switchOn, topologyOf } from './samples.ts';

const ALARM = 'show-input-loss-master-camera1';
const EVENT = { kind: 'alarm', alarm: ALARM, state: 'ALARM', previousState: 'OK', at: EPOCH - 900 } as const;
const DONE: HostOutcome = { host: 'master-camera1', outcome: 'done', isFine: true, why: '' };
const LATE: HostOutcome = { host: 'backup-spare', outcome: 'no answer', isFine: false, why: 'not in time' };

function recordOf(over: Partial<RunRecord> = {}): RunRecord {
  return {
    topology: topologyOf(1),
    event: EVENT,
    at: EPOCH + 0.4,
    durationMs: 2_345.6,
    alarms: new Map([[ALARM, { state: 'ALARM', since: EPOCH - 900 }]]),
    hosts: new Map([
      ['master-camera1', { kind: 'summary', instance: 'i-1', summary: summaryOf('master-camera1') }],
      ['backup-spare', { kind: 'silent', why: 'no answer from it' }],
    ]),
    findings: [{ severity: 'info', subject: 'camera1', text: 'its input is lost' }],
    commands: [{ planned: switchOn('master-camera1', 'backup-spare'), hosts: [DONE, LATE] }],
    problems: [],
    ...over,
  };
}

describe('the line of the log', () => {
  const lineOf = (over: Partial<RunRecord> = {}) => JSON.parse(logLine(recordOf(over)));

  it('says what was known, what was done, and what came of it', () => {
    expect(lineOf()).toMatchObject({
      level: 'error',
      time: EPOCH,
      event: 'control',
      msg: `${ALARM} is ALARM; 1 command; not carried out on 1 host`,
      cause: EVENT,
      durationMs: 2_346,
      problems: [],
      commands: [{ command: SWITCH, why: 'its input is lost', hosts: [DONE, LATE] }],
      findings: [{ severity: 'info', subject: 'camera1', text: 'its input is lost' }],
      hosts: ['master-camera1: serving, i-1', 'backup-spare: silent, no answer from it'],
      alarms: [`${ALARM}: ALARM`],
    });
  });

  it.each<[string, Partial<RunRecord>, string, string]>([
    [
      'nothing to do',
      { event: { kind: 'reconcile' }, commands: [] },
      'info',
      'reconciliation; nothing to do',
    ],
    [
      'a problem',
      { commands: [], problems: ['alarms: X'] },
      'error',
      `${ALARM} is ALARM; nothing to do; alarms: X`,
    ],
  ])('has one level and one text: %s', (_name, over, level, msg) => {
    expect(lineOf(over)).toMatchObject({ level, msg });
  });

  it('holds all metrics of the contract, as CloudWatch reads them out of it', () => {
    const line = lineOf();
    const [directive, ...others] = line._aws.CloudWatchMetrics;
    expect(others).toEqual([]);
    expect(line._aws.Timestamp).toBe(EPOCH);
    expect(directive).toEqual({
      Namespace: 'Understudy/Test',
      Dimensions: [['Deployment']],
      Metrics: Object.entries(CONTROL_METRICS).map(([Name, { unit }]) => ({ Name, Unit: unit })),
    });
    // Metrics and dimensions are looked up at the root of the line.
    const root = Object.fromEntries(Object.keys(CONTROL_METRICS).map((name) => [name, line[name]]));
    expect(root).toEqual({
      ControlCommands: 2,
      ControlFailures: 1,
      ControlRepairs: 0,
      ControlSilentHosts: 1,
      ControlDuration: 2_346,
    });
    expect(line.Deployment).toBe('show');
  });

  it('counts what reconciliation had to command as repairs', () => {
    expect(lineOf({ event: { kind: 'reconcile' } }).ControlRepairs).toBe(2);
  });

  it('stays one event of CloudWatch Logs, however much there is to say', () => {
    const hosts = Array.from({ length: 200 }, () => ({ ...LATE, why: '…'.repeat(200) }));
    const commands = Array.from({ length: 50 }, () => ({ planned: switchOn('backup-spare'), hosts }));
    const line = logLine(recordOf({ commands }));
    expect(Buffer.byteLength(line)).toBeLessThan(256 * 1_024);
    expect(JSON.parse(line)).toMatchObject({
      isCut: true,
      ControlFailures: 10_000,
      alarms: [`${ALARM}: ALARM`],
    });
  });
});

describe('events', () => {
  const eventsOf = (over: Partial<RunRecord> = {}) =>
    controlEvents(recordOf(over)).map(({ Source, DetailType, Detail }) => ({
      Source,
      DetailType,
      detail: JSON.parse(Detail ?? ''),
    }));

  it('say which command was given, why, and what came of it', () => {
    expect(eventsOf()).toEqual([
      {
        Source: 'understudy.control',
        DetailType: 'Understudy Switch',
        detail: {
          deployment: 'show',
          cause: EVENT,
          ...SWITCH,
          why: 'its input is lost',
          hosts: [DONE, LATE],
        },
      },
    ]);
  });

  it.each([
    ['repair', 'Understudy Repair'],
    ['page', 'Understudy Page'],
  ] as const)('say what somebody may have to know: %s', (severity, type) => {
    const findings = [{ severity, subject: 'camera1', text: 'off air' }];
    expect(eventsOf({ commands: [], findings })).toEqual([
      {
        Source: 'understudy.control',
        DetailType: type,
        detail: { deployment: 'show', cause: EVENT, subject: 'camera1', text: 'off air' },
      },
    ]);
  });

  it('are none where nothing happened', () => {
    expect(eventsOf({ commands: [] })).toEqual([]);
  });

  it('fit, ten of them, into what the bus takes', () => {
    const hosts = Array.from({ length: 500 }, () => ({ ...LATE, why: '…'.repeat(200) }));
    const [event] = controlEvents(recordOf({ commands: [{ planned: switchOn('backup-spare'), hosts }] }));
    expect(10 * Buffer.byteLength(event?.Detail ?? '')).toBeLessThan(256 * 1_024);
    expect(JSON.parse(event?.Detail ?? '')).toMatchObject({ program: 'camera1', isCut: true });
  });
});
