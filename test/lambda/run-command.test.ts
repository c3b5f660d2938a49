/** The real SDK client against an endpoint on the loopback address. */
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AwsClients, createAwsClients } from '../../runtime/lambda/aws-clients.ts';
import { type AreEnough, type CommandTarget, RunCommand } from '../../runtime/lambda/run-command.ts';
import type { WaitingClock } from '../../runtime/media/clock.ts';
import { WaitingFakeClock } from '../cli/waiting-clock.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { quickClock } from './quick-clock.ts';
import { hostsOf, instanceOf, SWITCH, topologyOf } from './samples.ts';
import { StandIn } from './stand-in.ts';

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);
const ALL = { kind: 'deployment' } as const;
const STATUS = { action: 'status' } as const;

let aws: StandIn;
let clients: AwsClients;
let undo: () => Promise<void>;
beforeEach(async () => {
  aws = new StandIn();
  undo = await aws.open();
  clients = createAwsClients();
});
afterEach(async () => {
  clients.release();
  await undo();
});

const areAtLeast =
  (count: number): AreEnough =>
  ({ length }) =>
    length >= count;

function runCommandWith(clock: WaitingClock): RunCommand {
  return new RunCommand({ client: clients.ssm, document: 'show-command', deployment: 'show', clock });
}

describe('a command is sent', () => {
  it('with the document, its parameters, the shortest expiry, and to all hosts whatever one of them says', async () => {
    await runCommandWith(quickClock()).send(SWITCH, ALL, NEVER);
    expect(aws.inputs('SendCommand')).toEqual([
      {
        DocumentName: 'show-command',
        DocumentVersion: '$DEFAULT',
        Parameters: {
          action: ['switch'],
          program: ['camera1'],
          source: ['backup/spare'],
          until: [String(EPOCH + 600_000)],
          by: ['control function'],
          reason: ['master/camera1 is lost'],
          sequence: [String(EPOCH)],
          notAfter: [String(EPOCH + 60_000)],
          automatic: ['yes'],
        },
        Targets: [{ Key: 'tag:understudy:deployment', Values: ['show'] }],
        TimeoutSeconds: 30,
        MaxConcurrency: '100%',
        MaxErrors: '100%',
      },
    ]);
  });

  it.each<[CommandTarget, object[]]>([
    [
      { kind: 'hosts', names: ['master-camera1', 'master-camera2'] },
      [
        { Key: 'tag:understudy:deployment', Values: ['show'] },
        { Key: 'tag:understudy:host', Values: ['master-camera1', 'master-camera2'] },
      ],
    ],
    [{ kind: 'instances', ids: ['i-1', 'i-2'] }, [{ Key: 'InstanceIds', Values: ['i-1', 'i-2'] }]],
  ])('to %j', async (target, targets) => {
    await runCommandWith(quickClock()).send(SWITCH, target, NEVER);
    expect(aws.inputs('SendCommand')[0].Targets).toEqual(targets);
  });

  it('again, for as long as the service is busy or down', async () => {
    // Three calls are one attempt of the SDK.
    aws.misbehave = (_operation, count) => (count <= 4 ? 'down' : null);
    expect(await runCommandWith(quickClock()).send(STATUS, ALL, NEVER)).toBe('command-0');
    expect(aws.inputs('SendCommand')).toHaveLength(5);
  });

  it('not again where it is not allowed to be', async () => {
    aws.misbehave = () => 'denied';
    const sent = runCommandWith(quickClock()).send(STATUS, ALL, NEVER);
    await expect(sent).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(aws.inputs('SendCommand')).toHaveLength(1);
  });

  it('and given up when told, with the reason', async () => {
    aws.misbehave = () => 'down';
    const limit = new AbortController();
    const sent = runCommandWith(quickClock()).send(STATUS, ALL, limit.signal);
    const failed = expect(sent).rejects.toMatchObject({ name: 'InternalServerError' });
    await until('a second attempt', () => aws.inputs('SendCommand').length > 3);
    limit.abort();
    await failed;
  });
});

