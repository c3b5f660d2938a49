import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  FIRST_MEDIA_MS,
  type GatewayEnd,
  MOST_BYTES,
  runGateway,
  SILENCE_MS,
  whyGiveUp,
} from '../../runtime/camera/gateway.ts';
import type { PullOptions } from '../../runtime/camera/media-server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { avc, avcMessage } from './video.ts';

const facts = { isPublishing: true, startedAt: 0, heardAt: 100, now: 200, usedBytes: 1 };

describe('a camera is given up', () => {
  it.each([
    ['not while it sends', facts, null],
    ['not while a silence is short', { ...facts, now: 100 + SILENCE_MS }, null],
    ['when it falls silent', { ...facts, now: 101 + SILENCE_MS }, /^silent/],
    ['not while it is young', { ...facts, isPublishing: false, heardAt: 0, now: FIRST_MEDIA_MS }, null],
    [
      'when it sends nothing',
      { ...facts, isPublishing: false, heardAt: 0, now: FIRST_MEDIA_MS + 1 },
      /^no keyframe/,
    ],
    [
      'when it sends no keyframe',
      { ...facts, isPublishing: false, heardAt: FIRST_MEDIA_MS, now: FIRST_MEDIA_MS + 1 },
      /^no keyframe/,
    ],
    ['when it fills the memory', { ...facts, usedBytes: MOST_BYTES + 1 }, /more than/],
  ])('%s', (_, given, expected) => {
    if (expected === null) expect(whyGiveUp(given)).toBeNull();
    else expect(whyGiveUp(given)).toMatch(expected);
  });
});

describe('the gateway', () => {
  let clock: FakeClock;
  let pulled: PullOptions | undefined;
  let stops: number;
  let endCamera: (reason: string) => void;
  let crash: (reason: string) => void;
  let interrupt: AbortController;

  beforeEach(() => {
    clock = new FakeClock();
    pulled = undefined;
    stops = 0;
    interrupt = new AbortController();
  });

  /** With a camera of the test's own; the host is at a port where nobody listens unless it is given. */
  function run({ port = 1, fails = false }: { port?: number; fails?: boolean } = {}): Promise<GatewayEnd> {
    return runGateway({
      order: {
        input: 'master/door',
        cameraUrl: 'rtmp://192.0.2.1/a/b',
        login: null,
        hostUrl: `rtmp://127.0.0.1:${port}`,
        streamKey: 'key-0123456789',
      },
      clock,
      usedBytes: () => 1,
      say: () => {},
      signal: interrupt.signal,
      crashed: new Promise((resolve) => {
        crash = resolve;
      }),
      pull: async (options) => {
        if (fails) throw new Error('it does not listen');
        pulled = options;
        const ended = new Promise<string>((resolve) => {
          endCamera = resolve;
        });
        return { ended, specificConfig: () => null, stop: () => (stops += 1) };
      },
    });
  }

  it('ends with the camera', async () => {
    const end = run();
    await until('the camera is pulled', () => pulled);
    endCamera('the connection ended');
    expect(await end).toEqual({ by: 'camera', reason: 'the connection ended' });
    expect(stops).toBe(1);
  });

  it('ends where the media server falls, or does not start', async () => {
    const end = run();
    await until('the camera is pulled', () => pulled);
    crash('fell over');
    expect(await end).toEqual({ by: 'camera', reason: 'fell over' });
    expect(await run({ fails: true })).toEqual({ by: 'camera', reason: 'it does not listen' });
  });

  it('ends when it is told', async () => {
    const end = run();
    await until('the camera is pulled', () => pulled);
    interrupt.abort();
    expect(await end).toEqual({ by: 'signal', reason: 'stopped' });
  });

  it('ends where the camera gives nothing, and has not asked the host for anything by then', async () => {
    let connections = 0;
    const host = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(host, 'listening');
    const end = run({ port: (host.address() as AddressInfo).port });
    await until('the camera is pulled', () => pulled);
    // Pictures without a header, and none that decoding could begin at.
    pulled?.packet(avcMessage(0, avc.slice));
    for (let at = 0; at <= FIRST_MEDIA_MS; at += 1_000) {
      pulled?.packet(avcMessage(at, avc.slice));
      clock.advance(1_000);
    }
    expect((await end).reason).toMatch(/^no keyframe/);
    expect(connections).toBe(0);
    host.close();
  });

  it('ends with the host, and names no key', async () => {
    const end = run();
    await until('the camera is pulled', () => pulled);
    const header = { ...avcMessage(0, avc.idr), keyframe: false, config: {} as never };
    pulled?.packet(header);
    pulled?.packet(avcMessage(0, avc.idr));
    const { by, reason } = await end;
    expect(by).toBe('host');
    expect(reason).toContain('ECONNREFUSED');
    expect(reason).not.toContain('key-0123456789');
  });
});
