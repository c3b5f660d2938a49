/** HTTP for viewers, over real sockets: HTTP-FLV, WebSocket-FLV, and what is turned away. */
import { once } from 'node:events';
import { type IncomingMessage, request as sendRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { LEAD_IN_MS } from '../../runtime/codec/flv-lead-in.ts';
import { FlvReader } from '../../runtime/codec/flv-reader.ts';
import { createHttpServer, type HttpServerOptions } from '../../runtime/output/http-server.ts';
import type { ViewerLimits } from '../../runtime/output/viewer-queue.ts';
import { describeTag, LIMITS, Stage, video } from './stage.ts';

type ViewerEvent = Parameters<HttpServerOptions['onViewer']>[0];

/** A server with one program, `live/camera1`, that has begun. */
class Site {
  readonly stage: Stage;
  readonly viewers: ViewerEvent[] = [];
  port = 0;
  hasRoom = true;
  isDraining = false;
  /** Whether URLs need a signature. */
  isSigned = false;
  private readonly server: ReturnType<typeof createHttpServer>;
  private readonly sockets: Array<{ destroy(): void }> = [];
  private readonly waiting: Array<() => void> = [];

  constructor(limits: ViewerLimits = LIMITS) {
    this.stage = new Stage(limits);
    this.stage.goOnAir();
    this.server = createHttpServer({
      clock: this.stage.clock,
      feedOf: (program) => (program === 'camera1' ? this.stage.feed : undefined),
      playRefusal: (program, query) =>
        !this.isSigned || query.get('signature') === `of ${program}` ? null : 'no signature',
      viewerRefusal: () => (this.hasRoom ? null : 'no room'),
      isDraining: () => this.isDraining,
      onViewer: (event) => {
        this.viewers.push(event);
        for (const check of this.waiting.splice(0)) check();
      },
    });
  }

  async listen(): Promise<this> {
    await this.server.listen({ port: 0, host: '127.0.0.1' });
    const address = this.server.server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    return this;
  }

  /** Sends a request; resolves with the response when its head is there. */
  async request(method: string, path: string): Promise<IncomingMessage> {
    const request = sendRequest({ port: this.port, host: '127.0.0.1', method, path, agent: false });
    this.sockets.push(request);
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    return response;
  }

  /** Opens a socket and sends this text. */
  connect(text: string): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    this.sockets.push(socket);
    socket.write(text);
    return socket;
  }

  webSocket(path: string): WebSocket {
    const webSocket = new WebSocket(`ws://127.0.0.1:${this.port}${path}`);
    webSocket.on('error', () => {});
    this.sockets.push({ destroy: () => webSocket.terminate() });
    return webSocket;
  }

  /** Resolves with the event once a viewer has ended. */
  async ended(): Promise<ViewerEvent> {
    for (;;) {
      const event = this.viewers.find(({ ended }) => ended !== null);
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await this.server.close();
  }
}

const sites: Site[] = [];
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close();
});

function openSite(limits?: ViewerLimits): Promise<Site> {
  const site = new Site(limits);
  sites.push(site);
  return site.listen();
}

/** Lets the event loop turn until this is so; fails where it never is. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; turns < 100_000; turns += 1) {
    if (await isSo()) return;
    await new Promise(setImmediate);
  }
  throw new Error('it never came to be');
}

/** Reads FLV as it comes. */
class FlvStory {
  readonly lines: string[] = [];
  readonly head: Buffer[] = [];
  private readonly reader = new FlvReader((tag) => this.lines.push(describeTag(tag)));

  push(bytes: Buffer): void {
    if (this.head.length === 0) this.head.push(bytes);
    this.reader.push(bytes);
  }
}

const JOINED = ['data onMetaData 0', 'video header 0', 'audio header 0', `key ${-LEAD_IN_MS}`];

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('/healthz', () => {
  it('says that the host serves, whatever its encoders do', async () => {
    const site = await openSite();
    const response = await site.request('GET', '/healthz');
    expect(response.statusCode).toBe(200);
    expect(JSON.parse(await textOf(response))).toEqual({ status: 'serving' });
  });

  it('says so too where there is no room for viewers', async () => {
    const site = await openSite();
    site.hasRoom = false;
    expect((await site.request('GET', '/healthz')).statusCode).toBe(200);
  });

  it('says that the host drains, and ends the connection so that the next question is a new one', async () => {
    const site = await openSite();
    site.isDraining = true;
    const response = await site.request('GET', '/healthz');
    expect(response.statusCode).toBe(503);
    expect(response.headers.connection).toBe('close');
    expect(JSON.parse(await textOf(response))).toEqual({ status: 'draining' });
  });
});

