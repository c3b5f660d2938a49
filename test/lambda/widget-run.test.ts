/** The widget's function on an endpoint on the loopback address: what a button does on hosts, and what is shown then. */
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeSummary } from '../../runtime/contract/summary-text.ts';
import { awsConnections } from '../../runtime/lambda/aws-connections.ts';
import { RunCommand } from '../../runtime/lambda/run-command.ts';
import { widgetRun } from '../../runtime/lambda/widget-run.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { quickClock } from './quick-clock.ts';
import { answer, hostsOf, summaryOf, topologyOf } from './samples.ts';
import { StandIn, type StandInHost } from './stand-in.ts';

const topology = topologyOf(2);
const [ONE = ''] = topology.hosts.map(({ name }) => name);
const WIDGET = { widgetContext: { dashboardName: 'show' } };

let aws: StandIn;
let undo: () => Promise<void>;
let told: Array<Record<string, string>>;
beforeEach(async () => {
  aws = new StandIn();
  told = [];
  aws.hosts = hostsOf(
    topology,
    Object.fromEntries(topology.hosts.map(({ name }) => [name, hostCalled(name)])),
  );
  undo = await aws.open();
});
afterEach(() => undo());

/** A host that shows the backup once it has been told to. */
function hostCalled(name: string): StandInHost['run'] {
  let onAir = 'master/camera1';
  return (parameters) => {
    if (parameters.action !== 'status') {
      told.push(parameters);
      onAir = parameters.source ?? onAir;
      return { output: JSON.stringify(answer('done')) };
    }
    const program = {
      name: 'camera1',
      resting: false,
      onAir,
      health: { 'master/camera1': 'live', 'backup/spare': 'live' } as const,
      pin: null,
      drill: null,
      viewers: 3,
      lastSwitch: null,
      warnings: 0,
    };
    return { output: encodeSummary(summaryOf(name, { programs: [program] })) };
  };
}

async function run(event: object): Promise<string> {
  const { options, release } = awsConnections();
  const client = new SSMClient(options);
  const clock = quickClock();
  const runCommand = new RunCommand({ client, document: 'show-command', deployment: 'show', clock });
  try {
    return await widgetRun({ ...WIDGET, ...event }, { runCommand, clock, topology, endpoint: 'arn:widget' });
  } finally {
    release();
  }
}

describe('the widget', () => {
  it('says what it is, without asking a host', async () => {
    expect(await run({ describe: true })).toMatch(/^### Understudy\n/);
    expect(aws.calls).toEqual([]);
  });

  it('shows what hosts say, and names those that say nothing', async () => {
    aws.hosts = aws.hosts.map((host) =>
      host.name === ONE ? { ...host, run: () => ({ output: '?' }) } : host,
    );
    const page = await run({});
    expect(page).toContain('live/camera1');
    expect(page).toContain('master/camera1: live');
    expect(page).toContain(`${ONE} does not answer`);
    expect(told).toEqual([]);
  });

  it('puts the backup on air on all hosts, as a person, and shows it', async () => {
    const page = await run({ do: 'switch', program: 'camera1', source: 'backup/spare' });
    expect(told).toHaveLength(3);
    for (const parameters of told) {
      const { until, sequence, notAfter, ...rest } = parameters;
      expect(rest).toEqual({
        action: 'switch',
        program: 'camera1',
        source: 'backup/spare',
        by: 'dashboard show',
        reason: 'button',
        automatic: 'no',
      });
      expect(Number(sequence)).toBeGreaterThanOrEqual(EPOCH);
      expect(Number(until) - Number(sequence)).toBe(3_600_000);
      expect(Number(notAfter) - Number(sequence)).toBe(30_000);
    }
    expect(page).toContain('camera1: done on 3 hosts');
    expect(page).toContain('>backup/spare');
  });

  it.each(['release', 'drill'])('takes a %s to all hosts', async (action) => {
    await run({ do: action, program: 'camera1' });
    expect(told.map((parameters) => parameters.action)).toEqual([action, action, action]);
  });

  it('says which host would not, and why', async () => {
    aws.hosts = hostsOf(topology, {
      [ONE]: ({ action }) =>
        action === 'status'
          ? { output: encodeSummary(summaryOf(ONE)) }
          : { output: JSON.stringify(answer('refused', 'no other candidate of camera1 is live')), status: 1 },
    });
    expect(await run({ do: 'drill', program: 'camera1' })).toContain(
      `camera1: done on 2 hosts; refused on ${ONE} (no other candidate of camera1 is live)`,
    );
  });

  it('does nothing for what is none of its buttons', async () => {
    const page = await run({ do: 'switch', program: 'camera1', source: 'master/camera2' });
    expect(page).toContain('Nothing was done: camera1 has no such candidate');
    expect(told).toEqual([]);
  });

  it('says so where Systems Manager is down', async () => {
    aws.misbehave = (operation) => (operation === 'SendCommand' ? 'denied' : null);
    const page = await run({ do: 'release', program: 'camera1' });
    expect(page).toMatch(/camera1: not sent on /);
    expect(page).toMatch(/does not answer: could not be asked/);
  });
});
