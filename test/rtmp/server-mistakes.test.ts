import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeMessage } from '../../runtime/rtmp/chunk-writer.ts';
import { commandMessage, userControlMessage } from '../../runtime/rtmp/message.ts';
import { printable } from '../../runtime/rtmp/stream-path.ts';
import { DEFAULT_CHUNK_SIZE, MessageType, UserControlEvent } from '../../runtime/rtmp/wire.ts';
import { bytes } from '../golden/bytes.ts';
import { chunkStreamsRefused } from '../golden/chunk-streams.ts';
import { until } from '../support/until.ts';
import { FRAME, KEYFRAME, largeFrame, videoMessage } from './media-messages.ts';
import type { RawPeer } from './raw-peer.ts';
import { LIMITS, TestServer } from './test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

interface Mistake {
  readonly name: string;
  /** What the client has done before: `raw` is the handshake alone. */
  readonly after: 'raw' | 'connected' | 'publishing';
  readonly make: (peer: RawPeer) => void;
  readonly reason: RegExp;
  /** What it is told, where there is something to tell. */
  readonly told?: string;
}

const mistakes: readonly Mistake[] = [
  {
    name: 'unknown application',
    after: 'raw',
    make: (peer) => peer.command(0, 'connect', 1, { app: 'secret' }),
    reason: /^refused: no application secret$/,
    told: '_error NetConnection.Connect.Rejected',
  },
  {
    name: 'connect without an application',
    after: 'raw',
    make: (peer) => peer.command(0, 'connect', 1, { tcUrl: 'rtmp://host/' }),
    reason: /^refused: connect names no application$/,
    told: '_error NetConnection.Connect.Rejected',
  },
  {
    name: 'connect with an application that is a number',
    after: 'raw',
    make: (peer) => peer.command(0, 'connect', 1, { app: 7 }),
    reason: /^refused: connect names no application$/,
    told: '_error NetConnection.Connect.Rejected',
  },
  {
    name: 'connect without an object',
    after: 'raw',
    make: (peer) => peer.command(0, 'connect', 1),
    reason: /^refused: connect names no application$/,
    told: '_error NetConnection.Connect.Rejected',
  },
  {
    name: 'connect with null for an object',
    after: 'raw',
    make: (peer) => peer.command(0, 'connect', 1, null),
    reason: /^refused: connect names no application$/,
    told: '_error NetConnection.Connect.Rejected',
  },
  {
    name: 'connect twice',
    after: 'connected',
    make: (peer) => peer.command(0, 'connect', 3, { app: 'master' }),
    reason: /^command: connect twice$/,
  },
  {
    name: 'publish before connect',
    after: 'raw',
    make: (peer) => peer.command(1, 'publish', 1, null, 'camera1', 'live'),
    reason: /^command: publish before connect$/,
  },
  {
    name: 'a command of a strange name before connect',
    after: 'raw',
    make: (peer) => peer.command(0, 'x\n\u001b[31m', 1),
    reason: /^command: x\?\?\[31m before connect$/,
  },
  {
    name: 'publish without a name',
    after: 'connected',
    make: (peer) => peer.command(1, 'publish', 3, null),
    reason: /^refused: publish names no stream$/,
    told: 'onStatus NetStream.Publish.BadName',
  },
  {
    name: 'publish with a name that is null',
    after: 'connected',
    make: (peer) => peer.command(1, 'publish', 3, null, null, 'live'),
    reason: /^refused: publish names no stream$/,
    told: 'onStatus NetStream.Publish.BadName',
  },
  {
    name: 'publish with a query and no name',
    after: 'connected',
    make: (peer) => peer.command(1, 'publish', 3, null, '?key=k', 'live'),
    reason: /^refused: publish names no stream$/,
    told: 'onStatus NetStream.Publish.BadName',
  },
  {
    name: 'publish that is refused',
    after: 'connected',
    make: (peer) => peer.command(1, 'publish', 3, null, 'taken', 'live'),
    reason: /^refused: someone else publishes there$/,
    told: 'onStatus NetStream.Publish.BadName',
  },
  {
    name: 'publish on a stream that was never created',
    after: 'connected',
    make: (peer) => peer.command(7, 'publish', 3, null, 'camera1', 'live'),
    reason: /^command: publish on stream 7/,
  },
  {
    name: 'publish on stream 0',
    after: 'connected',
    make: (peer) => peer.command(0, 'publish', 3, null, 'camera1', 'live'),
    reason: /^command: publish on stream 0/,
  },
  {
    name: 'two publishes on one stream',
    after: 'publishing',
    make: (peer) => peer.command(1, 'publish', 3, null, 'camera2', 'live'),
    reason: /^command: publish on stream 1/,
  },
  {
    name: 'play on a stream that publishes',
    after: 'publishing',
    make: (peer) => peer.command(1, 'play', 3, null, 'camera2'),
    reason: /^command: play on stream 1/,
  },
  {
    name: 'play without a name',
    after: 'connected',
    make: (peer) => peer.command(1, 'play', 3, null),
    reason: /^refused: play names no stream$/,
    told: 'onStatus NetStream.Play.StreamNotFound',
  },
  {
    name: 'play on a stream that was never created',
    after: 'connected',
    make: (peer) => peer.command(2, 'play', 3, null, 'camera1'),
    reason: /^command: play on stream 2/,
  },
  {
    name: 'nine streams',
    after: 'connected',
    // One is there already.
    make: (peer) => {
      for (let i = 0; i < 8; i += 1) peer.command(0, 'createStream', 3 + i, null);
    },
    reason: /^too-many-streams: more than 8/,
  },
  {
    name: 'a command that is no AMF0',
    after: 'connected',
    make: (peer) =>
      peer.send({ typeId: MessageType.commandAmf0, streamId: 0, timestamp: 0, payload: bytes('02 00ff 61') }),
    reason: /^amf-malformed: /,
  },
  {
    name: 'a command without a name',
    after: 'connected',
    make: (peer) =>
      peer.send({ typeId: MessageType.commandAmf0, streamId: 0, timestamp: 0, payload: bytes('05') }),
    reason: /^command: a command without a name$/,
  },
  {
    name: 'metadata that is no AMF0',
    after: 'publishing',
    make: (peer) =>
      peer.send({
        typeId: MessageType.dataAmf0,
        streamId: 1,
        timestamp: 0,
        payload: bytes("02 000a 'onMetaData' 03 00"),
      }),
    reason: /^amf-malformed: /,
  },
  {
    name: 'a sequence header that is cut short',
    after: 'publishing',
    make: (peer) => peer.send(videoMessage(0, bytes('17 00 000000 01 64001e'))),
    reason: /^config-malformed: /,
  },
  {
    name: 'an aggregate that ends inside a tag',
    after: 'publishing',
    make: (peer) =>
      peer.send({
        typeId: MessageType.aggregate,
        streamId: 1,
        timestamp: 0,
        payload: bytes('09 0000ff 000000 00 000000 27'),
      }),
    reason: /^media-malformed: /,
  },
  {
    name: 'more than 64 kB before it may publish',
    after: 'connected',
    make: (peer) => peer.write(bytes('06 000000 010001 09 01000000')),
    reason: /^message-too-large: message of 65537 bytes, 65536 allowed$/,
  },
  {
    name: 'more than the largest message while it publishes',
    after: 'publishing',
    make: (peer) => peer.write(bytes('06 000000 0f4241 09 01000000')),
    reason: /^message-too-large: message of 1000001 bytes, 1000000 allowed$/,
  },
  {
    name: 'too many bytes under way before it may publish',
    after: 'connected',
    make: (peer) => {
      for (const id of ['05', '06', '07']) peer.write(bytes(`${id} 000000 010000 09 01000000 27*128`));
    },
    reason: /^too-many-buffered-bytes: /,
  },
  {
    name: '65 chunk streams',
    after: 'connected',
    make: (peer) => peer.write(Buffer.concat(Array.from({ length: 65 }, (_, i) => Buffer.of(0xc0, i)))),
    reason: /^too-many-chunk-streams: /,
  },
  ...chunkStreamsRefused
    .filter(({ code }) => code === 'chunk-size')
    .map(({ name, bytes: chunks, code }) => ({
      name,
      after: 'connected' as const,
      make: (peer: RawPeer) => peer.write(chunks),
      reason: new RegExp(`^${code}: `),
    })),
];

async function start(after: Mistake['after']): Promise<RawPeer> {
  if (after === 'raw') return server.raw();
  return after === 'connected' ? server.connected() : (await server.publishing('culprit')).peer;
}

describe('a mistake', () => {
  it.each(mistakes)('costs only the client that makes it: $name', async ({ after, make, reason, told }) => {
    const bystander = await server.publishing('bystander');
    bystander.peer.send(videoMessage(0, KEYFRAME));
    const culprit = await start(after);
    make(culprit);
    await culprit.closed();
    expect(await server.onlyEnd()).toMatch(reason);
    const last = culprit.commands.at(-1);
    const said = told === undefined ? null : `${last?.name} ${(last?.args[1] as { code?: string })?.code}`;
    expect(said).toBe(told ?? null);
    if (after === 'publishing') {
      const culprits = server.handler.publications.find(({ request }) => request.name === 'culprit');
      expect(culprits?.ends).toEqual([expect.stringMatching(reason)]);
      expect(culprits?.packets).toEqual([]);
    }
    // The other one goes on as if nothing had been.
    bystander.peer.send(videoMessage(40, FRAME));
    await until('its next frame', () => bystander.publication.packets.length === 2);
    expect(bystander.publication.ends).toEqual([]);
    expect(server.server.connectionCount).toBe(1);
    expect(server.handler.publications.length).toBe(after === 'publishing' ? 2 : 1);
  });

  it.each([
    { name: 'HTTP', first: bytes("'GET / HTTP/1.1' 0d0a0d0a"), reason: /^handshake: handshake version 71/ },
    { name: 'TLS', first: bytes('16 030100'), reason: /^handshake: handshake version 22/ },
  ])('before the handshake costs only its client: $name', async ({ first, reason }) => {
    const { publication, peer } = await server.publishing('bystander');
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    socket.write(first);
    await once(socket, 'close');
    expect(await server.onlyEnd()).toMatch(reason);
    peer.send(videoMessage(0, KEYFRAME));
    await until('a frame', () => publication.packets.length);
  });

  it('in whatever comes behind it is not looked at any more', async () => {
    const peer = await server.connected();
    const refused = encodeMessage(
      3,
      { typeId: MessageType.commandAmf0, streamId: 0, timestamp: 0, payload: bytes('05') },
      128,
    );
    peer.write(Buffer.concat([refused, refused, bytes('02 000000 000004 01 00000000 00000000')]));
    await peer.closed();
    expect(server.closed).toHaveLength(1);
  });
});

describe('limits of a connection', () => {
  it('lets a client send whole frames once it may publish', async () => {
    const { peer, publication } = await server.publishing('camera1');
    const frame = largeFrame(LIMITS.messageBytes);
    peer.send(videoMessage(0, frame), 6);
    await until('the frame', () => publication.packets.length);
    expect(publication.packets[0]?.payload.equals(frame)).toBe(true);
  });

  it('takes commands of up to 64 kB', async () => {
    const peer = await server.connected();
    peer.command(0, '_checkbw', 9, null, 'x'.repeat(65_000));
    await peer.reply(9);
  });

  it('closes a client that asks and asks and never reads', async () => {
    const { publication, peer: bystander } = await server.publishing('bystander');
    // A publisher: those without a key are slowed down before it comes to that.
    const { peer } = await server.publishing('asker');
    peer.socket.pause();
    const ping = encodeMessage(2, userControlMessage(UserControlEvent.pingRequest, 1), DEFAULT_CHUNK_SIZE);
    const pings = Buffer.concat(Array<Buffer>(10_000).fill(ping));
    let sent = 0;
    await until('the server to lose patience', () => {
      if (peer.socket.writableLength < 1_000_000 && sent < 100) {
        peer.write(pings);
        sent += 1;
      }
      return server.closed.length > 0;
    });
    expect(server.closed[0]?.reason).toMatch(/^too-many-commands: /);
    bystander.send(videoMessage(0, KEYFRAME));
    await until('a frame of the other', () => publication.packets.length);
  });

  it('lets a client that reads ask as much as it likes', async () => {
    const peer = await server.connected();
    const asked = commandMessage(0, 'FCPublish', 0, null, 'camera1');
    const batch = Buffer.concat(Array<Buffer>(1_000).fill(encodeMessage(3, asked, DEFAULT_CHUNK_SIZE)));
    for (let sent = 1_000; sent <= 12_000; sent += 1_000) {
      const before = peer.raws.length;
      peer.write(batch);
      await until('the answers', () => peer.raws.length === before + 1_000 || server.closed.length);
    }
    const bytesOfReplies = peer.raws.reduce((sum, { payload }) => sum + payload.length, 0);
    expect(bytesOfReplies).toBeGreaterThan(1024 * 1024);
    expect(server.closed).toEqual([]);
  });

  it('does not mistake a viewer that is behind for one that asks too much', async () => {
    const peer = await server.connected('live');
    peer.command(1, 'play', 0, null, 'camera1');
    await peer.status('status NetStream.Play.Start');
    peer.socket.pause();
    const viewer = server.handler.playbacks[0]?.viewer;
    const frame = encodeMessage(6, videoMessage(0, largeFrame(1_000_000)), 60_000);
    for (let i = 0; i < 20; i += 1) viewer?.write(frame);
    peer.send(userControlMessage(UserControlEvent.pingRequest, 77), 2);
    await until('the ping', () => (viewer?.pendingBytes ?? 0) > 0);
    peer.socket.resume();
    await until('the answer behind the frames', () =>
      peer.messages.some((m) => m.type === 'user-control' && m.event === 7 && m.value === 77),
    );
    expect(server.closed).toEqual([]);
  });
});

describe('silence', () => {
  it('before the end of the handshake closes a client after its time', async () => {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    await until('the connection', () => server.server.connectionCount === 1);
    server.clock.advance(LIMITS.handshakeTimeoutMs);
    expect(server.closed).toEqual([]);
    server.clock.advance(1_000);
    expect(await server.onlyEnd()).toMatch(/^handshake-timeout: /);
    expect(server.closed[0]?.role).toBe('none');
    await once(socket, 'close');
  });

  it('in the middle of the handshake does, too', async () => {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await until('the connection', () => server.server.connectionCount === 1);
    server.clock.advance(LIMITS.handshakeTimeoutMs - 1_000);
    socket.write(bytes('03 00*1536'));
    // S0, S1 and S2 have come; C2 never goes.
    await once(socket, 'data');
    socket.resume();
    server.clock.advance(1_000);
    expect(server.closed).toEqual([]);
    server.clock.advance(1_000);
    expect(await server.onlyEnd()).toMatch(/^handshake-timeout: /);
    await once(socket, 'close');
  });

  it('of one that only connected closes it', async () => {
    const peer = await server.connected();
    server.clock.advance(LIMITS.idleTimeoutMs);
    expect(server.closed).toEqual([]);
    server.clock.advance(1_000);
    expect(await server.onlyEnd()).toMatch(/^idle-timeout: /);
    await peer.closed();
  });

  it('of a publisher ends its publish', async () => {
    const { peer, publication } = await server.publishing('camera1');
    server.clock.advance(LIMITS.idleTimeoutMs);
    peer.send(videoMessage(0, KEYFRAME));
    await until('the frame', () => publication.packets.length);
    server.clock.advance(LIMITS.idleTimeoutMs);
    expect(publication.ends).toEqual([]);
    server.clock.advance(1_000);
    expect(publication.ends).toEqual([expect.stringMatching(/^idle-timeout: /)]);
    expect(server.closed).toEqual([expect.objectContaining({ role: 'publisher' })]);
    await peer.closed();
  });

  it('of a viewer is what viewers do', async () => {
    const peer = await server.connected('live');
    peer.command(1, 'play', 0, null, 'camera1');
    await peer.status('status NetStream.Play.Start');
    server.clock.advance(100 * LIMITS.idleTimeoutMs);
    expect(server.closed).toEqual([]);
  });

  it('of a viewer that has given up another stream is, too', async () => {
    const peer = await server.connected('live');
    peer.command(0, 'createStream', 3, null);
    peer.command(1, 'play', 0, null, 'camera1');
    await peer.status('status NetStream.Play.Start');
    peer.command(2, 'closeStream', 0, null);
    peer.command(0, '_checkbw', 4, null);
    await peer.reply(4);
    server.clock.advance(100 * LIMITS.idleTimeoutMs);
    expect(server.closed).toEqual([]);
    peer.socket.end();
    await until('its end', () => server.closed.length);
    expect(server.closed[0]?.role).toBe('viewer');
  });
});

describe('printable', () => {
  it('keeps logs short and plain', () => {
    expect(printable('publish')).toBe('publish');
    expect(printable('a\r\nb\u0000\u001b[0m é')).toBe('a??b??[0m ?');
    expect(printable('x'.repeat(1_000))).toHaveLength(80);
  });
});
