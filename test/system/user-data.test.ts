/**
 * The user data of the synthesized template makes an instance a host, with the real bundle under a real systemd; and where a
 * step fails, CloudFormation and the console are told.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { tarArchive } from '../../lib/constructs/tar-archive.ts';
import { decodeSummary } from '../../runtime/contract/summary-reader.ts';
import { publishRtmp } from '../../runtime/rtmp/client.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { testConfig } from '../lib/support/app.ts';
import { edgeUserDataOf, hostsStack, userDataOf } from '../lib/support/hosts-template.ts';
import { freePorts } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import { INSTANCE_ID, Instance, type InstanceOptions } from './instance.ts';
import { InstanceMetadata } from './instance-metadata.ts';

const ROOT = join(import.meta.dirname, '../..');
const HOST = 'master-camera1';
const STREAM_KEY = 'StreamKeyOfCamera1InTheTests0001';
const RELAY_KEY = 'RelayKeyOfAllHostsInTheTests0001';
/** The first time, a Debian is made. */
const PREPARE_MS = 600_000;
const TEST_MS = 120_000;
const PATIENCE_MS = 30_000;

let folder: string;
let ports: { rtmp: number; http: number; control: number };
let whole: InstanceOptions;
let edge: InstanceOptions;
let objectName: string;
let instance: Instance | undefined;
let squatter: Server | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-user-data-'));
  const bundle = join(folder, 'bundle');
  buildBundle(ROOT, bundle);
  const [rtmp = 0, http = 0, control = 0] = await freePorts(3);
  ports = { rtmp, http, control };
  const listeners = { rtmp: { port: rtmp }, http: { port: http }, control: { port: control } };
  const stack = hostsStack(testConfig({ ...listeners, aws: { edges: {} } }), bundle);
  const region = { 'AWS::Region': 'eu-central-1', 'AWS::AccountId': '123456789012' };
  const userData = userDataOf(stack, region).get(HOST) ?? '';
  objectName = /'s3:\/\/(.*\.tar)'/.exec(userData)?.[1] ?? '';
  const secretOf = (name: string): string =>
    new RegExp(`^fetch '${name}' '(.*)'$`, 'm').exec(userData)?.[1] ?? '';
  const objects = { [objectName]: tarArchive(bundle) };
  const relaySecret = { [secretOf('relay.key')]: RELAY_KEY };
  whole = { userData, objects, secrets: { [secretOf(`${HOST}.key`)]: STREAM_KEY, ...relaySecret } };
  edge = { userData: edgeUserDataOf(stack, region), objects, secrets: relaySecret };
}, PREPARE_MS);