describe('HTTP-FLV', () => {
  it.each(['/live/camera1.flv', '/live/camera1.flv?token=x&t=1'])(
    'plays %s: header, the GOP in the air, then what comes',
    async (path) => {
      const site = await openSite();
      const response = await site.request('GET', path);
      expect(response.statusCode).toBe(200);
      expect(response.headers).toMatchObject({
        'content-type': 'video/x-flv',
        'cache-control': 'no-store',
        'access-control-allow-origin': '*',
      });
      // The body ends with the connection: it has no length, and no chunks in between.
      expect(response.headers).not.toHaveProperty('content-length');
      expect(response.headers).not.toHaveProperty('transfer-encoding');
      const story = new FlvStory();
      response.on('data', (bytes: Buffer) => story.push(bytes));
      await until(() => story.lines.length === 4);
      site.stage.turn(video(40));
      await until(() => story.lines.length === 5);
      expect(story.lines).toEqual([...JOINED, 'video 40']);
      // Bit 0: video, bit 2: audio (FLV 10.1, E.2).
      expect(story.head[0]?.subarray(0, 5)).toEqual(Buffer.from('FLV\x01\x05', 'latin1'));
      expect(site.viewers).toEqual([
        { program: 'camera1', protocol: 'http-flv', address: expect.stringMatching(/^127/), ended: null },
      ]);
    },
  );

  it('gives the place of a viewer that leaves to another, and says once that it is gone', async () => {
    const site = await openSite();
    const response = await site.request('GET', '/live/camera1.flv');
    expect(site.stage.feed.viewers).toBe(1);
    response.destroy();
    expect(await site.ended()).toMatchObject({ program: 'camera1', ended: 'closed by peer' });
    expect(site.stage.feed.viewers).toBe(0);
    site.stage.turn(video(40));
    expect(site.viewers).toHaveLength(2);
  });

  it('closes a viewer that takes nothing, with the reason, once', async () => {
    const site = await openSite({ queueLimitBytes: 500_000, stuckTimeoutMs: 10_000 });
    const response = await site.request('GET', '/live/camera1.flv');
    response.pause();
    // More than all the buffers of the sockets can hold.
    for (let ms = 1_000; site.stage.feed.skips === 0; ms += 40) {
      site.stage.turn(video(ms, true, { bytes: 400_000 }));
      await new Promise(setImmediate);
    }
    site.stage.feed.checkViewers(site.stage.clock.now());
    site.stage.clock.advance(10_000);
    site.stage.feed.checkViewers(site.stage.clock.now());
    expect(await site.ended()).toMatchObject({ ended: expect.stringMatching(/^stuck/) });
    const closed = once(response, 'close');
    response.resume();
    await closed;
    expect(site.stage.feed.viewers).toBe(0);
    expect(site.viewers).toHaveLength(2);
  });

  it('ends with the feed', async () => {
    const site = await openSite();
    const response = await site.request('GET', '/live/camera1.flv');
    response.resume();
    const closed = once(response, 'close');
    site.stage.feed.close('the host is stopped');
    await closed;
    expect(site.viewers[1]).toMatchObject({ ended: 'the host is stopped' });
  });

  it.each([
    '/live/camera2.flv',
    '/live/camera1',
    '/live/camera1.mp4',
    '/live/.flv',
    '/live/camera1.flv.flv',
    '/live/..%2fcamera1.flv',
    '/live/',
  ])('answers 404 to %s', async (path) => {
    const site = await openSite();
    const response = await site.request('GET', path);
    expect(response.statusCode).toBe(404);
    expect(site.viewers).toEqual([]);
  });

  it('names in its 404 the path that was asked for, without the query', async () => {
    const site = await openSite();
    const response = await site.request('GET', '/live/camera2.flv?token=s3cret');
    const { error } = JSON.parse(await textOf(response)) as { error: string };
    expect(error).toContain('/live/camera2.flv');
    expect(error).not.toContain('s3cret');
  });

  it.each(['GET', 'HEAD'])(
    'answers 503 to %s where the host is full, with a time to come back',
    async (method) => {
      const site = await openSite();
      site.hasRoom = false;
      const response = await site.request(method, '/live/camera1.flv');
      expect(response.statusCode).toBe(503);
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
      expect(site.stage.feed.viewers).toBe(0);
    },
  );

  it('answers HEAD with the head alone, which takes no place', async () => {
    const site = await openSite();
    const response = await site.request('HEAD', '/live/camera1.flv');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('video/x-flv');
    expect(await textOf(response)).toBe('');
    expect([site.viewers, site.stage.feed.viewers]).toEqual([[], 0]);
  });

  it.each(['GET', 'HEAD'])(
    'answers 403 to %s without a signature, before it says that it is full, to any page',
    async (method) => {
      const site = await openSite();
      site.isSigned = true;
      site.hasRoom = false;
      const response = await site.request(method, '/live/camera1.flv?signature=of%20camera2');
      expect(response.statusCode).toBe(403);
      expect(response.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'cache-control': 'no-store',
      });
      const text = await textOf(response);
      expect(text).toBe(method === 'HEAD' ? '' : '{"error":"no signature"}');
      expect(site.viewers).toEqual([]);
    },
  );

  it('plays with a signature', async () => {
    const site = await openSite();
    site.isSigned = true;
    expect((await site.request('GET', '/live/camera1.flv?x=1&signature=of%20camera1')).statusCode).toBe(200);
  });

  it('takes no POST', async () => {
    const site = await openSite();
    expect((await site.request('POST', '/live/camera1.flv')).statusCode).toBe(404);
  });
});

