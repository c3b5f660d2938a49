import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RtspCamera } from '../support/rtsp-camera.ts';
import { until } from '../support/until.ts';

/** `understudy run` as a process, with a camera: what the system sees of its children. */

const COMMAND = join(import.meta.dirname, '../../runtime/understudy.mjs');
const CLIP = join(import.meta.dirname, '../../runtime/clips/camera1.flv');
const TEST_MS = 90_000;
const WAIT_MS = 40_000;

describe('a host with a camera', () => {
  let directory: string;
  let camera: RtspCamera;
  let host: ChildProcess;
  let said: string;

  const lines = (): Array<Record<string, unknown>> =>
    // Only whole lines: the last may still be coming.
    said
      .slice(0, said.lastIndexOf('\n') + 1)
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const onAir = (): boolean => lines().some(({ event, to }) => event === 'switch' && to === 'master/door');
  const childPid = (): number =>
    lines().flatMap(({ event, pid }) => (event === 'camera' && typeof pid === 'number' ? [pid] : []))[0] ?? 0;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'understudy-camera-process-'));
    camera = await RtspCamera.start({ clip: CLIP });
    const file = join(directory, 'config.json');
    const any = { port: 0 };
    const masters = [{ name: 'door', camera: { url: camera.url } }];
    writeFileSync(
      file,
      JSON.stringify({ masters, rtmp: { ...any, host: '127.0.0.1' }, http: any, control: any }),
    );
    said = '';
    host = spawn(process.execPath, [COMMAND, 'run', '--config', file, '--log-format', 'json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    host.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
    });
    await until('the camera is on air', onAir, WAIT_MS);
  }, TEST_MS);

  afterEach(async () => {
    host.kill('SIGKILL');
    await camera.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it(
    'takes its child along where it is killed',
    async () => {
      const pid = childPid();
      expect(isAlive(pid)).toBe(true);
      host.kill('SIGKILL');
      await until("the camera's process has ended", () => !isAlive(pid), WAIT_MS);
    },
    TEST_MS,
  );

  it(
    'ends its child in order where it is stopped',
    async () => {
      const pid = childPid();
      const exited = new Promise((resolve) => host.on('exit', resolve));
      host.kill('SIGTERM');
      // Windows kills at once: then the child sees its input end.
      if (process.platform !== 'win32') expect(await exited).toBe(0);
      await until("the camera's process has ended", () => !isAlive(pid), WAIT_MS);
    },
    TEST_MS,
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Where nobody collects orphans, a process that has ended still has its number.
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
