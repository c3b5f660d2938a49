/** What systemd is told: a real shell runs a `systemd-notify` of ours, which keeps account. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { connectServiceManager, type ServiceManager, watchdogPeriodMs } from '../runtime/service-manager.ts';
import { FakeClock } from './support/fake-clock.ts';
import { until } from './support/until.ts';

const PID = 4_711;
const WATCHED = { WATCHDOG_USEC: '10000000', WATCHDOG_PID: String(PID) };
const HALF_MS = 5_000;
/** Longer than the longest wait before a new shell. */
const RESPAWN_MS = 10_000;

const onPosix = process.platform === 'win32' ? describe.skip : describe;

onPosix('a service of systemd', () => {
  let folder: string;
  let clock: FakeClock;
  let logged: string[];
  let service: ServiceManager;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'understudy-notify-'));
    clock = new FakeClock();
    logged = [];
  });
  afterEach(async () => {
    const stopped = service.stop();
    clock.advance(RESPAWN_MS);
    await stopped;
    rmSync(folder, { recursive: true, force: true });
  });

  /** What each call said, and whose child it was. */
  function said(): Array<{ shell: number; line: string }> {
    const file = join(folder, 'systemd-notify.said');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    return lines.map((text) => {
      const [shell = '', line = ''] = text.split(/ (.*)/);
      return { shell: Number(shell), line };
    });
  }

  function lines(): string[] {
    return said().map(({ line }) => line);
  }

  function connect(env: Record<string, string>, script = 'echo "$PPID $*" >> "$0.said"'): void {
    const program = join(folder, 'systemd-notify');
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    const logger = pino({ base: null }, { write: (line: string) => logged.push(line) });
    const PATH = `${folder}:/usr/bin:/bin`;
    service = connectServiceManager({ env: { PATH, ...env }, pid: PID, clock, logger });
  }

  it('is told when the host is ready, how it is, and that it ends, in that order and by one shell', async () => {
    connect({ NOTIFY_SOCKET: '/run/notify' });
    service.ready();
    service.status('serving 3 programs');
    service.status('serving 3 programs');
    service.stopping();
    service.status('draining:\n2 viewers');
    await service.stop();
    expect(lines()).toEqual([
      'READY=1',
      'STATUS=serving 3 programs',
      'STOPPING=1',
      'STATUS=draining: 2 viewers',
    ]);
    expect(new Set(said().map(({ shell }) => shell)).size).toBe(1);
    expect(logged).toEqual([]);
  });

  it('is fed at half of the watchdog’s time, from readiness to the very end', async () => {
    connect({ NOTIFY_SOCKET: '/run/notify', ...WATCHED });
    clock.advance(10 * HALF_MS);
    service.ready();
    clock.advance(HALF_MS - 1);
    service.status('1 ms to go');
    clock.advance(1);
    service.stopping();
    clock.advance(HALF_MS);
    await service.stop();
    clock.advance(HALF_MS);
    expect(lines()).toEqual(['READY=1', 'STATUS=1 ms to go', 'WATCHDOG=1', 'STOPPING=1', 'WATCHDOG=1']);
  });

  it('is told all of it again by a new shell where the first one is killed, and the log says so once', async () => {
    connect({ NOTIFY_SOCKET: '/run/notify' });
    service.ready();
    service.status('serving');
    const killed: number[] = [];
    /** A shell that is alive and has told all that holds, in order. */
    const teller = (): number | undefined => {
      clock.advance(RESPAWN_MS);
      const [first, second] = said().filter(({ shell }) => !killed.includes(shell));
      return first?.line === 'READY=1' && second?.line === 'STATUS=serving' ? first.shell : undefined;
    };
    for (const name of ['first', 'second', 'third']) {
      const shell = await until(`the ${name} shell tells`, teller);
      process.kill(shell, 'SIGKILL');
      killed.push(shell);
    }
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('SIGKILL');
  });

  it('does not learn the secrets of the environment', async () => {
    connect({ NOTIFY_SOCKET: '/run/notify', CAMERA1_KEY: 's3cret-k3y' }, 'env >> "$0.said"');
    service.ready();
    await service.stop();
    const environment = readFileSync(join(folder, 'systemd-notify.said'), 'utf8');
    expect(environment).toContain('NOTIFY_SOCKET=/run/notify\n');
    expect(environment).not.toContain('s3cret');
  });

  it('that cannot be told is a warning, once, and no more', async () => {
    connect({ NOTIFY_SOCKET: '/run/notify', ...WATCHED }, 'echo "no such socket" >&2; exit 1');
    service.ready();
    await until('it is logged', () => logged.length > 0);
    clock.advance(3 * HALF_MS);
    await service.stop();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('no such socket');
  });

  it('that is none is told nothing', async () => {
    connect(WATCHED);
    service.ready();
    service.status('serving');
    clock.advance(HALF_MS);
    service.stopping();
    await service.stop();
    expect(said()).toEqual([]);
  });
});

describe('the watchdog’s period', () => {
  it.each([
    { name: 'half of what systemd allows', env: WATCHED, ms: HALF_MS },
    { name: 'for whichever process, where none is named', env: { WATCHDOG_USEC: '3000000' }, ms: 1_500 },
    { name: 'none for another process', env: { ...WATCHED, WATCHDOG_PID: '1' }, ms: null },
    { name: 'none without a watchdog', env: {}, ms: null },
    { name: 'none for 0', env: { WATCHDOG_USEC: '0' }, ms: null },
    { name: 'none for what is no number', env: { WATCHDOG_USEC: 'infinity' }, ms: null },
  ])('is $name', ({ env, ms }) => {
    expect(watchdogPeriodMs(env, PID)).toBe(ms);
  });
});
