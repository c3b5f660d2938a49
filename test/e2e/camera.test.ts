import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ownRtmpUrl, planCameras, type RunningCameras, startCameras } from '../../runtime/cameras.ts';
import { systemClock } from '../../runtime/system-clock.ts';
import { makeTestClip } from '../support/clip-maker.ts';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { FfmpegPublisher, FfmpegViewer } from '../support/ffmpeg-peers.ts';
import { RtspCamera } from '../support/rtsp-camera.ts';
import { until } from '../support/until.ts';

/**
 * Cameras as they are: an RTSP camera that wants a login, with sound and ONVIF metadata; one with video alone; an RTMP
 * source with B-frames, which is another host. Each is pulled by a process of its own.
 */

const TEST_MS = 120_000;
/** A process starts, the camera answers, the tracks settle, and a keyframe comes. */
const WAIT_MS = 40_000;
const PASSWORD = 'pass:w0rd-never-to-be-seen';
const LOGIN = { user: 'operator', password: PASSWORD, by: 'digest' } as const;
const FRAME_MS = 34;
const ROUNDING_MS = 6;

describe('cameras end to end', () => {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-camera-'));
  const clip = join(directory, 'camera.flv');
  const rtmpClip = join(directory, 'rtmp.flv');
  const log: Array<Record<string, unknown>> = [];
  const viewers: FfmpegViewer[] = [];
  let camera: RtspCamera;
  let silentCamera: RtspCamera;
  let source: TestHost;
  let test: TestHost;
  let running: RunningCameras;
  let publishers: FfmpegPublisher[] = [];

  const onAir = (name: string): string | null => test.host.control.programState(name)?.onAir ?? null;
  const shows = (name: string, input: string): Promise<unknown> =>
    until(`${name} shows ${input}`, () => onAir(name) === input, WAIT_MS);
  const healthOf = (input: string): unknown =>
    test.host.control.state().inputs.find(({ name }) => name === input)?.health;
  const unpublished = (input: string): number =>
    test.log.filter((line) => line.event === 'unpublish' && line.input === input).length;

  beforeAll(async () => {
    await Promise.all([
      makeTestClip(clip, { bFrames: 0, gopSeconds: 1 }),
      makeTestClip(rtmpClip, { bFrames: 2, gopSeconds: 1 }),
    ]);
    camera = await RtspCamera.start({ clip, login: LOGIN, withMetadata: true });
    silentCamera = await RtspCamera.start({ clip, withAudio: false, login: { ...LOGIN, by: 'basic' } });
    source = await startTestHost({ masters: [{ name: 'studio' }] });
    const login = { env: 'CAMERA_LOGIN' };
    test = await startTestHost({
      masters: [
        { name: 'door', camera: { url: camera.url, login } },
        { name: 'yard', camera: { url: silentCamera.url, login } },
        { name: 'studio', camera: { url: source.rtmpUrl('studio') } },
      ],
      backups: [{ name: 'spare' }],
      failover: { failbackHoldMs: 1_000 },
    });
    publishers = [
      new FfmpegPublisher(rtmpClip, source.publishUrl('master/studio')),
      new FfmpegPublisher(rtmpClip, test.publishUrl('backup/spare')),
    ];
    await Promise.all(publishers.map(({ begun }) => begun));
    const planned = planCameras(test.config, test.keys, {
      directory,
      env: { CAMERA_LOGIN: `${LOGIN.user}:${PASSWORD}` },
    });
    if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
    running = startCameras({
      plans: planned.plans,
      hostUrl: ownRtmpUrl(test.config, test.host.ports.rtmp),
      env: { ...process.env, CAMERA_LOGIN: `${LOGIN.user}:${PASSWORD}` },
      clock: systemClock,
      logger: pino({ level: 'debug', base: null }, { write: (line: string) => log.push(JSON.parse(line)) }),
    });
  }, TEST_MS);

  afterAll(async () => {
    await running?.stop();
    await Promise.all([...viewers, ...publishers].map((peer) => peer.kill()));
    await Promise.all([camera?.stop(), silentCamera?.stop()]);
    await Promise.all([test?.host.stop('over'), source?.host.stop('over')]);
    rmSync(directory, { recursive: true, force: true });
  }, TEST_MS);

  it(
    'go on air: RTSP with a digest login, RTSP without sound with a basic login, and RTMP',
    async () => {
      try {
        await Promise.all([
          shows('door', 'master/door'),
          shows('yard', 'master/yard'),
          shows('studio', 'master/studio'),
        ]);
      } catch (error) {
        throw new Error(`${String(error)}: ${JSON.stringify(log)}`);
      }
      for (const name of ['door', 'yard', 'studio']) {
        viewers.push(new FfmpegViewer(test.rtmpUrl(name), join(directory, `${name}.json`)));
      }
      await Promise.all(viewers.map(({ begun }) => begun));
    },
    TEST_MS,
  );

  it(
    'come back after a kill -9, and the others do not notice',
    async () => {
      const pid = running.cameras.get('master/door')?.pid ?? 0;
      const killedAt = Date.now();
      process.kill(pid, 'SIGKILL');
      await shows('door', 'backup/spare');
      await shows('door', 'master/door');
      expect(running.cameras.get('master/door')?.pid).not.toBe(pid);
      const publishedAt = test.log.filter(
        ({ event, input }) => event === 'publish' && input === 'master/door',
      );
      const awayMs = Number(publishedAt.at(-1)?.time) - killedAt;
      process.stdout.write(`killed with -9: publishing again after ${awayMs} ms\n`);
      expect(unpublished('master/yard')).toBe(0);
      expect(unpublished('master/studio')).toBe(0);
      expect(log).toContainEqual(
        expect.objectContaining({ event: 'camera', input: 'master/door', exitCode: null, signal: 'SIGKILL' }),
      );
    },
    TEST_MS,
  );

  it(
    'are stood in for by the backup when they die, and come back',
    async () => {
      const { port } = camera;
      await camera.stop();
      await shows('door', 'backup/spare');
      expect(healthOf('master/door')).toBe('absent');
      await until(
        'a refused connection is in the log',
        () => log.some(({ msg }) => String(msg).includes('ECONNREFUSED')),
        WAIT_MS,
      );
      camera = await RtspCamera.start({ clip, login: LOGIN, withMetadata: true, port });
      await shows('door', 'master/door');
    },
    TEST_MS,
  );

  it(
    'are given up when they fall silent with their connection open',
    async () => {
      silentCamera.freeze();
      await until('the input is absent', () => healthOf('master/yard') === 'absent', WAIT_MS);
      expect(onAir('yard')).toBe('backup/spare');
      await until(
        'the log says so',
        () => log.some(({ input, msg }) => input === 'master/yard' && String(msg).includes('silent for')),
        WAIT_MS,
      );
    },
    TEST_MS,
  );

  it(
    'gave viewers nothing to notice',
    async () => {
      const reports = await Promise.all(viewers.map((viewer) => viewer.leave()));
      for (const report of reports) {
        const { url, errors, corruptFrames, framesDecoded, packets } = report;
        process.stdout.write(
          `${url}: ${JSON.stringify(framesDecoded)} frames decoded, ${errors.length} errors\n`,
        );
        expect({ url, errors, corruptFrames }).toEqual({ url, errors: [], corruptFrames: 0 });
        expect(framesDecoded.video).toBeGreaterThan(30);
        const video = packets.filter(({ track }) => track === 'video');
        const steps = video.slice(1).map(({ dts }, index) => dts - (video[index]?.dts ?? 0));
        expect(Math.min(...steps)).toBeGreaterThan(0);
        expect(Math.max(...steps)).toBeLessThanOrEqual(FRAME_MS + ROUNDING_MS);
      }
      const [door] = reports;
      expect(door?.framesDecoded.audio).toBeGreaterThan(30);
    },
    TEST_MS,
  );

  it('leave no secret in a log, a request line, a command line, an environment or a file', () => {
    const secrets = [PASSWORD, encodeURIComponent(PASSWORD), ...test.keys.values()];
    const places = new Map<string, string>([
      ['log', JSON.stringify([...log, ...test.log])],
      // Digest: not even on the wire.
      ['requests', camera.requests.join('\n')],
    ]);
    if (process.platform === 'linux') {
      for (const [input, { pid }] of running.cameras) {
        if (pid === undefined) continue;
        places.set(`${input} command line`, readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
        places.set(`${input} environment`, readFileSync(`/proc/${pid}/environ`, 'utf8'));
        expect(writtenFiles(pid)).toEqual([]);
      }
    }
    for (const [place, text] of places) {
      expect(text.length).toBeGreaterThan(0);
      const found = secrets.filter((secret) => text.includes(secret)).length;
      expect({ place, found }).toEqual({ place, found: 0 });
    }
  });
});

/** The files that a process has open for writing, devices and pipes apart. */
function writtenFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
    const isForWriting = (Number.parseInt(flags, 8) & 3) !== 0;
    return isForWriting && target.startsWith('/') && !target.startsWith('/dev/') ? [target] : [];
  });
}
