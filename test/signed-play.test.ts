/** A host with a play key, over real sockets: who plays, by every protocol, and that nothing secret is in its log. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { ControlClient } from '../runtime/cli/control-client.ts';
import type { AmfObject } from '../runtime/codec/amf0.ts';
import { startHost } from '../runtime/host.ts';
import { signedQuery } from '../runtime/play-signature.ts';
import { playRtmp } from '../runtime/rtmp/client.ts';
import { systemClock as clock } from '../runtime/system-clock.ts';
import { connectRaw } from './rtmp/raw-peer.ts';
import { PLAY_KEY, startTestHost, type TestHost } from './support/e2e-host.ts';
import { parsePlaylist } from './support/hls-validator.ts';
import { until } from './support/until.ts';

const HOUR_MS = 3_600_000;
const OTHER_KEY = 'another-key-of-the-tests-0123456';
const SEGMENT_WAIT_MS = 15_000;

let site: TestHost;
beforeAll(async () => {
  // The slate is on air by itself.
  const masters = [{ name: 'camera1' }, { name: 'camera2' }];
  site = await startTestHost({
    masters,
    hls: { segmentMs: 1_000 },
    viewers: { playKey: { env: 'PLAY_KEY' } },
  });
  const playlist = `${site.hlsUrl('camera1')}?${signedQuery('camera1', inMs(HOUR_MS), PLAY_KEY)}`;
  await until('the first segment', async () => (await fetch(playlist)).status === 200, SEGMENT_WAIT_MS);
});
afterAll(() => site?.host.stop('the test is over'));

function inMs(ms: number): number {
  return Math.floor((clock.now() + ms) / 1_000) * 1_000;
}

async function answerTo(url: string): Promise<{ status: number; text: () => Promise<string> }> {
  const request = get(url, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  if (response.statusCode === 200 && !url.includes('.m3u8')) request.destroy();
  return { status: response.statusCode ?? 0, text: () => text(response) };
}

/** What came of an attempt to play `camera1`: `plays`, or the reason that was given. */
type Way = (query: string) => Promise<string>;

const overHttp =
  (urlOf: () => string): Way =>
  async (query) => {
    const answer = await answerTo(`${urlOf()}?${query}`);
    if (answer.status === 200) return 'plays';
    const { error, ...rest } = JSON.parse(await answer.text()) as { error: string };
    expect([answer.status, rest]).toEqual([403, {}]);
    return error;
  };

const WAYS: Readonly<Record<string, Way>> = {
  'RTMP, in the stream name': async (query) => {
    try {
      const player = await playRtmp(
        `${site.rtmpUrl('camera1')}?${query}`,
        { clock },
        { packet: () => {}, data: () => {} },
      );
      player.close();
      return 'plays';
    } catch (error) {
      expect(error).toMatchObject({ code: 'NetStream.Play.Failed' });
      return (error as Error).message;
    }
  },
  'RTMP, in the application': async (query) => {
    const peer = await connectRaw(site.host.ports.rtmp);
    peer.command(0, 'connect', 1, { app: `live?${query}` });
    peer.command(0, 'createStream', 2, null);
    peer.command(1, 'play', 3, null, 'camera1', -2);
    const { code, description } = await until('an answer', () =>
      peer.commands
        .filter(({ name }) => name === 'onStatus')
        .map(({ args }) => args[1] as AmfObject)
        .find(({ code: status }) => /Play\.(Start|Failed)/.test(String(status))),
    );
    peer.socket.destroy();
    return code === 'NetStream.Play.Start' ? 'plays' : String(description);
  },
  'HTTP-FLV': overHttp(() => site.flvUrl('camera1')),
  HLS: overHttp(() => site.hlsUrl('camera1')),
  'WebSocket-FLV': async (query) => {
    const socket = new WebSocket(`${site.flvUrl('camera1').replace('http', 'ws')}?${query}`);
    socket.on('error', () => {});
    const refused = once(socket, 'unexpected-response').then(async ([, response]) => {
      const { error } = JSON.parse(await text(response as IncomingMessage)) as { error: string };
      expect((response as IncomingMessage).statusCode).toBe(403);
      return error;
    });
    const outcome = await Promise.race([refused, once(socket, 'open').then(() => 'plays')]);
    socket.terminate();
    return outcome;
  },
};

