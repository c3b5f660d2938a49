import { once } from 'node:events';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AmfObject, AmfValue } from '../../runtime/codec/amf0.ts';
import { encodeMessage, OUT_CHUNK_SIZE } from '../../runtime/rtmp/chunk-writer.ts';
import { type PlayListener, playRtmp, publishRtmp, RtmpStatusError } from '../../runtime/rtmp/client.ts';
import { controlMessage } from '../../runtime/rtmp/message.ts';
import { MessageType } from '../../runtime/rtmp/wire.ts';
import { bytes } from '../golden/bytes.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { KEYFRAME, largeFrame, onMetaData, videoMessage } from './media-messages.ts';
import type { RawPeer } from './raw-peer.ts';
import { TestPeerServer } from './test-peer-server.ts';
import { TestServer } from './test-server.ts';

const KEY = 's3cret-key';
const STREAM = `camera1?key=${KEY}`;
const IGNORE: PlayListener = { packet: () => {}, data: () => {} };

let server: TestPeerServer;
let clock: FakeClock;
beforeEach(async () => {
  server = await TestPeerServer.start();
  clock = new FakeClock();
});
afterEach(() => server.stop());

function publish(url = server.url(`master/${STREAM}`)) {
  return watch(publishRtmp(url, { clock, timeoutMs: 3_000 }));
}

function play(listener = IGNORE) {
  return watch(playRtmp(server.url('live/camera1'), { clock, timeoutMs: 3_000 }, listener));
}

/** The outcome of what was begun, which may come before the test looks at it. */
function watch<T>(begun: Promise<T>): Promise<{ value?: T; error?: Error }> {
  return begun.then(
    (value) => ({ value }),
    (error: Error) => ({ error }),
  );
}

function status(peer: RawPeer, streamId: number, level: string, code: string, description = ''): void {
  peer.command(streamId, 'onStatus', 0, null, { level, code, description });
}

async function hear(peer: RawPeer, name: string) {
  return until(`${name} of the client`, () => peer.commands.find((command) => command.name === name));
}

/** Answers connect and createStream, and returns the publish or play that follows. */
async function answer(peer: RawPeer, last: 'publish' | 'play') {
  peer.command(0, '_result', (await hear(peer, 'connect')).transactionId, null, {});
  peer.command(0, '_result', (await hear(peer, 'createStream')).transactionId, null, 5);
  return hear(peer, last);
}

