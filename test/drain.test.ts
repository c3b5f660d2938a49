/** A host that is taken out of service: what it still does, for whom, and when it is at its end. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { readClip } from '../runtime/codec/clip-reader.ts';
import { parseConfig } from '../runtime/contract/config-problems.ts';
import { Drain, type DrainEnd } from '../runtime/drain.ts';
import { type Host, startHost } from '../runtime/host.ts';
import { playClip } from '../runtime/media/clip.ts';
import { playRtmp, publishRtmp, type RtmpPlayer, type RtmpPublisher } from '../runtime/rtmp/client.ts';
import { connectRaw } from './rtmp/raw-peer.ts';
import { FakeClock } from './support/fake-clock.ts';
import { until } from './support/until.ts';

describe('Drain', () => {
  class Stand {
    readonly clock = new FakeClock();
    viewers = 3;
    readonly drain = new Drain({ clock: this.clock, timeoutMs: 5_000, viewers: () => this.viewers });
    end: DrainEnd | null = null;

    begin(): this {
      void this.drain.begin().then((end) => {
        this.end = end;
      });
      return this;
    }

    /** Lets time pass, and what waits for a promise run. */
    async pass(ms: number): Promise<DrainEnd | null> {
      this.clock.advance(ms);
      await Promise.resolve();
      return this.end;
    }
  }

  it('ends at once where there is no viewer', async () => {
    const stand = new Stand();
    stand.viewers = 0;
    expect(stand.drain.state).toBe('serving');
    expect(await stand.begin().pass(0)).toEqual({ because: 'no viewer is left', viewers: 0, tookMs: 0 });
    expect([stand.drain.state, stand.clock.pendingTimers]).toEqual(['draining', 0]);
  });

  it('ends when the last viewer is gone, within a tenth of a second', async () => {
    const stand = new Stand().begin();
    stand.viewers = 1;
    expect(await stand.pass(2_000)).toBeNull();
    stand.viewers = 0;
    expect(await stand.pass(100)).toMatchObject({ because: 'no viewer is left', viewers: 0 });
    expect(stand.clock.pendingTimers).toBe(0);
  });

  it('ends when the time is up, with those that are left', async () => {
    const stand = new Stand().begin();
    expect(await stand.pass(4_999)).toBeNull();
    expect(await stand.pass(1)).toEqual({ because: 'the time is up', viewers: 3, tookMs: 5_000 });
    expect(stand.clock.pendingTimers).toBe(0);
  });

  it('ends when it is stopped', async () => {
    const stand = new Stand().begin();
    await stand.pass(1_000);
    stand.drain.stop();
    expect(await stand.pass(0)).toEqual({ because: 'stopped', viewers: 3, tookMs: 1_000 });
    expect(stand.clock.pendingTimers).toBe(0);
  });

  it('does not begin where it has been stopped', async () => {
    const stand = new Stand();
    stand.drain.stop();
    expect(await stand.begin().pass(0)).toMatchObject({ because: 'stopped' });
    expect(stand.clock.pendingTimers).toBe(0);
  });

  it('is one drain, however often it is asked for', async () => {
    const stand = new Stand().begin();
    await stand.pass(3_000);
    const again = stand.drain.begin();
    await stand.pass(2_000);
    expect(await again).toBe(stand.end);
    expect(stand.end?.tookMs).toBe(5_000);
  });

  it('sets one timer, however many viewers there are', () => {
    const stand = new Stand();
    stand.viewers = 5_000;
    stand.begin();
    expect(stand.clock.pendingTimers).toBe(1);
  });
});

const KEYS = new Map([
  ['master/camera1', 'kEy-0f~camera1.secret'],
  ['backup/spare', 'kEy-0f~spare.secret'],
]);
const TIMEOUT_MS = 20_000;

/** A host over real sockets, whose time passes while something is waited for. */
class Site {
  readonly clock = new FakeClock();
  readonly log: Array<Record<string, unknown>> = [];
  host!: Host;
  private readonly undo: Array<() => void> = [];

