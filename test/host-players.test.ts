/** What players of a whole host ask for, over real sockets: to wait, to pause, to hear only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { readClip } from '../runtime/codec/clip-reader.ts';
import { parseVideo } from '../runtime/codec/media-header.ts';
import { formatProblems, parseConfig } from '../runtime/contract/config-problems.ts';
import { type Host, startHost } from '../runtime/host.ts';
import { playClip } from '../runtime/media/clip.ts';
import { publishRtmp } from '../runtime/rtmp/client.ts';
import type { Message } from '../runtime/rtmp/message.ts';
import { systemClock as clock } from '../runtime/system-clock.ts';
import { connectRaw, type RawPeer } from './rtmp/raw-peer.ts';
import { until } from './support/until.ts';

const KEYS = new Map([['master/camera1', 'kEy-0f~camera1.secret']]);
const GOP_PATIENCE_MS = 8_000;
const WORKER_PATIENCE_MS = 15_000;
const TEST_MS = 20_000;

let host: Host;
let undo: Array<() => void> = [];

beforeEach(() => start(0));

async function start(workers: number): Promise<void> {
  const parsed = parseConfig({
    masters: [{ name: 'camera1' }],
    slate: false,
    rtmp: { port: 0, host: '127.0.0.1' },
    http: { port: 0, host: '127.0.0.1' },
    control: { port: 0 },
    viewers: { workers },
  });
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems, 'the configuration of the test'));
  const options = { config: parsed.config, directory: '/nowhere', keys: KEYS, clock };
  host = await startHost({ ...options, logger: pino({ enabled: false }) });
}

afterEach(async () => {
  for (const action of undo.splice(0)) action();
  undo = [];
  await host.stop('the test is over');
});

/** Publishes a clip in a loop. */
async function encode(): Promise<void> {
  const url = `rtmp://127.0.0.1:${host.ports.rtmp}/master/camera1?key=${KEYS.get('master/camera1')}`;
  const publisher = await publishRtmp(url, { clock });
  const clip = readClip(readFileSync(join(import.meta.dirname, '../runtime/clips/camera1.flv')));
  undo.push(
    playClip(clip, clock, {
      packet: (packet) => publisher.send(packet),
      metadata: (metadata) => publisher.sendMetadata(metadata),
    }),
    () => publisher.close(),
  );
}

async function play(): Promise<RawPeer> {
  const peer = await connectRaw(host.ports.rtmp);
  undo.push(() => peer.socket.destroy());
  peer.command(0, 'connect', 1, { app: 'live' });
  peer.command(0, 'createStream', 2, null);
  peer.command(1, 'play', 3, null, 'camera1', -2);
  await peer.status('status NetStream.Play.Start');
  return peer;
}

type Media = Extract<Message, { type: 'audio' | 'video' }>;
function mediaOf(messages: readonly Message[]): Media[] {
  return messages.filter((message): message is Media => message.type === 'audio' || message.type === 'video');
}

/** Pictures, without sequence headers. */
function pictures(messages: readonly Message[]) {
  return mediaOf(messages).flatMap(({ type, payload, timestamp }) =>
    type === 'video' ? [parseVideo(payload, timestamp)].filter((packet) => packet?.config === null) : [],
  );
}

describe('a player that comes before the encoder', () => {
  it(
    'waits, and is told when the program comes, ahead of the first media',
    async () => {
      const peer = await play();
      expect(peer.statuses).toEqual(['status NetStream.Play.Reset', 'status NetStream.Play.Start']);
      await encode();
      await until('the first frame', () => pictures(peer.messages).length);
      const notified = peer.messages.findIndex(
        (m) => m.type === 'command' && JSON.stringify(m.args).includes('NetStream.Play.PublishNotify'),
      );
      expect(notified).toBeGreaterThan(0);
      expect(mediaOf(peer.messages.slice(0, notified))).toEqual([]);
      const late = await play();
      await until('its first frame', () => pictures(late.messages).length);
      expect(late.statuses).not.toContain('status NetStream.Play.PublishNotify');
    },
    TEST_MS,
  );
});

describe.each([
  ['', 0],
  [', whose socket a worker has,', 1],
])('a player on air%s', (_what, workers) => {
  beforeEach(async () => {
    if (workers > 0) {
      await host.stop('another one is needed');
      await start(workers);
      await until('the worker is ready', () => host.workers.length === workers, WORKER_PATIENCE_MS);
    }
    await encode();
    await until('it is on air', () => host.control.programState('camera1')?.onAir !== null);
  });

  afterEach(() => {
    const carried = host.workers.reduce((sum, { viewers }) => sum + viewers, 0);
    expect(carried).toBe(workers === 0 ? 0 : host.viewers);
  });

  it(
    'gets nothing while it pauses, and goes on live at a keyframe',
    async () => {
      const [peer, other] = [await play(), await play()];
      await until('a frame', () => pictures(peer.messages).length);
      peer.command(1, 'pause', 0, null, true, 0);
      await peer.status('status NetStream.Pause.Notify');
      const paused = peer.messages.length;
      const before = other.messages.length;
      await until('30 messages for the other', () => other.messages.length > before + 30);
      expect(mediaOf(peer.messages.slice(paused))).toEqual([]);
      peer.command(1, 'pause', 0, null, false, 0);
      await peer.status('status NetStream.Unpause.Notify');
      const first = await until('a frame', () => pictures(peer.messages.slice(paused))[0], GOP_PATIENCE_MS);
      expect(first.keyframe).toBe(true);
      // Live: not from where it was paused.
      const lastBefore = mediaOf(peer.messages.slice(0, paused)).at(-1);
      expect(first.timestamp).toBeGreaterThan((lastBefore?.timestamp ?? 0) + 100);
    },
    TEST_MS,
  );

  it(
    'hears only, once it has turned its pictures off, and sees again from a keyframe on',
    async () => {
      const peer = await play();
      await until('a frame', () => pictures(peer.messages).length);
      peer.command(1, 'receiveVideo', 0, null, false);
      const soundOnly = await until(
        'sound and no pictures',
        () =>
          mediaOf(peer.messages)
            .slice(-20)
            .every(({ type }) => type === 'audio') && peer.messages.length,
        GOP_PATIENCE_MS,
      );
      peer.command(1, 'receiveVideo', 0, null, true);
      await peer.status('status NetStream.Seek.Notify');
      const first = await until(
        'pictures',
        () => pictures(peer.messages.slice(soundOnly))[0],
        GOP_PATIENCE_MS,
      );
      expect(first.keyframe).toBe(true);
    },
    TEST_MS,
  );
});