describe('answers are collected', () => {
  const topology = topologyOf(4);
  const many = topologyOf(24);

  it('once all hosts are through: they appear late, and on several pages', async () => {
    aws.hosts = hostsOf(many);
    aws.lag = { unknown: 2, running: 3 };
    const runCommand = runCommandWith(quickClock());
    const id = await runCommand.send(STATUS, ALL, NEVER);
    const { invocations, problem } = await runCommand.collect(id, areAtLeast(25), NEVER);
    expect(problem).toBeNull();
    expect(invocations.map(({ instance }) => instance)).toEqual(many.hosts.map((_, n) => instanceOf(n)));
    expect(invocations.map(({ output }) => JSON.parse(output ?? '').host)).toEqual(
      many.hosts.map(({ name }) => name),
    );
    // Each output is fetched once.
    expect(aws.inputs('GetCommandInvocation')).toHaveLength(25);
  });

  it.each([
    // Of three calls in a row, the SDK takes care itself, with pauses of its own.
    ['throttled', 1],
    ['down', 4],
    ['missing', 4],
    ['garbage', 4],
  ] as const)('although calls go wrong meanwhile: %s', async (how, times) => {
    aws.hosts = hostsOf(topologyOf(1));
    aws.misbehave = (operation, count) => (operation !== 'SendCommand' && count <= times ? how : null);
    const runCommand = runCommandWith(quickClock());
    const id = await runCommand.send(STATUS, ALL, NEVER);
    const { invocations, problem } = await runCommand.collect(id, areAtLeast(2), NEVER);
    expect(problem).toBeNull();
    expect(invocations.map(({ status }) => status)).toEqual(['Success', 'Success']);
  });

  it('although calls for one instance hang: the others go on, and it is asked again', async () => {
    aws.hosts = hostsOf(topology);
    // As often as the SDK would try by itself, with 3 s each time.
    let hanging = 3;
    aws.misbehave = () => {
      const { operation, input } = aws.calls.at(-1) ?? {};
      if (operation !== 'GetCommandInvocation' || input.InstanceId !== instanceOf(1)) return null;
      hanging -= 1;
      return hanging >= 0 ? 'silent' : null;
    };
    const clock = quickClock();
    const hasty: WaitingClock = { ...clock, after: (delayMs, task) => clock.after(delayMs / 10, task) };
    const runCommand = runCommandWith(hasty);
    const id = await runCommand.send(STATUS, ALL, NEVER);
    const { invocations, problem } = await runCommand.collect(id, areAtLeast(5), NEVER);
    expect(problem).toBeNull();
    expect(invocations.map(({ status }) => status)).toEqual(Array(5).fill('Success'));
  });

  it('until time is over, with what there is by then, and why there is no more', async () => {
    aws.hosts = hostsOf(topology, { 'master-camera2': () => 'never' });
    aws.misbehave = (_operation, count) =>
      aws.inputs('GetCommandInvocation').at(-1)?.InstanceId === instanceOf(2) && count > 0 ? 'denied' : null;
    const limit = new AbortController();
    const runCommand = runCommandWith(quickClock());
    const id = await runCommand.send(STATUS, ALL, NEVER);
    const collected = runCommand.collect(id, areAtLeast(5), limit.signal);
    await until('the others', () => aws.inputs('ListCommandInvocations').length > 20);
    limit.abort();
    const { invocations, problem } = await collected;
    expect(invocations.map(({ isOver }) => isOver)).toEqual([true, false, true, true, true]);
    expect(invocations[1]).toMatchObject({ status: 'In Progress', output: null });
    expect(problem).toBe('AccessDeniedException, HTTP 400');
  });

  it('at pauses that grow to two seconds', async () => {
    const clock = new WaitingFakeClock();
    const pauses: number[] = [];
    const limit = new AbortController();
    const sleep: WaitingClock['sleep'] = async (delayMs) => {
      pauses.push(delayMs);
      if (pauses.length === 8) limit.abort();
    };
    await runCommandWith(Object.assign(clock, { sleep })).collect('command-0', areAtLeast(1), limit.signal);
    expect(pauses.map(Math.round)).toEqual([250, 375, 563, 844, 1_266, 1_898, 2_000, 2_000]);
  });
});
