import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { FfmpegPublisher, FfmpegViewer } from '../support/ffmpeg-peers.ts';
import { until } from '../support/until.ts';

// FFmpeg publishes and plays while the host drains and closes: what it is told must not look like an error to it.

const CLIP = join(import.meta.dirname, '../../runtime/clips/camera1.flv');
const TEST_MS = 60_000;
const END_MS = 10_000;

let directory: string;
let host: TestHost;
let publisher: FfmpegPublisher;
const viewers: FfmpegViewer[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-drain-'));
  host = await startTestHost({ masters: [{ name: 'camera1' }], drain: { timeoutMs: 1_000 } });
  publisher = new FfmpegPublisher(CLIP, host.publishUrl('master/camera1'));
  await publisher.begun;
}, TEST_MS);
afterEach(async () => {
  await Promise.all([publisher, ...viewers.splice(0)].map((peer) => peer.kill()));
  await host.host.stop('the test is over');
  rmSync(directory, { recursive: true, force: true });
}, TEST_MS);

it(
  'serves what FFmpeg plays until the time is up, and ends it over RTMP as a stream ends',
  async () => {
    const { config } = host;
    const [program] = config.programs;
    const urls = [host.rtmpUrl(program?.name ?? ''), host.flvUrl(program?.name ?? '')];
    viewers.push(...urls.map((url, index) => new FfmpegViewer(url, join(directory, `${index}.json`))));
    await Promise.all(viewers.map(({ begun }) => begun));
    const drainedAt = performance.timeOrigin + performance.now();
    await host.host.drain();
    expect(host.host.viewers).toBe(2);
    await host.host.stop('the host is drained and stopped');
    await until('both to end', () => viewers.every(({ process }) => process.exitCode !== null), END_MS);
    const reports = await Promise.all(viewers.map((viewer) => viewer.leave()));
    for (const { packets, corruptFrames } of reports) {
      expect((packets.at(-1)?.wall ?? 0) - drainedAt).toBeGreaterThan(config.drain.timeoutMs / 2);
      expect(corruptFrames).toBe(0);
    }
    // HTTP-FLV has no such message, and FFmpeg takes each end of a body without a length for an error.
    const [rtmp] = reports;
    expect(rtmp).toMatchObject({ endedBy: 'eof', errors: [] });
  },
  TEST_MS,
);

it(
  'ends what FFmpeg publishes with an error that names the reason',
  async () => {
    let said = '';
    publisher.process.stderr?.on('data', (data: Buffer) => {
      said += data.toString();
    });
    await host.host.drain();
    await host.host.stop('the host is drained and stopped');
    await until('FFmpeg to give up', () => publisher.process.exitCode !== null, END_MS);
    expect(said).toContain('Server error: the host is drained and stopped');
  },
  TEST_MS,
);
