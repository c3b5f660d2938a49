/** HLS over real sockets: what a player, and a CDN in front of it, is answered. */
import { type IncomingHttpHeaders, request as sendRequest } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { registerHlsRoutes } from '../../runtime/hls/hls-routes.ts';
import { HlsStream } from '../../runtime/hls/hls-stream.ts';
import { createHttpServer } from '../../runtime/output/http-server.ts';
import type { ProgramListener } from '../../runtime/program/program.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { audio, header, START, video } from '../output/stage.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { parsePlaylist } from '../support/hls-validator.ts';
import { until } from '../support/until.ts';
import { boxes, readFragment } from './fragment-reader.ts';

const FIRST = START / 2_000;
/** Of real time: sockets are real here. */
const STUCK_MS = 500;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

class Site {
  readonly clock = new FakeClock();
  refusal: string | null = null;
  isDraining = false;
  readonly stream: HlsStream;
  private listener: ProgramListener | null = null;
  private readonly server = createHttpServer({
    clock: this.clock,
    feedOf: () => undefined,
    playRefusal: () => null,
    viewerRefusal: () => this.refusal,
    isDraining: () => this.isDraining,
    onViewer: () => {},
  });
  port = 0;
  private at = 0;
  private readonly tagOf: ((name: string) => string) | null;

  /** `tagOf`: makes names that nobody guesses, and has playlists signed. */
  constructor(tagOf: ((name: string) => string) | null = null) {
    this.tagOf = tagOf;
    const subscribe = (listener: ProgramListener) => {
      this.listener = listener;
      return () => {};
    };
    this.stream = new HlsStream(
      { subscribe },
      {
        segmentMs: 2_000,
        partMs: 500,
        segments: 6,
        limitBytes: 1e8,
        maxWaiting: 9,
        clock: this.clock,
        tagOf,
        onAudience: () => {},
      },
    );
    registerHlsRoutes(this.server, {
      clock: this.clock,
      streamOf: (program) => (program === 'camera1' ? this.stream : undefined),
      segmentMs: 2_000,
      playRefusal: (program, query) =>
        this.tagOf === null || query.get('signature') === `of ${program}` ? null : 'no signature',
      viewerRefusal: () => this.refusal,
      isDraining: () => this.isDraining,
      stuckTimeoutMs: STUCK_MS,
    });
  }

  async open(): Promise<this> {
    await this.server.listen({ port: 0, host: '127.0.0.1' });
    const address = this.server.server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    return this;
  }

  close(): Promise<void> {
    this.stream.close();
    return this.server.close();
  }

  playTo(ms: number, bytes = 20): void {
    if (this.at === 0)
      for (const config of [VIDEO_CONFIG, AUDIO_CONFIG]) this.listener?.packet(header(config, 0));
    for (; this.at < ms; this.at += 40) {
      this.listener?.packet(video(this.at, this.at % 1_000 === 0, { bytes }));
      this.listener?.packet(audio(this.at + 1));
      this.clock.advance(40);
    }
  }

  get connections(): Promise<number> {
    return new Promise((resolve) => this.server.server.getConnections((_, count) => resolve(count)));
  }

  somebodyWaits(): Promise<unknown> {
    return until('a request waits', () => this.clock.pendingTimers > 0);
  }

  get(file: string, { method = 'GET', headers = {}, program = 'camera1' } = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const path = `/live/${program}/${file}`;
      const request = sendRequest(
        { port: this.port, host: '127.0.0.1', method, path, headers, agent: false },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(pieces),
            }),
          );
        },
      );
      request.on('error', reject);
      request.end();
    });
  }
}