afterEach(async () => {
  if (instance !== undefined) noSecretIsIn(await saidBy(instance));
  await instance?.machine.stop();
  instance = undefined;
  squatter?.close();
  squatter = undefined;
}, PREPARE_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('of the template is accepted by shellcheck, with the scripts that it writes', () => {
  const written = (path: string, { userData }: InstanceOptions): string =>
    new RegExp(`^cat >${path} <<'END_OF_FILE'\\n(.*?\\n)END_OF_FILE$`, 'ms').exec(userData)?.[1] ?? '';
  const inner = [
    written('/opt/understudy/fetch-keys', whole),
    written('/usr/local/bin/understudy', whole),
    written('/opt/understudy/drain-when-terminated', edge),
  ];
  for (const script of [whole.userData, edge.userData, ...inner]) {
    expect(script).toMatch(/^#!\/bin\/(ba)?sh\n/);
    expect(execFileSync('shellcheck', ['-'], { input: script, encoding: 'utf8' })).toBe('');
  }
});

it(
  'makes the instance a host that serves, takes its encoder with the key, and says so',
  async () => {
    const started = performance.now();
    instance = new Instance(whole);
    expect(await instance.boot()).toBe(true);
    console.log(`machine and user data: ${Math.round(performance.now() - started)} ms`);
    expect(instance.signals).toEqual([signalOf('SUCCESS')]);
    await consoleShows(`understudy: ${HOST} serves`);
    const health = await fetch(`http://127.0.0.1:${ports.http}/healthz`);
    expect(health.status).toBe(200);

    const url = `rtmp://127.0.0.1:${ports.rtmp}/master/camera1`;
    await expect(publishRtmp(`${url}?key=${RELAY_KEY}`, { clock })).rejects.toThrow();
    const publisher = await publishRtmp(`${url}?key=${STREAM_KEY}`, { clock });
    publisher.close();

    const { machine } = instance;
    expect(await machine.property('understudy.service', 'ActiveState')).toBe('active');
    expect((await machine.run('systemctl', 'is-enabled', 'understudy')).trim()).toBe('enabled');
    const credentials = join(machine.root, 'etc/understudy/credentials');
    expect(statSync(credentials).mode & 0o777).toBe(0o700);
    for (const name of [`${HOST}.key`, 'relay.key']) {
      expect(statSync(join(credentials, name)).mode & 0o777).toBe(0o600);
    }
    // As Run Command runs it. The control port is that of the configuration.
    const summary = decodeSummary(await machine.run('/usr/local/bin/understudy', 'status', '--brief'));
    expect(summary).toMatchObject({ host: HOST, state: 'serving', programs: [{ name: 'camera1' }, {}, {}] });
    // What the agent sends: the lines of the host and of systemd about it.
    expect(instance.linesOf('aws/agent')).toEqual([
      '-a fetch-config -m ec2 -s -c file:/etc/understudy/cloudwatch-agent.json',
    ]);
    const agent = readFileSync(join(machine.root, 'etc/understudy/cloudwatch-agent.json'), 'utf8');
    expect(JSON.parse(agent)).toHaveProperty('logs.logs_collected.files.collect_list');
    const shipped = (): boolean => {
      const lines = instance?.linesOf('var/log/understudy/understudy.log') ?? [];
      return (
        lines.some((line) => line.includes('"event":"publish"')) &&
        lines.some((line) => line.startsWith('Started understudy.service'))
      );
    };
    await until('the log is where the agent reads it', shipped, PATIENCE_MS);
    await machine.run('logrotate', '--debug', '/etc/logrotate.d/understudy');
  },
  TEST_MS,
);

it(
  'makes the instance an edge of a name of its own, which stops when its group is about to terminate it',
  async () => {
    const metadata = new InstanceMetadata();
    const metadataPort = await metadata.open();
    try {
      instance = new Instance({ ...edge, metadataPort });
      expect(await instance.boot()).toBe(true);
      expect(instance.signals).toEqual([signalOf('SUCCESS', 'EdgesGroup')]);
      const { machine } = instance;
      const summary = decodeSummary(await machine.run('/usr/local/bin/understudy', 'status', '--brief'));
      expect(summary).toMatchObject({ host: `edge-${INSTANCE_ID}`, state: 'serving' });
      await until('it asks what its group means to do', () => metadata.asked > 0, PATIENCE_MS);
      expect(await machine.property('understudy.service', 'ActiveState')).toBe('active');
      metadata.lifecycleState = 'Terminated';
      const isStopped = async (): Promise<boolean> =>
        (await machine.property('understudy.service', 'ActiveState')) === 'inactive';
      await until('the host to have stopped', isStopped, PATIENCE_MS);
      // It was told to, and did not die.
      expect(await machine.property('understudy.service', 'Result')).toBe('success');
    } finally {
      metadata.close();
    }
  },
  TEST_MS,
);

it(
  'fails loudly when the download is not the bundle that was deployed',
  async () => {
    const corrupt = Buffer.from(whole.objects[objectName] ?? []);
    corrupt.writeUInt8(corrupt.readUInt8(10_000) ^ 1, 10_000);
    await failsAt('verify the bundle', { objects: { [objectName]: corrupt } }, /understudy\.tar: FAILED/);
  },
  TEST_MS,
);

it(
  'fails loudly when a secret is missing',
  async () => {
    await failsAt('fetch the keys', { secrets: {} }, /ResourceNotFoundException/);
  },
  TEST_MS,
);

it(
  'fails loudly when a secret is empty',
  async () => {
    const secrets = Object.fromEntries(Object.keys(whole.secrets).map((name) => [name, '']));
    // `aws` prints a line end even then.
    await failsAt('fetch the keys', { secrets }, /the secret for master-camera1\.key is empty/);
  },
  TEST_MS,
);

it(
  'fails loudly when the packages cannot be had',
  async () => {
    await failsAt('install packages', { hasMirror: false }, /Failed to download metadata/);
  },
  TEST_MS,
);

it(
  'fails loudly when the port is taken, with what the host said about it',
  async () => {
    squatter = createServer().listen(ports.http, '0.0.0.0');
    await failsAt(
      'start the host',
      {},
      /http\.port: cannot listen on port \d+: another program listens there/,
    );
  },
  TEST_MS,
);

/** Boots an instance that differs by `changes`: it must stop at the step, and say so to the console and to the stack. */
async function failsAt(step: string, changes: Partial<InstanceOptions>, said: RegExp): Promise<void> {
  instance = new Instance({ ...whole, ...changes });
  expect(await instance.boot()).toBe(false);
  expect(instance.signals).toEqual([signalOf('FAILURE')]);
  await consoleShows(`: ${step}`);
  const { console: shown } = instance.machine;
  const end = shown.slice(shown.indexOf('does not serve. Its log:'));
  expect(end).toMatch(said);
  expect(end).toMatch(new RegExp(`the boot failed with status \\d+: ${step}`));
}

function consoleShows(text: string): Promise<unknown> {
  return until(
    `the console shows "${text}"`,
    () => instance?.machine.console.includes(text) ?? false,
    PATIENCE_MS,
  );
}

function signalOf(status: string, resource = 'mastercamera1Instance'): RegExp | string {
  return expect.stringMatching(
    new RegExp(
      `^--status ${status} --stack-name Hosts --logical-resource-id ${resource}\\w+ --unique-id ${INSTANCE_ID}$`,
    ),
  ) as unknown as string;
}

/** Everything that leaves the instance, or stays on it for others to read. */
async function saidBy({ machine, linesOf }: Instance): Promise<string> {
  const journal = await machine.run('journalctl', '--output=export');
  const logs = ['boot', 'understudy'].flatMap((name) =>
    linesOf.call(instance, `var/log/understudy/${name}.log`),
  );
  return [journal, machine.console, ...logs].join('\n');
}

function noSecretIsIn(text: string): void {
  for (const secret of [STREAM_KEY, RELAY_KEY]) expect(text).not.toContain(secret);
}
