/** Whole runs: the real SDK clients, an endpoint on the loopback address, and a plan of the test's. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AwsClients, createAwsClients } from '../../runtime/lambda/aws-clients.ts';
import { controlRun } from '../../runtime/lambda/control-run.ts';
import { PageMemory } from '../../runtime/lambda/page-memory.ts';
import type { ControlEvent, Plan } from '../../runtime/lambda/plan.ts';
import type { Situation } from '../../runtime/lambda/planner.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { quickClock } from './quick-clock.ts';
import { answer, hostsOf, planOf, summaryOf, switchOn, topologyOf } from './samples.ts';
import { StandIn, type StandInHost } from './stand-in.ts';

const ENOUGH_MS = 60_000;
const EVENT: ControlEvent = {
  kind: 'alarm',
  alarm: 'show-input-loss-master-camera1',
  state: 'ALARM',
  previousState: 'OK',
  at: EPOCH - 900,
};
const topology = topologyOf(2);
const NAMES = topology.hosts.map(({ name }) => name);
const [ONE = '', TWO = ''] = NAMES;

let aws: StandIn;
let clients: AwsClients;
let undo: () => Promise<void>;
let facts: Situation | null;
let lines: string[];
let pages: PageMemory;
beforeEach(async () => {
  aws = new StandIn();
  aws.hosts = hostsOf(topology);
  aws.alarms = new Map(NAMES.map((name) => [`show-host-lost-${name}`, 'OK']));
  undo = await aws.open();
  clients = createAwsClients();
  facts = null;
  lines = [];
  pages = new PageMemory();
});
afterEach(async () => {
  clients.release();
  await undo();
});

function run(planned: Plan, remainingMs = ENOUGH_MS): Promise<void> {
  return controlRun(EVENT, remainingMs, {
    clients,
    clock: quickClock(),
    topology,
    document: 'show-command',
    channels: {},
    pages,
    plan: (given) => {
      facts = given;
      return planned;
    },
    write: (line) => lines.push(line),
  });
}

/** The one line of the run. */
function line() {
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

describe('a run', () => {
  it('plans with what it read, tells the hosts, and records', async () => {
    await run(planOf(switchOn(...NAMES)));
    expect(facts).toMatchObject({ event: EVENT, topology });
    expect(facts?.now).toBeGreaterThan(EPOCH);
    expect([...(facts?.alarms ?? [])].map(([name, { state }]) => [name, state])).toEqual([...aws.alarms]);
    expect([...(facts?.reports.values() ?? [])].map(({ kind }) => kind)).toEqual(NAMES.map(() => 'summary'));
    expect(line()).toMatchObject({
      level: 'info',
      ControlCommands: 3,
      ControlFailures: 0,
      ControlSilentHosts: 0,
    });
    const [{ Entries }] = aws.inputs('PutEvents');
    expect(Entries.map(({ DetailType }: { DetailType: string }) => DetailType)).toEqual([
      'Understudy Switch',
    ]);
  });

  it('with nothing to do puts no event and gives no command', async () => {
    await run(planOf());
    expect(line()).toMatchObject({ level: 'info', msg: `${EVENT.alarm} is ALARM; nothing to do` });
    expect(aws.inputs('PutEvents')).toEqual([]);
    expect(aws.inputs('SendCommand').map(({ Parameters }) => Parameters)).toEqual([{ action: ['status'] }]);
  });

  it('with much to say puts ten events at a time', async () => {
    await run(planOf(...Array.from({ length: 23 }, () => switchOn(ONE))));
    expect(aws.inputs('PutEvents').map(({ Entries }) => Entries.length)).toEqual([10, 10, 3]);
  });

  it('leaves no connection behind that freezing could spoil, and the next one works', async () => {
    for (let runs = 0; runs < 2; runs += 1) {
      await run(planOf(switchOn(ONE)));
      expect(aws.sockets.size).toBeGreaterThan(0);
      clients.release();
      await until('all connections to end', () => aws.sockets.size === 0);
    }
  });
});

describe('a run fails once it has recorded, so that Lambda tries again', () => {
  it('where a host does not carry a command out', async () => {
    aws.hosts = hostsOf(topology, {
      [TWO]: ({ action }) => ({
        output: JSON.stringify(action === 'status' ? summaryOf(TWO) : answer('refused', 'no such program')),
      }),
    });
    await expect(run(planOf(switchOn(...NAMES)))).rejects.toThrow(
      'commands were not carried out on hosts: 1',
    );
    expect(line()).toMatchObject({ level: 'error', ControlCommands: 3, ControlFailures: 1 });
    expect(aws.inputs('PutEvents')).toHaveLength(1);
  });

  it('where Systems Manager does not work; it plans with silent hosts before', async () => {
    aws.misbehave = (operation) => (operation === 'SendCommand' ? 'denied' : null);
    await expect(run(planOf(switchOn(ONE)))).rejects.toThrow('commands were not carried out on hosts: 1');
    expect([...(facts?.reports.values() ?? [])].map(({ kind }) => kind)).toEqual(NAMES.map(() => 'silent'));
    expect(line()).toMatchObject({
      problems: ['hosts: AccessDeniedException, HTTP 400'],
      commands: [{ hosts: [{ host: ONE, outcome: 'not sent', why: 'AccessDeniedException, HTTP 400' }] }],
      ControlSilentHosts: 3,
    });
  });

  it('where alarms cannot be read; it goes on with the event', async () => {
    aws.misbehave = (operation) => (operation === 'DescribeAlarms' ? 'denied' : null);
    await expect(run(planOf(switchOn(ONE)))).rejects.toThrow('alarms: AccessDeniedException, HTTP 400');
    expect(facts?.alarms.size).toBe(0);
    expect(facts?.event).toEqual(EVENT);
    expect(line()).toMatchObject({ level: 'error', ControlCommands: 1, ControlFailures: 0 });
  });

  it.each([
    ['the bus is closed', () => 'denied' as const, [], 'events: AccessDeniedException, HTTP 400'],
    ['the bus takes a part', () => null, [null, 'InternalFailure'], 'events: 1 not taken, InternalFailure'],
  ])('where %s', async (_name, how, refused, problem) => {
    aws.misbehave = (operation) => (operation === 'PutEvents' ? how() : null);
    aws.refusedEvents = refused;
    await expect(run(planOf(switchOn(ONE), switchOn(TWO)))).rejects.toThrow(problem);
    expect(line()).toMatchObject({ level: 'error', problems: [problem], ControlFailures: 0 });
  });

  it('and nothing that it writes or throws says what AWS said', async () => {
    aws.misbehave = () => 'denied';
    await expect(run(planOf(switchOn(ONE)))).rejects.not.toThrow('secret-of-the-test');
    expect(lines.join()).not.toContain('secret-of-the-test');
  });
});

describe('a run is over in time', () => {
  const REMAINING_MS = 1_600;

  it.each<[string, () => void]>([
    [
      'hosts hang',
      () => (aws.hosts = aws.hosts.map((host): StandInHost => ({ ...host, run: () => 'never' }))),
    ],
    ['all of AWS is silent', () => (aws.misbehave = () => 'silent')],
    ['all of AWS is busy', () => (aws.misbehave = () => 'throttled')],
    ['all of AWS is down', () => (aws.misbehave = () => 'down')],
  ])('with its line written, although %s', async (_name, spoil) => {
    spoil();
    // A timer of the same process: whatever holds the machine up holds up both.
    let isTimeUp = false;
    const timer = setTimeout(() => {
      isTimeUp = true;
    }, REMAINING_MS);
    await expect(run(planOf(switchOn(...NAMES)), REMAINING_MS)).rejects.toThrow(
      'not carried out on hosts: 3',
    );
    clearTimeout(timer);
    expect(isTimeUp).toBe(false);
    expect(line()).toMatchObject({ ControlSilentHosts: 3, ControlFailures: 3 });
  });
});