describe('WebSocket-FLV', () => {
  it('plays the same bytes, in binary messages', async () => {
    const site = await openSite();
    const webSocket = site.webSocket('/live/camera1.flv?x=1');
    const story = new FlvStory();
    let isBinary = true;
    webSocket.on('message', (bytes: Buffer, binary) => {
      isBinary &&= binary;
      story.push(bytes);
    });
    await until(() => story.lines.length === 4);
    site.stage.turn(video(40));
    await until(() => story.lines.length === 5);
    expect(story.lines).toEqual([...JOINED, 'video 40']);
    expect(isBinary).toBe(true);
    expect(site.viewers[0]).toMatchObject({ program: 'camera1', protocol: 'ws-flv', ended: null });
  });

  it('gives the place of a viewer that leaves to another', async () => {
    const site = await openSite();
    const webSocket = site.webSocket('/live/camera1.flv');
    await once(webSocket, 'open');
    expect(site.stage.feed.viewers).toBe(1);
    webSocket.close();
    expect(await site.ended()).toMatchObject({ protocol: 'ws-flv', ended: 'closed by peer' });
    expect(site.stage.feed.viewers).toBe(0);
  });

  it('tells a viewer that is closed why', async () => {
    const site = await openSite();
    const webSocket = site.webSocket('/live/camera1.flv');
    await once(webSocket, 'open');
    const closed = once(webSocket, 'close');
    site.stage.feed.close('the host is stopped');
    const [code, reason] = (await closed) as [number, Buffer];
    // 1001: going away.
    expect([code, reason.toString()]).toEqual([1001, 'the host is stopped']);
    expect(site.viewers.filter(({ ended }) => ended !== null)).toHaveLength(1);
  });

  it('does not wait for ever for a viewer that is told to go', async () => {
    const site = await openSite();
    const socket = site.connect(
      'GET /live/camera1.flv HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await until(() => site.stage.feed.viewers === 1);
    socket.resume();
    site.stage.feed.close('the host is stopped');
    await until(() => socket.readableEnded || socket.bytesRead > 0);
    // It never answers with a close frame of its own.
    site.stage.clock.advance(1_000);
    await until(async () => (await site.connections()) === 0);
  });

  it('hears nothing from viewers: who talks too much is closed', async () => {
    const site = await openSite();
    const webSocket = site.webSocket('/live/camera1.flv');
    await once(webSocket, 'open');
    webSocket.send(Buffer.alloc(2_000));
    await once(webSocket, 'close');
    await site.ended();
    expect(site.stage.feed.viewers).toBe(0);
  });

  it('refuses to upgrade without a signature with 403, and says so', async () => {
    const site = await openSite();
    site.isSigned = true;
    site.hasRoom = false;
    const webSocket = site.webSocket('/live/camera1.flv?signature=of%20camera2');
    const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(403);
    expect(JSON.parse(await textOf(response))).toEqual({ error: 'no signature' });
    expect([site.viewers, site.stage.feed.viewers]).toEqual([[], 0]);
  });

  it('upgrades with a signature', async () => {
    const site = await openSite();
    site.isSigned = true;
    await once(site.webSocket('/live/camera1.flv?signature=of%20camera1'), 'open');
    expect(site.stage.feed.viewers).toBe(1);
  });

  it('answers a path that is no URL', async () => {
    const site = await openSite();
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket';
    const socket = site.connect(`GET // HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  });

  it.each<[path: string, hasRoom: boolean, status: number]>([
    ['/live/camera2.flv', true, 404],
    ['/', true, 404],
    ['/healthz', true, 404],
    ['/live/camera1.flv', false, 503],
  ])('refuses to upgrade %s (room: %s) with %i', async (path, hasRoom, status) => {
    const site = await openSite();
    site.hasRoom = hasRoom;
    const webSocket = site.webSocket(path);
    const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(status);
    expect(response.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    expect([site.viewers, site.stage.feed.viewers]).toEqual([[], 0]);
  });

  it('holds no connection of a peer that was refused and stays', async () => {
    const site = await openSite();
    const socket = site.connect(
      'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    socket.resume();
    await once(socket, 'end');
    expect(socket.writable).toBe(true);
    await until(async () => (await site.connections()) === 0);
  });

  it('takes no place for an upgrade that is no WebSocket', async () => {
    const site = await openSite();
    const socket = site.connect(
      'GET /live/camera1.flv HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: else\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    expect(site.stage.feed.viewers).toBe(0);
  });
});