const CASES: ReadonlyArray<{ readonly name: string; readonly query: () => string; readonly is: RegExp }> = [
  { name: 'a good signature', query: () => signedQuery('camera1', inMs(HOUR_MS), PLAY_KEY), is: /^plays$/ },
  {
    name: 'a good signature among other parameters',
    query: () => `a=b&${signedQuery('camera1', inMs(HOUR_MS), PLAY_KEY)}&c=d`,
    is: /^plays$/,
  },
  {
    name: 'the one that the control API gives to who is on this machine',
    query: () => site.host.control.addresses('camera1', true)?.rtmp.split('?')[1] ?? '',
    is: /^plays$/,
  },
  { name: 'none', query: () => '', is: /the signature is missing/ },
  { name: 'no expiry', query: () => 'signature=abc', is: /the signature is missing/ },
  {
    name: 'that of another program',
    query: () => signedQuery('camera2', inMs(HOUR_MS), PLAY_KEY),
    is: /the signature is wrong/,
  },
  {
    name: 'that of another key, which has expired too',
    query: () => signedQuery('camera1', inMs(-HOUR_MS), OTHER_KEY),
    is: /the signature is wrong/,
  },
  {
    name: 'one that has expired',
    query: () => signedQuery('camera1', inMs(-1_000), PLAY_KEY),
    is: /the signature has expired/,
  },
];

