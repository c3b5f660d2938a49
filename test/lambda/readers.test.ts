/** Alarms and hosts, read through the real SDK clients from an endpoint on the loopback address. */
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ProgramSummary } from '../../runtime/contract/host-summary.ts';
import { encodeSummary } from '../../runtime/contract/summary-text.ts';
import { readAlarms } from '../../runtime/lambda/alarm-reader.ts';
import { type AwsClients, createAwsClients } from '../../runtime/lambda/aws-clients.ts';
import { type HostAnswers, readHosts } from '../../runtime/lambda/host-reader.ts';
import { RunCommand } from '../../runtime/lambda/run-command.ts';
import { until } from '../support/until.ts';
import { quickClock } from './quick-clock.ts';
import { hostsOf, instanceOf, summaryOf, topologyOf } from './samples.ts';
import { StandIn, type StandInHost } from './stand-in.ts';

function programSummary(name: string): ProgramSummary {
  return {
    name,
    resting: false,
    onAir: `master/${name}`,
    health: { [`master/${name}`]: 'live', 'backup/spare': 'live', slate: 'live' },
    pin: null,
    drill: null,
    viewers: 0,
    lastSwitch: null,
    warnings: 0,
  };
}

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

describe('alarms', () => {
  const read = (masters: number) => readAlarms(clients.cloudWatch, topologyOf(masters), limit.signal);

  it('of all inputs and hosts are read, with when they came into their state', async () => {
    aws.alarms = new Map([
      ['show-input-loss-master-camera1', 'ALARM'],
      ['show-host-lost-master-camera1', 'OK'],
      ['show-input-loss-backup-spare', 'INSUFFICIENT_DATA'],
      ['show-host-lost-backup-spare', 'SPLENDID'],
    ]);
    const since = 1_700_000_000_000;
    expect(await read(1)).toEqual({
      readings: new Map([
        ['show-input-loss-master-camera1', { state: 'ALARM', since }],
        ['show-host-lost-master-camera1', { state: 'OK', since }],
        ['show-input-loss-backup-spare', { state: 'INSUFFICIENT_DATA', since }],
      ]),
      problem: null,
    });
    expect(aws.inputs('DescribeAlarms')).toEqual([
      { AlarmNames: [...aws.alarms.keys()], AlarmTypes: ['MetricAlarm'], MaxRecords: 100 },
    ]);
  });

  it('are read a hundred at a time; what can be read counts where a part cannot', async () => {
    const { hosts } = topologyOf(80);
    aws.alarms = new Map(hosts.map(({ name }) => [`show-host-lost-${name}`, 'OK']));
    aws.misbehave = (_operation, count) => (count === 2 ? 'denied' : null);
    const { readings, problem } = await read(80);
    expect(
      aws
        .inputs('DescribeAlarms')
        .map(({ AlarmNames }) => AlarmNames.length)
        .sort(),
    ).toEqual([100, 62]);
    expect([50, 31]).toContain(readings.size);
    expect(problem).toBe('AccessDeniedException, HTTP 400');
  });

  it('that cannot be read in time are none', async () => {
    aws.misbehave = () => 'silent';
    const answers = read(1);
    await until('the call', () => aws.calls.length === 1);
    limit.abort();
    expect(await answers).toEqual({ readings: new Map(), problem: 'AbortError' });
  });
});