describe('publishRtmp', () => {
  it('says what servers expect', async () => {
    const outcome = publish();
    const peer = await server.peer();
    const { streamId, args } = await answer(peer, 'publish');
    expect(streamId).toBe(5);
    expect(args).toEqual([null, STREAM, 'live']);
    expect(peer.commands.map(({ name }) => name)).toEqual([
      'connect',
      'releaseStream',
      'FCPublish',
      'createStream',
      'publish',
    ]);
    expect(peer.commands[0]).toMatchObject({
      transactionId: 1,
      args: [{ app: 'master', type: 'nonprivate', tcUrl: server.url('master') }],
    });
    expect(inspect(peer.commands[0])).not.toContain(KEY);
    expect(new Set(peer.commands.map(({ transactionId }) => transactionId)).size).toBe(5);
    status(peer, 5, 'status', 'NetStream.Publish.Start');
    const { value: publisher } = await outcome;
    // Accepted: the time limit is off.
    clock.advance(100_000);
    publisher?.send({
      track: 'video',
      timestamp: 7,
      cts: 0,
      ctsOffset: 2,
      keyframe: true,
      config: null,
      payload: KEYFRAME,
    });
    publisher?.sendMetadata({ width: 640 });
    publisher?.close();
    await until('all of it', () => peer.isClosed);
    expect(peer.messages).toContainEqual({ type: 'video', streamId: 5, timestamp: 7, payload: KEYFRAME });
    const data = peer.messages.find((message) => message.type === 'data');
    expect(data).toMatchObject({ streamId: 5 });
    expect(peer.commands.slice(5).map(({ name, args: [, first] }) => [name, first])).toEqual([
      ['FCUnpublish', STREAM],
      ['deleteStream', 5],
    ]);
    expect(await publisher?.closed).toBe('closed by the server');
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not wait for answers to releaseStream and FCPublish, and does not mind their refusal', async () => {
    const outcome = publish();
    const peer = await server.peer();
    // A command of the server's own, whose number is that of ours by chance.
    peer.command(0, 'onBWDone', (await hear(peer, 'connect')).transactionId, null, 8_192);
    await answer(peer, 'publish');
    peer.command(0, '_error', (await hear(peer, 'releaseStream')).transactionId, null, {
      level: 'error',
      code: 'x',
    });
    peer.command(0, 'onFCPublish', 0, null, { level: 'status', code: 'NetStream.Publish.Start' });
    peer.command(0, '_result', 99, null);
    status(peer, 5, 'status', 'NetStream.Publish.Start');
    expect((await outcome).error).toBeUndefined();
  });

  it('rejects with the code of a server that refuses connect, and ends the connection', async () => {
    const outcome = publish();
    const peer = await server.peer();
    const { transactionId } = await hear(peer, 'connect');
    const info = { level: 'error', code: 'NetConnection.Connect.Rejected', description: 'no such app' };
    peer.command(0, '_error', transactionId, null, info);
    const { error } = await outcome;
    expect(error).toBeInstanceOf(RtmpStatusError);
    expect(error).toMatchObject({
      code: 'NetConnection.Connect.Rejected',
      message: 'NetConnection.Connect.Rejected: no such app',
    });
    // Our side lets go, also where the server does not.
    await once(peer.socket, 'end');
  });

  it.each([
    {
      name: 'a code and a description',
      info: { level: 'error', code: 'NetStream.Publish.BadName', description: 'taken' },
      error: { code: 'NetStream.Publish.BadName', message: 'NetStream.Publish.BadName: taken' },
    },
    {
      name: 'a code alone',
      info: { level: 'error', code: 'NetStream.Publish.Denied' },
      error: { code: 'NetStream.Publish.Denied', message: 'NetStream.Publish.Denied' },
    },
    { name: 'nothing but its level', info: { level: 'error' }, error: { code: 'refused without a code' } },
  ])('rejects with what a server says that refuses publish by $name', async ({ info, error: expected }) => {
    const outcome = publish();
    const peer = await server.peer();
    await answer(peer, 'publish');
    peer.command(5, 'onStatus', 0, null, info as AmfObject);
    const { error } = await outcome;
    expect(error).toBeInstanceOf(RtmpStatusError);
    expect(error).toMatchObject(expected);
    await peer.closed();
  });

  it('rejects where our own server refuses, with what it said', async () => {
    const own = await TestServer.start();
    const { error } = await publish(own.url(`master/taken?key=${KEY}`));
    expect(error).toMatchObject({
      code: 'NetStream.Publish.BadName',
      message: 'NetStream.Publish.BadName: someone else publishes there',
    });
    const rejected = await publish(own.url(`secret/camera1?key=${KEY}`));
    expect(rejected.error).toMatchObject({ code: 'NetConnection.Connect.Rejected' });
    await own.stop();
  });

  it('hears the end when the server refuses later', async () => {
    const outcome = publish();
    const peer = await server.peer();
    await answer(peer, 'publish');
    status(peer, 5, 'status', 'NetStream.Publish.Start');
    const { value: publisher } = await outcome;
    status(peer, 5, 'error', 'NetStream.Publish.Failed', 'taken over');
    expect(await publisher?.closed).toBe('NetStream.Publish.Failed: taken over');
    // Too late: it goes nowhere, and breaks nothing.
    publisher?.sendMetadata({});
    publisher?.close();
  });

  it('hears the end when the server is gone', async () => {
    const outcome = publish();
    const peer = await server.peer();
    await answer(peer, 'publish');
    status(peer, 5, 'status', 'NetStream.Publish.Start');
    const { value: publisher } = await outcome;
    peer.socket.resetAndDestroy();
    expect(await publisher?.closed).toMatch(/ECONNRESET/);
  });

  it('counts what the server has not taken', async () => {
    const outcome = publish();
    const peer = await server.peer();
    await answer(peer, 'publish');
    status(peer, 5, 'status', 'NetStream.Publish.Start');
    const { value: publisher } = await outcome;
    peer.socket.pause();
    const payload = largeFrame(1_000_000);
    const packet = {
      track: 'video',
      timestamp: 0,
      cts: 0,
      ctsOffset: 2,
      keyframe: false,
      config: null,
    } as const;
    for (let i = 0; i < 20; i += 1) publisher?.send({ ...packet, payload });
    expect(publisher?.pendingBytes).toBeGreaterThan(1_000_000);
  });
});