describe('with a play key', () => {
  const all = Object.keys(WAYS).flatMap((way) => CASES.map((one) => ({ way, ...one })));
  /** Every query that was tried. */
  const tried = new Set<string>();

  it.each(all)('over $way: $name', async ({ way, query, is }) => {
    const given = query();
    tried.add(given);
    expect(await WAYS[way]?.(given)).toMatch(is);
  });

  it('nobody plays over RTMP who has escaped the query, and the log does not show it', async () => {
    const query = signedQuery('camera1', inMs(HOUR_MS), PLAY_KEY);
    tried.add(query);
    for (const [app, stream] of [
      ['live', `camera1%3F${query}`],
      ['live', `camera1&${query}`],
      [`live%3F${query}`, 'camera1'],
    ]) {
      const peer = await connectRaw(site.host.ports.rtmp);
      peer.command(0, 'connect', 1, { app: `${app}` });
      peer.command(0, 'createStream', 2, null);
      peer.command(1, 'play', 3, null, `${stream}`, -2);
      await until('it is closed', () => peer.isClosed);
    }
    const refused = site.log.filter(({ event, level }) => event === 'refused' && level === 40);
    expect(refused.map(({ msg }) => msg)).toEqual([
      'there is no program live/camera1',
      'there is no program live/camera1',
      'there is no application "live": publish to master or backup, play from live',
    ]);
  });

  it('who plays goes on beyond the expiry, but over HLS', async () => {
    const expiresAt = inMs(6_000);
    const query = signedQuery('camera1', expiresAt, PLAY_KEY);
    tried.add(query);
    expect(await WAYS.HLS?.(query)).toBe('plays');
    let lastAt = 0;
    const player = await playRtmp(
      `${site.rtmpUrl('camera1')}?${query}`,
      { clock },
      {
        packet: () => {
          lastAt = clock.now();
        },
        data: () => {},
      },
    );
    await until('frames after that', () => lastAt > expiresAt + 200);
    expect(await WAYS.HLS?.(query)).toBe('the signature has expired');
    expect(await WAYS['RTMP, in the stream name']?.(query)).toContain('has expired');
    player.close();
  });

  it('leads from a signed playlist to segments whose names nobody guesses', async () => {
    const query = signedQuery('camera1', inMs(HOUR_MS), PLAY_KEY);
    const playlistOf = async () =>
      parsePlaylist(await (await fetch(`${site.hlsUrl('camera1')}?${query}`)).text());
    const segment = await until(
      'a complete segment',
      async () => (await playlistOf()).segments.find(({ uri }) => uri !== null),
      SEGMENT_WAIT_MS,
    );
    const base = site.hlsUrl('camera1');
    const [, number, tag] = /^segment-(\d+)-([0-9a-f]{32})\.m4s$/.exec(segment.uri ?? '') ?? [];
    for (const name of [segment.uri ?? '', segment.map ?? '']) {
      expect([name, (await fetch(new URL(name, base))).status]).toEqual([name, 200]);
    }
    const guesses = [`segment-${number}.m4s`, `segment-${Number(number) + 1}-${tag}.m4s`];
    for (const name of guesses) expect((await fetch(new URL(name, base))).status).toBe(404);
    // The other program has the same slate at the same time, and other names.
    expect((await fetch(new URL(segment.uri ?? '', site.hlsUrl('camera2')))).status).toBe(404);
  });

  it('a host is healthy without a signature, and its programs are signed by its control API', async () => {
    expect((await answerTo(`http://127.0.0.1:${site.host.ports.http}/healthz`)).status).toBe(200);
    const client = new ControlClient(`http://127.0.0.1:${site.host.ports.control}`);
    const { rtmp, expiresAt } = await client.addresses('camera2');
    expect(rtmp).toBe(`live/camera2?${signedQuery('camera2', expiresAt ?? 0, PLAY_KEY)}`);
    expect((expiresAt ?? 0) - clock.now()).toBeGreaterThan(HOUR_MS - 10_000);
    await expect(client.addresses('camera9')).rejects.toThrow('there is no program "camera9"');
  });

  it('refusals are counted in a line a second at most, and no line has a signature, an expiry or the key', async () => {
    const refusals = () => site.log.filter(({ event, level }) => event === 'refused' && level === 30);
    const countOf = (what: string) =>
      refusals()
        .filter(({ msg }) => String(msg).includes(what))
        .reduce((sum, { times }) => sum + Number(times), 0);
    const [lines, wrong, expired] = [refusals().length, countOf('wrong'), countOf('expired')];
    const began = clock.now();
    const queries = [
      ...Array.from({ length: 50 }, (_, hour) =>
        signedQuery('camera1', inMs((hour + 1) * HOUR_MS), OTHER_KEY),
      ),
      signedQuery('camera1', inMs(-HOUR_MS), PLAY_KEY),
    ];
    for (const query of queries) {
      tried.add(query);
      await WAYS['HTTP-FLV']?.(query);
    }
    await until('all to be logged', () => countOf('wrong') >= wrong + 50 && countOf('expired') > expired);
    // Of two kinds.
    expect(refusals().length - lines).toBeLessThanOrEqual(2 * Math.ceil((clock.now() - began) / 1_000 + 1));
    expect(refusals().at(-1)).toMatchObject({ what: 'play', address: expect.stringContaining('127.0.0.1') });
    const log = JSON.stringify(site.log);
    expect(log).not.toContain(PLAY_KEY);
    expect(log).not.toMatch(/expires=\d/);
    for (const query of tried) {
      const signature = new URLSearchParams(query).get('signature') ?? '';
      if (signature.length > 3) expect(log).not.toContain(signature);
    }
  });
});

it('a host that should ask for a signature does not run where the key was not loaded', async () => {
  const { config } = site;
  const keys = new Map<string, string>();
  const starting = startHost({
    config,
    directory: '/nowhere',
    keys,
    clock,
    logger: pino({ enabled: false }),
  });
  await expect(starting).rejects.toThrow('none was loaded: play');
});
