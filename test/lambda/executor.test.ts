/** Commands through the real SDK client to hosts behind an endpoint on the loopback address. */
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AwsClients, createAwsClients } from '../../runtime/lambda/aws-clients.ts';
import { execute, type HostOutcome } from '../../runtime/lambda/executor.ts';
import type { HostReports, PlannedCommand } from '../../runtime/lambda/plan.ts';
import { RunCommand } from '../../runtime/lambda/run-command.ts';
import { until } from '../support/until.ts';
import { quickClock } from './quick-clock.ts';
import { answer, hostsOf, instanceOf, summaryOf, switchOn, topologyOf } from './samples.ts';
import { type ScriptResult, StandIn } from './stand-in.ts';

const topology = topologyOf(2);
const NAMES = topology.hosts.map(({ name }) => name);
const [ONE = '', TWO = '', SPARE = ''] = NAMES;

let aws: StandIn;
let clients: AwsClients;
let undo: () => Promise<void>;
let limit: AbortController;
beforeEach(async () => {
  aws = new StandIn();
  undo = await aws.open();
  clients = createAwsClients();
  limit = new AbortController();
  setMaxListeners(0, limit.signal);
});
afterEach(async () => {
  clients.release();
  await undo();
});

function reportsOf(silent: readonly string[] = []): HostReports {
  return new Map(
    NAMES.map((name, index) => [
      name,
      silent.includes(name)
        ? { kind: 'silent', why: 'no answer from it' }
        : { kind: 'summary', instance: instanceOf(index), summary: summaryOf(name) },
    ]),
  );
}

function carryOut(commands: readonly PlannedCommand[], reports = reportsOf()) {
  const options = { client: clients.ssm, document: 'show-command', deployment: 'show', clock: quickClock() };
  return execute(commands, { runCommand: new RunCommand(options), reports, signal: limit.signal });
}

async function outcomesOn(reports: HostReports, ...hosts: string[]): Promise<readonly HostOutcome[]> {
  const [outcome] = await carryOut([switchOn(...hosts)], reports);
  return outcome?.hosts ?? [];
}

/** Ends the wait for what does not come. */
async function giveUpAfter(operation: string, count: number): Promise<void> {
  await until(`${count} calls of ${operation}`, () => aws.inputs(operation).length >= count);
  limit.abort();
}

function printed(outcome: string, why?: string, status = 0): ScriptResult {
  return { output: `${JSON.stringify(answer(outcome, why))}\n`, status };
}

describe('what a host answers', () => {
  it.each<[string, ScriptResult, Omit<HostOutcome, 'host'>]>([
    ['done', printed('done'), { outcome: 'done', isFine: true, why: '' }],
    [
      'repeated',
      printed('repeated', 'the same again'),
      { outcome: 'repeated', isFine: true, why: 'the same again' },
    ],
    [
      'overtaken',
      printed('overtaken', '7 is later', 1),
      { outcome: 'overtaken', isFine: true, why: '7 is later' },
    ],
    [
      'yielded',
      printed('yielded', 'a drill runs', 1),
      { outcome: 'yielded', isFine: true, why: 'a drill runs' },
    ],
    ['expired', printed('expired', 'too late', 1), { outcome: 'expired', isFine: false, why: 'too late' }],
    [
      'refused',
      printed('refused', 'no such source', 1),
      { outcome: 'refused', isFine: false, why: 'no such source' },
    ],
    [
      'nothing: its script failed',
      { output: '', error: 'understudy: no host at\u001b[31m 127.0.0.1:9000\n', status: 3 },
      {
        outcome: 'failed',
        isFine: false,
        why: `${instanceOf(0)}: Failed: understudy: no host at [31m 127.0.0.1:9000`,
      },
    ],
    [
      'no JSON',
      { output: 'done' },
      { outcome: 'failed', isFine: false, why: `${instanceOf(0)}: Success: unreadable answer` },
    ],
    [
      'more than Systems Manager keeps',
      { output: JSON.stringify({ ...answer('done'), why: 'x'.repeat(24_000) }) },
      { outcome: 'failed', isFine: false, why: `${instanceOf(0)}: Success: unreadable answer` },
    ],
    [
      'something that is no answer',
      { output: '{"outcome":"splendid","why":{"__proto__":1}}' },
      { outcome: 'failed', isFine: false, why: `${instanceOf(0)}: Success: unreadable answer` },
    ],
    [
      'a novel',
      { output: JSON.stringify(answer('refused', 'line\n'.repeat(400))), status: 1 },
      { outcome: 'refused', isFine: false, why: 'line '.repeat(40).trim() },
    ],
  ])('%s', async (_name, result, expected) => {
    aws.hosts = hostsOf(topology, { [ONE]: () => result });
    expect(await outcomesOn(reportsOf(), ONE)).toEqual([{ host: ONE, ...expected }]);
  });
});