describe('a client whose server fails', () => {
  const failures: ReadonlyArray<{
    readonly name: string;
    readonly fail: () => Promise<unknown>;
    readonly message: RegExp;
  }> = [
    {
      name: 'closes at once',
      fail: async () => (await server.socket()).destroy(),
      message: /closed by the server|ECONNRESET/,
    },
    {
      name: 'closes in mid-handshake',
      fail: async () => (await server.socket()).end(bytes('03 00*700')),
      message: /closed by the server|ECONNRESET/,
    },
    {
      name: 'resets in mid-handshake',
      fail: async () => {
        const socket = await server.socket();
        await new Promise((resolve) => socket.write(bytes('03 00*700'), resolve));
        socket.resetAndDestroy();
      },
      message: /closed by the server|ECONNRESET/,
    },
    {
      name: 'speaks HTTP',
      fail: async () => (await server.socket()).write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      message: /handshake version 72/,
    },
    {
      name: 'closes behind the handshake',
      fail: async () => (await server.peer()).socket.end(),
      message: /closed by the server/,
    },
    {
      name: 'closes behind connect',
      fail: async () => {
        const peer = await server.peer();
        await hear(peer, 'connect');
        peer.socket.end();
      },
      message: /closed by the server/,
    },
    {
      name: 'closes instead of answering publish',
      fail: async () => {
        const peer = await server.peer();
        await answer(peer, 'publish');
        peer.socket.end();
      },
      message: /closed by the server/,
    },
    {
      name: 'sends a chunk size of 0',
      fail: async () => (await server.peer()).write(bytes('02 000000 000004 01 00000000 00000000')),
      message: /chunk size 0/,
    },
    {
      name: 'sends a command that is no AMF0',
      fail: async () => (await server.peer()).write(bytes('03 000000 000003 14 00000000 02 00ff')),
      message: /AMF/,
    },
    {
      name: 'says nothing to the handshake',
      fail: async () => {
        await server.socket();
        clock.advance(2_999);
        clock.advance(1);
      },
      message: /no answer from rtmp:\/\/127\.0\.0\.1:\d+\/master within 3000 ms/,
    },
    {
      name: 'says nothing to connect',
      fail: async () => {
        await hear(await server.peer(), 'connect');
        clock.advance(3_000);
      },
      message: /no answer from .* within 3000 ms/,
    },
    {
      name: 'says nothing to publish',
      fail: async () => {
        await answer(await server.peer(), 'publish');
        clock.advance(3_000);
      },
      message: /no answer from .* within 3000 ms/,
    },
  ];

  it.each(failures)('rejects, without the key, when it $name', async ({ fail, message }) => {
    const outcome = publish();
    await fail();
    const { error } = await outcome;
    expect(error?.message).toMatch(message);
    expect(error?.message).toContain(server.url('master'));
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(KEY);
    for (const socket of server.sockets) socket.resume();
    await until('the client to let go', () => server.sockets.every(({ destroyed }) => destroyed));
    await until('no timer', () => clock.pendingTimers === 0);
  });

  it('rejects when nobody listens', async () => {
    const gone = await TestPeerServer.start();
    await gone.stop();
    const { error } = await publish(gone.url(`master/${STREAM}`));
    expect(error?.message).toMatch(/ECONNREFUSED/);
    expect(error?.cause).toMatchObject({ code: 'ECONNREFUSED' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(KEY);
    await until('no timer', () => clock.pendingTimers === 0);
  });

  it('rejects a URL that is none, without its key', async () => {
    const { error } = await publish(`http://host/master/${STREAM}`);
    expect(error?.message).toMatch(/does not name an RTMP stream/);
    expect(inspect(error)).not.toContain(KEY);
  });
});

describe('a relay by a publisher', () => {
  async function publishing(info: AmfObject = {}) {
    const outcome = publish();
    const peer = await server.peer();
    await answer(peer, 'publish');
    peer.command(5, 'onStatus', 0, null, { level: 'status', code: 'NetStream.Publish.Start', ...info });
    const { value: publisher } = await outcome;
    if (publisher === undefined) throw new Error('the client does not publish');
    return { peer, publisher };
  }

  it('hears what the server says with its acceptance', async () => {
    const { publisher } = await publishing({ epoch: 7, sequence: 42 });
    expect(publisher.startInfo).toMatchObject({ code: 'NetStream.Publish.Start', epoch: 7, sequence: 42 });
    expect(publisher.messageStreamId).toBe(5);
  });

  it('writes chunks as they are, and says what is pending', async () => {
    const { peer, publisher } = await publishing();
    const frame = largeFrame(100_000);
    expect(publisher.pendingBytes).toBe(0);
    const chunks = encodeMessage(6, videoMessage(7, frame, 5), OUT_CHUNK_SIZE);
    publisher.write(chunks);
    expect(publisher.pendingBytes).toBeLessThanOrEqual(chunks.length);
    const message = await until('it', () => peer.messages.find(({ type }) => type === 'video'));
    expect(message).toEqual({ type: 'video', streamId: 5, timestamp: 7, payload: frame });
    await until('all is taken', () => publisher.pendingBytes === 0);
  });

  it('writes nothing any more once it is closed, at once where it has a reason', async () => {
    const { peer, publisher } = await publishing();
    publisher.close('stuck');
    publisher.write(encodeMessage(6, videoMessage(7, KEYFRAME, 5), OUT_CHUNK_SIZE));
    expect(await publisher.closed).toBe('stuck');
    await peer.closed();
    expect(peer.messages.some(({ type }) => type === 'video')).toBe(false);
    expect(peer.commands.some(({ name }) => name === 'deleteStream')).toBe(false);
  });
});

describe('a client that keeps its connection alive', () => {
  const PERIOD_MS = 1_000;
  const isPing = (message: RawPeer['messages'][number]) =>
    message.type === 'user-control' && message.event === 6;

  async function playing() {
    const came: number[] = [];
    const outcome = watch(
      playRtmp(
        server.url('live/camera1'),
        { clock, timeoutMs: 60_000, keepAliveMs: PERIOD_MS },
        { ...IGNORE, packet: ({ timestamp }) => came.push(timestamp) },
      ),
    );
    const peer = await server.peer();
    await answer(peer, 'play');
    status(peer, 5, 'status', 'NetStream.Play.Start');
    const { value: player } = await outcome;
    if (player === undefined) throw new Error('the client does not play');
    let ended: string | null = null;
    void player.closed.then((reason) => {
      ended = reason;
    });
    return { peer, player, came, ended: () => ended };
  }

  it('pings its server in every period, with the time', async () => {
    const { peer } = await playing();
    for (let count = 1; count <= 2; count += 1) {
      clock.advance(PERIOD_MS);
      await until(`ping ${count}`, () => peer.messages.filter(isPing).length === count);
    }
    const [first, second] = peer.messages
      .filter(isPing)
      .flatMap((m) => (m.type === 'user-control' ? m.value : []));
    expect(((second ?? 0) - (first ?? 0)) >>> 0).toBe(PERIOD_MS);
  });

  it('gives up on a server that says nothing for three periods', async () => {
    const { peer, player, ended } = await playing();
    // What the server said so far was in the first of them.
    clock.advance(3 * PERIOD_MS);
    await until('three pings', () => peer.messages.filter(isPing).length === 3);
    expect(ended()).toBeNull();
    clock.advance(PERIOD_MS);
    expect(await player.closed).toBe('nothing received for 3000 ms');
    await peer.closed();
    await until('no timer is left', () => clock.pendingTimers === 0);
  });

  it('stays with one that says anything', async () => {
    const { peer, came, ended } = await playing();
    for (let period = 1; period <= 12; period += 1) {
      clock.advance(PERIOD_MS);
      if (period % 3 !== 0) continue;
      peer.send(videoMessage(period, KEYFRAME, 5));
      await until('it', () => came.at(-1) === period);
    }
    expect(ended()).toBeNull();
  });

  it('has its server acknowledge often, for a ping waits behind all that was sent before', async () => {
    const { peer } = await playing();
    expect(peer.messages).toContainEqual({ type: 'window-ack-size', bytes: 65_536 });
  });

  it('gives up on a server that never shakes hands', async () => {
    const outcome = watch(
      playRtmp(server.url('live/camera1'), { clock, timeoutMs: 60_000, keepAliveMs: PERIOD_MS }, IGNORE),
    );
    await server.socket();
    clock.advance(3 * PERIOD_MS);
    expect((await outcome).error?.message).toContain('nothing received for 3000 ms');
    await until('no timer is left', () => clock.pendingTimers === 0);
  });

  it('does not ping unless it is told to', async () => {
    const outcome = play();
    const peer = await server.peer();
    await answer(peer, 'play');
    status(peer, 5, 'status', 'NetStream.Play.Start');
    const { value: player } = await outcome;
    expect(clock.pendingTimers).toBe(0);
    clock.advance(100_000);
    player?.close();
    await peer.closed();
    expect(peer.messages.some(isPing)).toBe(false);
  });
});

describe('playRtmp', () => {
  async function playing(listener = IGNORE) {
    const outcome = play(listener);
    const peer = await server.peer();
    const command = await answer(peer, 'play');
    status(peer, 5, 'status', 'NetStream.Play.Reset');
    status(peer, 5, 'status', 'NetStream.Play.Start');
    const { value: player } = await outcome;
    if (player === undefined) throw new Error('the client does not play');
    return { peer, player, command };
  }

  it('asks for the live stream, and says how much it buffers', async () => {
    const { peer, player, command } = await playing();
    expect(command).toMatchObject({ streamId: 5, args: [null, 'camera1', -2_000] });
    await until('the buffer', () => peer.raws.some(({ typeId }) => typeId === MessageType.userControl));
    const control = peer.raws.find(({ typeId }) => typeId === MessageType.userControl);
    expect(control?.payload).toEqual(bytes('0003 00000005 000003e8'));
    player.close();
    await player.closed;
    expect(peer.commands.at(-1)).toMatchObject({ name: 'deleteStream', args: [null, 5] });
    expect(peer.commands.map(({ name }) => name)).not.toContain('FCUnpublish');
  });

  it('takes no other status for the start', async () => {
    let isPlaying = false;
    const outcome = play();
    outcome.then(() => {
      isPlaying = true;
    });
    const peer = await server.peer();
    await answer(peer, 'play');
    status(peer, 5, 'status', 'NetStream.Play.Reset');
    peer.send(
      { typeId: MessageType.userControl, streamId: 0, timestamp: 0, payload: bytes('0006 00000001') },
      2,
    );
    await until('the answer to a ping', () =>
      peer.messages.some((message) => message.type === 'user-control' && message.event === 7),
    );
    expect(isPlaying).toBe(false);
    status(peer, 5, 'status', 'NetStream.Play.Start');
    expect((await outcome).error).toBeUndefined();
  });

  it('rejects with the code of a server that has no such stream', async () => {
    const outcome = play();
    const peer = await server.peer();
    await answer(peer, 'play');
    status(peer, 5, 'error', 'NetStream.Play.StreamNotFound', 'no such program');
    expect((await outcome).error).toMatchObject({
      name: 'RtmpStatusError',
      code: 'NetStream.Play.StreamNotFound',
    });
    await peer.closed();
  });

  it('hands on media and data, and nothing of what carries nothing', async () => {
    const came: string[] = [];
    const { peer } = await playing({
      packet: ({ track, timestamp }) => came.push(`${track} ${timestamp}`),
      data: (name: string, value: AmfValue, timestamp) =>
        came.push(`${name} ${JSON.stringify(value)} ${timestamp}`),
    });
    peer.send(onMetaData({ width: 640 }, 5));
    peer.send(videoMessage(3, bytes(''), 5));
    peer.send({ typeId: MessageType.dataAmf0, streamId: 5, timestamp: 0, payload: bytes('05') });
    peer.send(videoMessage(7, KEYFRAME, 5));
    await until('the keyframe', () => came.length === 2);
    expect(came).toEqual(['onMetaData {"width":640} 0', 'video 7']);
  });

  it('obeys the chunk size of the server', async () => {
    const came: Buffer[] = [];
    const { peer } = await playing({ ...IGNORE, packet: ({ payload }) => came.push(payload) });
    peer.send(controlMessage(MessageType.setChunkSize, OUT_CHUNK_SIZE), 2);
    const frame = largeFrame(200_000);
    peer.write(encodeMessage(6, videoMessage(0x1000000, frame, 5), OUT_CHUNK_SIZE));
    await until('the frame', () => came.length);
    expect(came[0]?.equals(frame)).toBe(true);
  });

  it('answers pings', async () => {
    const { peer } = await playing();
    peer.send(
      { typeId: MessageType.userControl, streamId: 0, timestamp: 0, payload: bytes('0006 cafebabe') },
      2,
    );
    await until('the answer', () =>
      peer.messages.some((m) => m.type === 'user-control' && m.event === 7 && m.value === 0xcafebabe),
    );
  });

  it('acknowledges after the window that the server asks for', async () => {
    const { peer } = await playing();
    expect(peer.messages.some(({ type }) => type === 'acknowledgement')).toBe(false);
    peer.send(controlMessage(MessageType.windowAckSize, 5_000), 2);
    peer.send(videoMessage(0, largeFrame(5_000), 5));
    const acknowledgement = await until('it', () => peer.messages.find((m) => m.type === 'acknowledgement'));
    expect(acknowledgement.sequence).toBeGreaterThan(5_000);
    expect(acknowledgement.sequence).toBeLessThanOrEqual(peer.writtenBytes);
  });

  it('ends when the server sends what is no media', async () => {
    const { peer, player } = await playing();
    peer.send(videoMessage(0, bytes('17 00 000000 01'), 5));
    expect(await player.closed).toMatch(/codec configuration/);
  });
});