  async start(): Promise<this> {
    const parsed = parseConfig({
      masters: [{ name: 'camera1' }],
      backups: [{ name: 'spare' }],
      slate: false,
      rtmp: { port: 0, host: '127.0.0.1' },
      http: { port: 0, host: '127.0.0.1' },
      control: { port: 0 },
      drain: { timeoutMs: TIMEOUT_MS },
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    this.host = await startHost({
      config: parsed.config,
      directory: '/nowhere',
      keys: KEYS,
      clock: this.clock,
      logger: pino({ level: 'debug' }, { write: (line: string) => this.log.push(JSON.parse(line)) }),
    });
    return this;
  }

  async stop(): Promise<void> {
    for (const undo of this.undo) undo();
    await this.host.stop('the test is over');
  }

  url(path: string): string {
    return `rtmp://127.0.0.1:${this.host.ports.rtmp}/${path}`;
  }

  get clientOptions() {
    // The host's clock is moved by steps, which must not cost a client its patience.
    return { clock: this.clock, timeoutMs: 3_600_000 };
  }

  publish(): Promise<RtmpPublisher> {
    return publishRtmp(this.url(`master/camera1?key=${KEYS.get('master/camera1')}`), this.clientOptions);
  }

  /** Publishes a clip in a loop, as time passes. */
  async encode(): Promise<RtmpPublisher> {
    const publisher = await this.publish();
    const clip = readClip(readFileSync(join(import.meta.dirname, '../runtime/clips/camera1.flv')));
    const stop = playClip(clip, this.clock, {
      packet: (packet) => publisher.send(packet),
      metadata: (metadata) => publisher.sendMetadata(metadata),
    });
    this.undo.push(stop);
    void publisher.closed.then(stop);
    return publisher;
  }

  async play(onPacket: () => void = () => {}): Promise<RtmpPlayer> {
    return playRtmp(this.url('live/camera1'), this.clientOptions, { packet: onPacket, data: () => {} });
  }

  /** Waits while time passes at the speed of 5 ms a look. */
  async until<T>(what: string, check: () => T | null | undefined | false | 0): Promise<T> {
    return until(what, () => {
      this.clock.advance(5);
      return check();
    });
  }

  async get(path: string): Promise<IncomingMessage> {
    const request = get({ port: this.host.ports.http, host: '127.0.0.1', path, agent: false });
    this.undo.push(() => request.destroy());
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    return response;
  }

  async webSocket(path: string): Promise<WebSocket> {
    const webSocket = new WebSocket(`ws://127.0.0.1:${this.host.ports.http}${path}`);
    this.undo.push(() => webSocket.terminate());
    webSocket.on('error', () => {});
    await once(webSocket, 'open');
    return webSocket;
  }

  /** The lines of the log about the drain, without what all lines have. */
  get drainLines() {
    return this.log
      .filter(({ event }) => event === 'drain')
      .map(({ phase, viewers, because }) => ({ phase, viewers, because }));
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('a host that drains', () => {
  let site: Site;
  beforeEach(async () => {
    site = await new Site().start();
  });
  afterEach(() => site.stop());

  it('is at its end at once where nobody watches', async () => {
    expect(site.host.state).toBe('serving');
    await site.host.drain();
    expect(site.host.state).toBe('draining');
    expect(site.drainLines).toEqual([
      { phase: 'began', viewers: 0 },
      { phase: 'ended', viewers: 0, because: 'no viewer is left' },
    ]);
  });

  it('says so in its health', async () => {
    const before = await site.get('/healthz');
    expect([before.statusCode, await textOf(before)]).toEqual([200, '{"status":"serving"}']);
    await site.play();
    void site.host.drain();
    const after = await site.get('/healthz');
    expect([after.statusCode, await textOf(after)]).toEqual([503, '{"status":"draining"}']);
    expect(after.headers.connection).toBe('close');
  });

  it('refuses viewers, over RTMP, HTTP and WebSocket, and says why', async () => {
    await site.play();
    void site.host.drain();
    await expect(site.play()).rejects.toMatchObject({
      code: 'NetStream.Play.Failed',
      message: expect.stringContaining('this host is draining'),
    });
    const http = await site.get('/live/camera1.flv');
    expect([http.statusCode, Number(http.headers['retry-after'])]).toEqual([503, 5]);
    expect(await textOf(http)).toContain('this host is draining');
    const webSocket = new WebSocket(`ws://127.0.0.1:${site.host.ports.http}/live/camera1.flv`);
    webSocket.on('error', () => {});
    const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '5']);
    expect(site.host.viewers).toBe(1);
    expect(site.log).toContainEqual(
      expect.objectContaining({ event: 'refused', what: 'play', code: 'NetStream.Play.Failed' }),
    );
  });

  it('goes on serving the viewers that it has, and lets an encoder come back for them', async () => {
    const encoder = await site.encode();
    let packets = 0;
    await site.play(() => {
      packets += 1;
    });
    await site.until('pictures', () => packets > 10);
    void site.host.drain();
    const atDrain = packets;
    await site.until('more pictures', () => packets > atDrain + 10);
    encoder.close();
    await encoder.closed;
    const lost = packets;
    await site.encode();
    await site.until('pictures of the encoder that came back', () => packets > lost + 20);
    expect(site.host.viewers).toBe(1);
  });

  it('is at its end when the last viewer has left', async () => {
    const [first, second] = [await site.play(), await site.webSocket('/live/camera1.flv')];
    let isOver = false;
    const drained = site.host.drain().then(() => {
      isOver = true;
    });
    first.close();
    await site.until('one viewer to leave', () => site.host.viewers === 1);
    site.clock.advance(1_000);
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    second.close();
    await site.until('the end', () => isOver);
    await drained;
    expect(site.drainLines).toEqual([
      { phase: 'began', viewers: 2 },
      { phase: 'ended', viewers: 0, because: 'no viewer is left' },
    ]);
  });

  it('is at its end when the time is up, and closes those that are left with the reason', async () => {
    const encoder = await site.publish();
    const player = await site.play();
    const webSocket = await site.webSocket('/live/camera1.flv');
    const response = await site.get('/live/camera1.flv');
    const drained = site.host.drain();
    site.clock.advance(TIMEOUT_MS - 1);
    expect(site.host.viewers).toBe(3);
    site.clock.advance(1);
    await drained;
    expect(site.drainLines.at(-1)).toEqual({ phase: 'ended', viewers: 3, because: 'the time is up' });
    const closed = once(webSocket, 'close') as Promise<[number, Buffer]>;
    const responseClosed = once(response.resume(), 'close');
    await site.host.stop('the host is drained and stopped');
    const [code, reason] = await closed;
    expect([code, reason.toString()]).toEqual([1001, 'the host is drained and stopped']);
    await Promise.all([player.closed, responseClosed]);
    expect(await encoder.closed).toBe('NetConnection.Connect.AppShutdown: the host is drained and stopped');
    const ends = site.log.filter(
      ({ event, ended }) => event === 'rtmp-closed' || (event === 'viewer' && ended),
    );
    expect(ends.map(({ reason: why, ended }) => why ?? ended)).toEqual(
      Array(4).fill('the host is drained and stopped'),
    );
  });

  it('is at its end when it is stopped meanwhile', async () => {
    const player = await site.play();
    const drained = site.host.drain();
    await site.host.stop('the host is stopped');
    await Promise.all([drained, player.closed]);
    expect(site.drainLines.at(-1)).toEqual({ phase: 'ended', viewers: 1, because: 'stopped' });
  });

  it('asks players that can to move at once, and encoders that can when it closes', async () => {
    const begin = async (app: string, command: string, name: string) => {
      const peer = await connectRaw(site.host.ports.rtmp);
      peer.command(0, 'connect', 1, { app, capsEx: 1 });
      peer.command(0, 'createStream', 2, null);
      peer.command(1, command, 0, null, name);
      await until(`${command} to begin`, () => peer.statuses.some((status) => status.endsWith('.Start')));
      return peer;
    };
    const encoder = await begin('master', 'publish', `camera1?key=${KEYS.get('master/camera1')}`);
    const player = await begin('live', 'play', 'camera1');
    const ASKED = 'status NetConnection.Connect.ReconnectRequest';
    const drained = site.host.drain();
    await player.status(ASKED);
    encoder.command(0, '_checkbw', 9, null);
    await encoder.reply(9);
    expect(encoder.statuses).not.toContain(ASKED);
    player.socket.destroy();
    await site.until('the end of the drain', () => site.drainLines.length === 2);
    await drained;
    await Promise.all([site.host.stop('the host is drained and stopped'), encoder.closed()]);
    expect(encoder.statuses.at(-1)).toBe(ASKED);
  });

  it('that is asked again goes on with the drain that has begun', async () => {
    const player = await site.play();
    const [first, second] = [site.host.drain(), site.host.drain()];
    player.close();
    await site.until('the end', () => site.drainLines.length === 2);
    await Promise.all([first, second]);
    expect(site.drainLines).toHaveLength(2);
  });
});