describe('HLS over HTTP', () => {
  let site: Site;
  beforeEach(async () => {
    site = await new Site().open();
  });
  afterEach(() => site.close());

  it('serves a playlist that may be kept for a second, and read by any page', async () => {
    site.playTo(5_100);
    const { status, headers, body } = await site.get('index.m3u8');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'cache-control': 'public, max-age=1',
      'access-control-allow-origin': '*',
      vary: 'accept-encoding',
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect(parsePlaylist(body.toString()).segments.map(({ number }) => number - FIRST)).toEqual([1, 2]);
  });

  it('serves it as gzip to who takes that', async () => {
    site.playTo(5_100);
    const plain = await site.get('index.m3u8');
    const { headers, body } = await site.get('index.m3u8', { headers: { 'accept-encoding': 'br, gzip' } });
    expect(headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(body)).toEqual(plain.body);
    expect(body.length).toBeLessThan(plain.body.length);
  });

  it('serves all that the playlist leads to, for ever the same', async () => {
    site.playTo(5_100);
    const { segments } = parsePlaylist((await site.get('index.m3u8')).body.toString());
    const [segment] = segments;
    const init = await site.get(segment?.map ?? '');
    expect(boxes(init.body).map(({ type }) => type)).toEqual(['ftyp', 'moov']);
    const whole = await site.get(segment?.uri ?? '');
    const parts = await Promise.all((segment?.parts ?? []).map(({ uri }) => site.get(uri)));
    expect(Buffer.concat(parts.map(({ body }) => body))).toEqual(whole.body);
    expect(readFragment(parts[0]?.body ?? Buffer.alloc(0)).runs).toHaveLength(2);
    for (const { status, headers, body } of [init, whole, ...parts]) {
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'video/mp4',
        'content-length': String(body.length),
        'cache-control': 'public, max-age=31536000, immutable',
        'access-control-allow-origin': '*',
      });
    }
  });

  it('answers HEAD without a body', async () => {
    site.playTo(5_100);
    for (const file of ['index.m3u8', `segment-${FIRST + 1}.m4s`]) {
      const { status, body, headers } = await site.get(file, { method: 'HEAD' });
      expect([status, body.length]).toEqual([200, 0]);
      expect(Number(headers['content-length'])).toBeGreaterThan(100);
    }
  });

  it('lets the first player wait until there is a segment', async () => {
    const answer = site.get('index.m3u8');
    await site.somebodyWaits();
    expect(site.stream.viewers).toBe(1);
    site.playTo(4_100);
    expect((await answer).status).toBe(200);
  });

  it('says after a while that nothing is on air', async () => {
    const answer = site.get('index.m3u8');
    await site.somebodyWaits();
    site.clock.advance(12_000);
    const { status, headers } = await answer;
    expect([status, headers['retry-after'], headers['cache-control']]).toEqual([503, '1', 'no-store']);
  });

  it('blocks a reload until the part is there, and lets that answer be kept for longer', async () => {
    site.playTo(4_100);
    const answer = site.get(`index.m3u8?_HLS_msn=${FIRST + 2}&_HLS_part=1`);
    await site.somebodyWaits();
    site.playTo(5_100);
    const { headers, body } = await answer;
    expect(headers['cache-control']).toBe('public, max-age=4');
    expect(parsePlaylist(body.toString()).segments.at(-1)?.parts).toHaveLength(2);
  });

  it('blocks a request for the part that it hints at', async () => {
    site.playTo(4_100);
    const { hint } = parsePlaylist((await site.get('index.m3u8')).body.toString());
    expect(hint).toBe(`part-${FIRST + 2}-0.m4s`);
    const answer = site.get(hint ?? '');
    await site.somebodyWaits();
    site.playTo(4_600);
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(readFragment(body).runs[0]?.samples.length).toBe(12);
  });

  it('closes a player that asks for a segment and takes nothing of it', async () => {
    site.playTo(4_100, 500_000);
    const player = connect({ port: site.port, host: '127.0.0.1' });
    player.on('error', () => {});
    player.write(`GET /live/camera1/segment-${FIRST + 1}.m4s HTTP/1.1\r\nhost: here\r\n\r\n`);
    await until('it is connected', async () => (await site.connections) === 1);
    await until('it is not', async () => (await site.connections) === 0);
    player.destroy();
  });

  it('forgets a request whose player has gone', async () => {
    const request = sendRequest({ port: site.port, path: '/live/camera1/index.m3u8', agent: false });
    request.on('error', () => {});
    request.end();
    await until('it waits', () => site.clock.pendingTimers === 1);
    request.destroy();
    await until('it does not', () => site.clock.pendingTimers === 0);
  });

  it.each([
    '_HLS_part=1',
    '_HLS_msn=x',
    '_HLS_msn=-1',
    '_HLS_msn=1&_HLS_msn=2',
    `_HLS_msn=${FIRST + 5}`,
    '_HLS_msn=1&_HLS_part=9999999999999999999',
  ])('refuses %s', async (query) => {
    site.playTo(5_100);
    expect((await site.get(`index.m3u8?${query}`)).status).toBe(400);
  });

  it.each([
    'other.m3u8',
    'init-0000000000000000.mp4',
    `segment-${FIRST + 2}.m4s`,
    'segment-1.m4s',
    'segment-999999999999999999999.m4s',
    `part-${FIRST + 1}-99.m4s`,
    `part-${FIRST + 3}-0.m4s`,
    '..%2f..%2fetc%2fpasswd',
  ])('has nothing at %s', async (file) => {
    site.playTo(5_100);
    const { status, headers } = await site.get(file);
    expect([status, headers['cache-control']]).toEqual([404, 'no-store']);
  });

  it('has nothing of a program that is not there', async () => {
    expect((await site.get('index.m3u8', { program: 'camera9' })).status).toBe(404);
  });

  it('turns newcomers away where it is full, and everybody while it drains', async () => {
    site.playTo(5_100);
    site.refusal = 'full';
    expect((await site.get('index.m3u8')).status).toBe(503);
    site.refusal = null;
    expect((await site.get('index.m3u8')).status).toBe(200);
    site.refusal = 'full';
    expect((await site.get('index.m3u8')).status).toBe(200);
    site.refusal = 'draining';
    site.isDraining = true;
    const { status, headers } = await site.get('index.m3u8');
    expect([status, headers.connection]).toEqual([503, 'close']);
    expect((await site.get(`segment-${FIRST + 1}.m4s`)).status).toBe(200);
  });
});