describe('who is told', () => {
  it('hosts that answered before by their instances, silent ones by their tags, all at once', async () => {
    aws.hosts = hostsOf(topology);
    const outcomes = await outcomesOn(reportsOf([TWO]), ...NAMES);
    expect(outcomes).toEqual(
      [ONE, SPARE, TWO].map((host) => ({ host, outcome: 'done', isFine: true, why: '' })),
    );
    const targets = aws.inputs('SendCommand').map(({ Targets }) => Targets);
    expect(targets.sort((a, b) => a.length - b.length)).toEqual([
      [{ Key: 'InstanceIds', Values: [instanceOf(0), instanceOf(2)] }],
      [
        { Key: 'tag:understudy:deployment', Values: ['show'] },
        { Key: 'tag:understudy:host', Values: [TWO] },
      ],
    ]);
  });

  it('each host once, in groups that Systems Manager takes', async () => {
    const many = topologyOf(60);
    const names = many.hosts.map(({ name }) => name);
    aws.hosts = hostsOf(many);
    const [outcome] = await carryOut([switchOn(...names)], new Map());
    expect(outcome?.hosts.map(({ isFine }) => isFine)).toEqual(names.map(() => true));
    const told = aws.inputs('SendCommand').map(({ Targets }) => Targets[1].Values);
    expect(told.map((group) => group.length).sort()).toEqual([11, 50]);
    expect(told.flat().sort()).toEqual([...names].sort());
  });

  it('all commands of a plan side by side: one that hangs holds up no other', async () => {
    aws.hosts = hostsOf(topology, { [ONE]: () => 'never' });
    const executed = carryOut([switchOn(ONE), switchOn(TWO)]);
    await giveUpAfter('ListCommandInvocations', 12);
    const outcomes = (await executed).map(({ hosts }) => hosts[0]);
    expect(outcomes).toEqual([
      { host: ONE, outcome: 'no answer', isFine: false, why: `${instanceOf(0)}: In Progress` },
      { host: TWO, outcome: 'done', isFine: true, why: '' },
    ]);
  });
});

describe('what is not carried out', () => {
  it('a host that nobody knows any more is missing', async () => {
    const outcomes = outcomesOn(reportsOf([TWO]), ONE, TWO);
    await giveUpAfter('ListCommandInvocations', 4);
    expect(await outcomes).toEqual(
      [ONE, TWO].map((host) => ({ host, outcome: 'no answer', isFine: false, why: 'not in time' })),
    );
  });

  it('of several silent hosts, one that answers does not say which it is', async () => {
    aws.hosts = hostsOf(topology).slice(0, 1);
    const outcomes = outcomesOn(reportsOf(NAMES), ONE, TWO);
    await giveUpAfter('ListCommandInvocations', 12);
    expect(await outcomes).toEqual([
      { host: instanceOf(0), outcome: 'done', isFine: true, why: '' },
      { host: `one of ${ONE}, ${TWO}`, outcome: 'no answer', isFine: false, why: 'not in time' },
    ]);
  });

  it.each([
    ['denied', 'AccessDeniedException, HTTP 400'],
    ['garbage', 'SyntaxError, HTTP 200'],
  ] as const)('a command that cannot be sent, and why: %s', async (how, why) => {
    aws.misbehave = () => how;
    expect(await outcomesOn(reportsOf(), ONE, TWO)).toEqual(
      [ONE, TWO].map((host) => ({ host, outcome: 'not sent', isFine: false, why })),
    );
  });

  it('a host whose instance has been terminated meanwhile keeps no other from a command', async () => {
    aws.hosts = hostsOf(topology).filter(({ name }) => name !== TWO);
    aws.misbehave = (operation) => {
      const ids = aws.inputs('SendCommand').at(-1)?.Targets[0].Values;
      return operation === 'SendCommand' && ids.includes(instanceOf(1)) ? 'gone' : null;
    };
    const outcomes = await outcomesOn(reportsOf(), ...NAMES);
    expect(outcomes.map(({ host, outcome, why }) => [host, outcome, why])).toEqual([
      [ONE, 'done', ''],
      [TWO, 'not sent', 'InvalidInstanceId, HTTP 400'],
      [SPARE, 'done', ''],
    ]);
  });

  it('a command of a service that is silent', async () => {
    aws.misbehave = () => 'silent';
    const outcomes = outcomesOn(reportsOf(), ONE);
    await giveUpAfter('SendCommand', 1);
    expect(await outcomes).toEqual([{ host: ONE, outcome: 'not sent', isFine: false, why: 'AbortError' }]);
  });
});
