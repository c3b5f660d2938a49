/**
 * Two hosts package one program, and a browser plays it with hls.js while its requests go to one and the other in turns. Then
 * the master's encoder dies, and later a whole host, with the master on it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AlternatingProxy } from '../support/alternating-proxy.ts';
import { describeInBrowser } from '../support/browser.ts';
import { BrowserPlayers } from '../support/browser-players.ts';
import { makeTestClip } from '../support/clip-maker.ts';
import { FfmpegPublisher } from '../support/ffmpeg-peers.ts';
import { freePorts } from '../support/free-ports.ts';
import { parsePlaylist } from '../support/hls-validator.ts';
import { HostProcess } from '../support/host-process.ts';
import { until } from '../support/until.ts';

const TEST_MS = 240_000;
const SOURCE_WAIT_MS = 60_000;
const BUFFER_MS = 2_000;
const STILL_MS = 200;
const RELAY_KEY = 'relay-key-0123456789';
const PLAYLIST = '/live/camera1/index.m3u8';
/** So many segments of each source are compared. */
const COMPARED = 2;

const OWNERS = { one: 'master/camera1', two: 'backup/spare' } as const;
type HostName = keyof typeof OWNERS;
const NAMES: readonly HostName[] = ['one', 'two'];

describeInBrowser('a browser whose requests go to two hosts in turns', () => {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-browser-'));
  const clip = join(directory, 'clip.flv');
  const hosts = new Map<HostName, HostProcess>();
  const publishers = new Map<HostName, FfmpegPublisher>();
  let proxy: AlternatingProxy;
  let players: BrowserPlayers;

  const host = (name: HostName): HostProcess => {
    const found = hosts.get(name);
    if (found === undefined) throw new Error(`there is no host ${name}`);
    return found;
  };
  const keyOf = (input: string): string => `key-of-${input.replace('/', '-')}`;
  const publish = async (name: HostName): Promise<void> => {
    const input = OWNERS[name];
    const url = `rtmp://127.0.0.1:${host(name).ports.rtmp}/${input}?key=${keyOf(input)}`;
    const publisher = new FfmpegPublisher(clip, url);
    publishers.set(name, publisher);
    await publisher.begun;
  };
  const shows = (source: string, on: readonly HostName[] = NAMES): Promise<unknown> =>
    until(
      `${on.join(' and ')} show ${source}`,
      async () => {
        const states = await Promise.all(on.map((name) => host(name).state()));
        return states.every(({ programs }) => programs.every(({ onAir }) => onAir === source));
      },
      SOURCE_WAIT_MS,
    );
  const originOf = (name: HostName): string => `http://127.0.0.1:${host(name).ports.http}`;
  const segmentsOf = async (name: HostName) => {
    const response = await fetch(originOf(name) + PLAYLIST);
    return parsePlaylist(await response.text()).segments.filter(({ uri }) => uri !== null);
  };
  /** Compares the next segments of both, byte for byte. */
  const compare = async (): Promise<void> => {
    const after = Math.max(...(await segmentsOf('one')).map(({ number }) => number)) + 1;
    const lists = await until(
      'segments on both',
      async () => {
        const found = await Promise.all(NAMES.map(segmentsOf));
        const isThere = found.every((list) => (list.at(-1)?.number ?? 0) >= after + COMPARED);
        return isThere && found;
      },
      SOURCE_WAIT_MS,
    );
    const bytes = await Promise.all(
      lists.map((list, index) => {
        const wanted = list.filter(({ number }) => number > after && number <= after + COMPARED);
        return Promise.all(
          wanted.map(async ({ uri }) => {
            const response = await fetch(`${originOf(NAMES[index] ?? 'one')}/live/camera1/${uri}`);
            return Buffer.from(await response.arrayBuffer());
          }),
        );
      }),
    );
    const [ones = [], twos = []] = bytes;
    expect(ones).toHaveLength(COMPARED);
    expect(
      ones.map(
        (segment, index) => segment.length > 1_000 && segment.equals(twos[index] ?? segment.subarray(1)),
      ),
    ).toEqual(ones.map(() => true));
  };

  beforeAll(async () => {
    await makeTestClip(clip, { width: 426, height: 240, durationSeconds: 8 });
    const ports = await freePorts(NAMES.length);
    await Promise.all(
      NAMES.map(async (name, index) => {
        const config = {
          masters: [{ name: 'camera1' }],
          backups: [{ name: 'spare' }],
          hosts: NAMES.map((other, place) => ({
            name: other,
            address: '127.0.0.1',
            rtmpPort: ports[place],
            inputs: [OWNERS[other]],
          })),
          host: name,
          relay: { key: { env: 'RELAY_KEY' }, keepWarm: true },
          rtmp: { port: ports[index], host: '127.0.0.1' },
          slate: false,
          failover: { failbackHoldMs: 1_000 },
          hls: { segmentMs: 1_000 },
        };
        const keys = new Map([[OWNERS[name] as string, keyOf(OWNERS[name])]]);
        hosts.set(name, await HostProcess.start(config, keys, { RELAY_KEY }));
      }),
    );
    await Promise.all(NAMES.map(publish));
    await shows('master/camera1');
    await until('lists to begin in the middle of', async () => {
      const lists = await Promise.all(NAMES.map(segmentsOf));
      return lists.every(({ length }) => length > 4);
    });
    proxy = await AlternatingProxy.start(NAMES.map(originOf));
    players = await BrowserPlayers.open();
    await players.play({
      name: 'hls.js',
      kind: 'hls',
      url: proxy.url(PLAYLIST),
      config: { liveSyncDuration: BUFFER_MS / 1_000 },
    });
  }, TEST_MS);

  afterAll(async () => {
    await players?.close();
    proxy?.close();
    await Promise.all([...publishers.values()].map((publisher) => publisher.kill()));
    await Promise.all([...hosts.values()].map((one) => one.stop()));
    rmSync(directory, { recursive: true, force: true });
  }, TEST_MS);

  it(
    'plays on when the encoder dies, and when a host does',
    async () => {
      await compare();
      await publishers.get('one')?.kill();
      await shows('backup/spare');
      await compare();
      await publish('one');
      await shows('master/camera1');
      await compare();
      const answered = [...proxy.answers];
      await host('one').stop();
      await shows('backup/spare', ['two']);
      const { playedMs } = await players.report('hls.js');
      await until(
        'what came after it is played',
        async () => (await players.report('hls.js')).playedMs > playedMs + 3 * BUFFER_MS,
        SOURCE_WAIT_MS,
      );
      const report = await players.report('hls.js');
      const machineStillMs = await players.machineStillMs();
      process.stdout.write(`${JSON.stringify(report)}, machine ${machineStillMs}\n`);
      process.stdout.write(
        `${answered.join(', then ')}; ${proxy.answers.join(', ')}: ${proxy.refusals.join(' ')}\n`,
      );
      expect(report.events).toEqual([]);
      expect(report.longestStillMs).toBeLessThanOrEqual(STILL_MS + machineStillMs);
      expect(report.bufferedRanges).toBe(1);
      expect(Math.min(...answered)).toBeGreaterThan(20);
    },
    TEST_MS,
  );
});