/** What each tag is made of can be seen in it. */
function tagOf(name: string): string {
  return Buffer.from(name).toString('hex');
}

describe('HLS with a play key', () => {
  const SIGNED = 'signature=of%20camera1';
  let site: Site;
  beforeEach(async () => {
    site = await new Site(tagOf).open();
  });
  afterEach(() => site.close());

  it.each(['', '?', '?signature=', '?signature=of%20camera2', '?_HLS_msn=1'])(
    'refuses the playlist with %j before anything else, and counts no viewer',
    async (query) => {
      site.playTo(5_100);
      site.refusal = 'full';
      const { status, headers, body } = await site.get(`index.m3u8${query}`);
      expect([status, headers['cache-control'], headers['access-control-allow-origin']]).toEqual([
        403,
        'no-store',
        '*',
      ]);
      expect(JSON.parse(body.toString())).toEqual({ error: 'no signature' });
      expect(site.stream.viewers).toBe(0);
    },
  );

  it('has names in the playlist that end in their tags, those of parts and hints in that of the segment', async () => {
    site.playTo(5_100);
    const { status, body } = await site.get(`index.m3u8?${SIGNED}`);
    expect(status).toBe(200);
    const { segments, hint } = parsePlaylist(body.toString());
    const [segment] = segments;
    const tag = tagOf(`segment-${FIRST + 1}`);
    expect(segment?.uri).toBe(`segment-${FIRST + 1}-${tag}.m4s`);
    const parts = segment?.parts.map(({ uri }) => uri) ?? [];
    expect(parts.length).toBeGreaterThan(3);
    expect(parts).toEqual(parts.map((_, index) => `part-${FIRST + 1}-${index}-${tag}.m4s`));
    expect(hint).toBe(`part-${FIRST + 2}-2-${tagOf(`segment-${FIRST + 2}`)}.m4s`);
    const [, id = ''] = /^init-([0-9a-f]{16})-/.exec(segment?.map ?? '') ?? [];
    expect(segment?.map).toBe(`init-${id}-${tagOf(`init-${id}`)}.mp4`);
    // They are their own permission: a CDN keeps them for all.
    for (const name of [segment?.map, segment?.uri, ...parts]) {
      expect((await site.get(name ?? '')).status).toBe(200);
    }
  });

  it('blocks reloads with the signature beside what they wait for', async () => {
    site.playTo(4_100);
    const answer = site.get(`index.m3u8?${SIGNED}&_HLS_msn=${FIRST + 2}&_HLS_part=1`);
    await site.somebodyWaits();
    site.playTo(5_100);
    expect((await answer).status).toBe(200);
  });

  it('has nothing under a name without its tag, or with that of another, and lets nobody wait for it', async () => {
    site.playTo(5_100);
    const [one, two] = [tagOf(`segment-${FIRST + 1}`), tagOf(`segment-${FIRST + 2}`)];
    const { segments } = parsePlaylist((await site.get(`index.m3u8?${SIGNED}`)).body.toString());
    const init = segments[0]?.map ?? '';
    const guesses = [
      `segment-${FIRST + 1}.m4s`,
      `segment-${FIRST + 1}-${two}.m4s`,
      `segment-${FIRST + 1}-${one.slice(0, -1)}0.m4s`,
      `segment-${FIRST + 1}-${one}0.m4s`,
      `segment-0${FIRST + 1}-${one}.m4s`,
      `part-${FIRST + 1}-0.m4s`,
      `part-${FIRST + 1}-0-${two}.m4s`,
      // What the hint is for.
      `part-${FIRST + 2}-2.m4s`,
      `part-${FIRST + 2}-2-${one}.m4s`,
      init.replace(/-[0-9a-f]+\.mp4$/, '.mp4'),
      init.replace('.mp4', '0.mp4'),
    ];
    for (const guess of guesses) expect([guess, (await site.get(guess)).status]).toEqual([guess, 404]);
    expect(site.clock.pendingTimers).toBe(0);
  });
});