describe('hosts', () => {
  const topology = topologyOf(2);
  const [ONE = '', TWO = '', SPARE = ''] = topology.hosts.map(({ name }) => name);

  function read(hosts: readonly StandInHost[], of = topology): Promise<HostAnswers> {
    aws.hosts = [...hosts];
    const options = {
      client: clients.ssm,
      document: 'show-command',
      deployment: 'show',
      clock: quickClock(),
    };
    const names = of.hosts.map(({ name }) => name);
    return readHosts(new RunCommand(options), names, limit.signal);
  }

  const said = (host: object) => () => ({ output: JSON.stringify(host) });

  it('that answer are known by their instances, edges too', async () => {
    const edge = { instance: 'i-edge', run: said(summaryOf('edge-7')) };
    const { reports, problem } = await read([...hostsOf(topology), edge]);
    expect(problem).toBeNull();
    expect(
      [...reports].map(([host, report]) => [host, report.kind === 'summary' && report.instance]),
    ).toEqual([
      [ONE, instanceOf(0)],
      [TWO, instanceOf(1)],
      [SPARE, instanceOf(2)],
      ['edge-7', 'i-edge'],
    ]);
    expect(aws.inputs('SendCommand')).toHaveLength(1);
  });

  it('that say nothing readable are silent, each with all that went wrong', async () => {
    const { reports } = await read(
      hostsOf(topology, {
        [ONE]: () => ({ output: '', error: 'understudy: no host at 127.0.0.1:9000', status: 3 }),
        [TWO]: said({ ...summaryOf(TWO), programs: [{ name: 'x' }] }),
      }),
    );
    const why = `no answer from it; ${instanceOf(0)}: Failed: understudy: no host at 127.0.0.1:9000; ${instanceOf(1)}: Success: unreadable answer`;
    expect(reports.get(ONE)).toEqual({ kind: 'silent', why });
    expect(reports.get(TWO)).toEqual({ kind: 'silent', why });
    expect(reports.get(SPARE)?.kind).toBe('summary');
  });

  it('with so many programs that they pack their summary are understood', async () => {
    const programs = Array.from({ length: 100 }, (_, n) => programSummary(`the-camera-number-${n}`));
    const summary = summaryOf(ONE, { programs });
    const text = encodeSummary(summary);
    expect(text.slice(0, 3)).toBe('gz:');
    const { reports } = await read(hostsOf(topology, { [ONE]: () => ({ output: `${text}\n` }) }));
    expect(reports.get(ONE)).toMatchObject({ kind: 'summary', summary });
  });

  it('that all fail are not listed in the reason of each', async () => {
    const many = topologyOf(24);
    const failing = hostsOf(many).map(
      (host): StandInHost => ({
        ...host,
        run: () => ({ output: '', error: 'no', status: 3 }),
      }),
    );
    const { reports } = await read(failing, many);
    const named = [0, 1, 2].map((index) => `${instanceOf(index)}: Failed: no`).join('; ');
    expect(reports.get(ONE)).toEqual({ kind: 'silent', why: `no answer from it; ${named}; 22 more` });
  });

  it('of one name: the one that serves counts, not the one that drains', async () => {
    const draining = { instance: 'i-old', run: said(summaryOf(ONE, { state: 'draining' })) };
    for (const hosts of [
      [draining, ...hostsOf(topology)],
      [...hostsOf(topology), draining],
    ]) {
      const { reports } = await read(hosts);
      expect(reports.get(ONE)).toMatchObject({ instance: instanceOf(0) });
    }
  });

  it.each([
    [
      'none of them answers',
      hostsOf(topologyOf(2)).map((host): StandInHost => ({ ...host, run: () => 'never' })),
    ],
    ['there are none', []],
  ])('are all silent where %s', async (_name, hosts) => {
    const answers = read(hosts);
    await until('some rounds', () => aws.inputs('ListCommandInvocations').length > 5);
    limit.abort();
    const { reports, problem } = await answers;
    expect([...reports.values()].map(({ kind }) => kind)).toEqual(['silent', 'silent', 'silent']);
    expect(problem).toBeNull();
  });

  it('are waited for, however many edges are through before it is known that they were asked', async () => {
    const edges = Array.from({ length: 5 }, (_, n) => ({
      instance: `i-${n}`,
      run: said(summaryOf(`edge-${n}`)),
    }));
    aws.isListedLate = (instance) => !edges.some((edge) => edge.instance === instance);
    const { reports } = await read([...edges, ...hostsOf(topology)]);
    expect([...reports.values()].filter(({ kind }) => kind === 'summary')).toHaveLength(8);
  });

  it('are all silent where they cannot be asked, and why is said', async () => {
    aws.misbehave = () => 'denied';
    const { reports, problem } = await read(hostsOf(topology));
    const why = 'could not be asked: AccessDeniedException, HTTP 400';
    expect([...reports.values()]).toEqual([0, 1, 2].map(() => ({ kind: 'silent', why })));
    expect(problem).toBe('AccessDeniedException, HTTP 400');
  });

  it('in any number: 25 of them', async () => {
    const many = topologyOf(24);
    const { reports } = await read(hostsOf(many), many);
    expect([...reports.values()].filter(({ kind }) => kind === 'summary')).toHaveLength(25);
  });
});
