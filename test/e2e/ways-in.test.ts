/** The ways in which FFmpeg's own client may show its key, and RTMPS; and a certificate that is renewed while it publishes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { FfmpegPublisher } from '../support/ffmpeg-peers.ts';
import { selfSigned } from '../support/self-signed.ts';
import { until } from '../support/until.ts';

const CLIP = join(import.meta.dirname, '../../runtime/clips/camera1.flv');
const WAIT_MS = 20_000;

let directory = '';
let site: TestHost;
const publishers: FfmpegPublisher[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ways-in-'));
  writeIdentity();
  site = await startTestHost({
    masters: [{ name: 'camera1' }],
    rtmps: {
      port: 0,
      certificate: join(directory, 'tls.pem'),
      privateKey: { file: join(directory, 'tls.key') },
    },
  });
});
afterEach(async () => {
  await Promise.all(publishers.splice(0).map((publisher) => publisher.kill()));
  await until('nobody to publish', () => health() === 'absent', WAIT_MS);
});
afterAll(async () => {
  await site?.host.stop('the test is over');
  rmSync(directory, { recursive: true });
});

function writeIdentity(): void {
  const { cert, key } = selfSigned();
  writeFileSync(join(directory, 'tls.pem'), cert);
  writeFileSync(join(directory, 'tls.key'), key);
}

function health(): string | undefined {
  return site.host.control.state().inputs.find(({ name }) => name === 'master/camera1')?.health;
}

async function publishes(url: string): Promise<void> {
  publishers.push(new FfmpegPublisher(CLIP, url));
  await until('the input to be live', () => health() === 'live', WAIT_MS);
}

const key = (): string => site.keys.get('master/camera1') ?? '';

describe('FFmpeg', () => {
  it('publishes with the key in the query, or as the name of the stream', async () => {
    const { rtmp } = site.host.ports;
    await publishes(`rtmp://127.0.0.1:${rtmp}/master/camera1?key=${key()}`);
    await publishers.splice(0)[0]?.kill();
    await until('nobody to publish', () => health() === 'absent', WAIT_MS);
    await publishes(`rtmp://127.0.0.1:${rtmp}/master/camera1/${key()}`);
  }, 60_000);

  it('publishes with a user and a password, by Adobe’s challenge', async () => {
    const { rtmp } = site.host.ports;
    await publishes(`rtmp://camera1:${key()}@127.0.0.1:${rtmp}/login/master/camera1`);
    for (const line of site.log) expect(JSON.stringify(line)).not.toContain(key());
  }, 60_000);

  it('is told that a password is wrong', async () => {
    const { rtmp } = site.host.ports;
    const publisher = new FfmpegPublisher(
      CLIP,
      `rtmp://camera1:guess@127.0.0.1:${rtmp}/login/master/camera1`,
    );
    publishers.push(publisher);
    await expect(publisher.begun).rejects.toThrow(/ended with/);
    expect(health()).toBe('absent');
  }, 60_000);

  it('publishes over RTMPS, and goes on while the certificate is renewed', async () => {
    const { rtmps } = site.host.ports;
    await publishes(`rtmps://127.0.0.1:${rtmps}/master/camera1?key=${key()}`);
    writeIdentity();
    await until('the new certificate', () => site.log.some(({ event }) => event === 'certificate'), WAIT_MS);
    expect(site.log.find(({ event }) => event === 'certificate')).toMatchObject({
      msg: 'the certificate has been renewed',
    });
    expect(health()).toBe('live');
  }, 60_000);
});
