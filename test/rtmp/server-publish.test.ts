import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeAmf0 } from '../../runtime/codec/amf0.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { encodeMessage } from '../../runtime/rtmp/chunk-writer.ts';
import { publishRtmp } from '../../runtime/rtmp/client.ts';
import { commandMessage, controlMessage } from '../../runtime/rtmp/message.ts';
import { DEFAULT_CHUNK_SIZE, MessageType } from '../../runtime/rtmp/wire.ts';
import { bytes } from '../golden/bytes.ts';
import { until } from '../support/until.ts';
import {
  AUDIO_HEADER,
  audioMessage,
  FRAME,
  KEYFRAME,
  largeFrame,
  onMetaData,
  SOUND,
  setDataFrame,
  VIDEO_HEADER,
  videoMessage,
} from './media-messages.ts';
import type { RawPeer } from './raw-peer.ts';
import { TestServer } from './test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

function shown({ track, timestamp, cts, keyframe, config, payload }: MediaPacket): string {
  const kind = config !== null ? ' header' : keyframe ? ' keyframe' : '';
  return `${track}${kind} ${timestamp} ${cts} ${payload.toString('hex')}`;
}

describe('publishing', () => {
  it('delivers packets and metadata of our own client', async () => {
    const options = { clock: server.clock };
    const publisher = await publishRtmp(server.url('master/camera1?key=k&x=1'), options);
    const [publication] = server.handler.publications;
    expect(publication?.request).toMatchObject({ app: 'master', name: 'camera1' });
    expect([...(publication?.request.query ?? [])]).toEqual([
      ['key', 'k'],
      ['x', '1'],
    ]);
    expect(publication?.publisher.address).toMatch(/^127\.0\.0\.1:\d+$/);
    const blank = { cts: 0, ctsOffset: -1, keyframe: false, config: null };
    publisher.sendMetadata({ width: 640, encoder: 'test' });
    publisher.send({ ...blank, track: 'video', timestamp: 0, payload: VIDEO_HEADER });
    publisher.send({ ...blank, track: 'audio', timestamp: 0, payload: AUDIO_HEADER });
    publisher.send({ ...blank, track: 'video', timestamp: 0xfffffe, payload: KEYFRAME });
    publisher.send({ ...blank, track: 'video', timestamp: 0x1000000, payload: FRAME });
    publisher.send({ ...blank, track: 'audio', timestamp: 0xffffffff, payload: SOUND });
    await until('six', () => publication?.packets.length === 5 && publication.metadatas.length === 1);
    expect(publication?.metadatas).toEqual([{ width: 640, encoder: 'test' }]);
    expect(publication?.packets.map(shown)).toEqual([
      `video header 0 0 ${VIDEO_HEADER.toString('hex')}`,
      `audio header 0 0 ${AUDIO_HEADER.toString('hex')}`,
      `video keyframe ${0xfffffe} 40 ${KEYFRAME.toString('hex')}`,
      `video ${0x1000000} -40 ${FRAME.toString('hex')}`,
      `audio ${0xffffffff} 0 ${SOUND.toString('hex')}`,
    ]);
    publisher.close();
    await publisher.closed;
    await until('the end', () => publication?.ends.length);
    expect(publication?.ends).toEqual(['FCUnpublish']);
    expect(await server.onlyEnd()).toBe('closed by peer');
  });

  it('answers as encoders expect, in their order', async () => {
    const peer = await server.raw();
    peer.command(0, 'connect', 1, { app: 'master', type: 'nonprivate', objectEncoding: 0 });
    await peer.reply(1);
    peer.command(0, 'releaseStream', 2, null, 'camera1');
    peer.command(0, 'FCPublish', 3, null, 'camera1');
    peer.command(0, '_checkbw', 4, null);
    peer.command(0, 'createStream', 5, null);
    peer.command(1, 'publish', 6, null, 'camera1', 'live');
    await peer.status('status NetStream.Publish.Start');
    expect(peer.raws.slice(0, 3).map(({ typeId }) => typeId)).toEqual([
      MessageType.windowAckSize,
      MessageType.setPeerBandwidth,
      MessageType.commandAmf0,
    ]);
    expect(peer.commands.map(({ name, transactionId, streamId }) => [name, transactionId, streamId])).toEqual(
      [
        ['_result', 1, 0],
        ['_result', 2, 0],
        ['_result', 3, 0],
        ['onFCPublish', 0, 0],
        ['_result', 4, 0],
        ['_result', 5, 0],
        ['onStatus', 0, 1],
      ],
    );
    expect(peer.commands[0]?.args).toMatchObject([
      { fmsVer: expect.any(String), capabilities: 31 },
      { level: 'status', code: 'NetConnection.Connect.Success', objectEncoding: 0 },
    ]);
    expect(peer.commands[5]?.args).toEqual([null, 1]);
    // Wirecast reads the fields of a status by their place.
    expect(Object.keys(peer.commands[6]?.args[1] as object)).toEqual(['level', 'code', 'description']);
    const begin = { type: 'user-control', event: 0, value: 1 };
    expect(peer.messages.findIndex((m) => m.type === 'user-control')).toBeLessThan(
      peer.messages.findIndex((m) => m.type === 'command' && m.name === 'onStatus'),
    );
    expect(peer.messages).toContainEqual(begin);
  });

  it.each([
    { name: 'no tcUrl', object: { app: 'master' } },
    { name: 'an application with a slash behind it', object: { app: 'master/' } },
    { name: 'an application with a query', object: { app: 'master?key=k' } },
  ])('connects with $name', async ({ object }) => {
    const peer = await server.raw();
    peer.command(0, 'connect', 1, object);
    expect((await peer.reply(1)).name).toBe('_result');
    expect(server.handler.connects).toEqual(['master']);
  });

  it('publishes without a type', async () => {
    const peer = await server.connected();
    peer.command(1, 'publish', 0, null, 'camera1');
    await peer.status('status NetStream.Publish.Start');
  });

  it.each([
    { name: 'in one piece', split: (all: Buffer) => [all] },
    { name: 'byte by byte', split: (all: Buffer) => [...all].map((byte) => Buffer.of(byte)) },
  ])('reads all that a client has to say, handshake included, $name', async ({ split }) => {
    const all = Buffer.concat([
      bytes('03 00*3072'),
      commandBytes(0, 'connect', 1, { app: 'master' }),
      commandBytes(0, 'createStream', 2, null),
      commandBytes(1, 'publish', 3, null, 'camera1', 'live'),
      encodeMessage(6, videoMessage(0, KEYFRAME), DEFAULT_CHUNK_SIZE),
      encodeMessage(6, videoMessage(0x1000000, FRAME), DEFAULT_CHUNK_SIZE),
    ]);
    const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    socket.resume();
    for (const piece of split(all)) socket.write(piece);
    const publication = await until('the publish', () => server.handler.publications[0]);
    await until('the frames', () => publication.packets.length === 2);
    expect(publication.packets.map(shown)).toEqual([
      `video keyframe 0 40 ${KEYFRAME.toString('hex')}`,
      `video ${0x1000000} -40 ${FRAME.toString('hex')}`,
    ]);
    socket.destroy();
  });

  it('delivers metadata with and without @setDataFrame, and passes other data on', async () => {
    const { peer, publication } = await server.publishing('camera1');
    peer.send(setDataFrame({ width: 1 }));
    peer.send(onMetaData({ width: 2 }));
    const cue = encodeAmf0('onCuePoint', { name: 'ad' });
    peer.send({ typeId: MessageType.dataAmf0, streamId: 1, timestamp: 77, payload: cue });
    const wrapped = Buffer.concat([encodeAmf0('@setDataFrame'), cue]);
    peer.send({ typeId: MessageType.dataAmf0, streamId: 1, timestamp: 78, payload: wrapped });
    peer.send({
      typeId: MessageType.dataAmf3,
      streamId: 1,
      timestamp: 79,
      payload: Buffer.concat([Buffer.of(0), cue]),
    });
    await until('the last', () => publication.packets.length === 3);
    expect(publication.metadatas).toEqual([{ width: 1 }, { width: 2 }]);
    // Viewers get the data as players know it, without what is meant for the server.
    expect(publication.packets.map(shown)).toEqual([
      `data 77 0 ${cue.toString('hex')}`,
      `data 78 0 ${cue.toString('hex')}`,
      `data 79 0 ${cue.toString('hex')}`,
    ]);
  });

  it('passes over what carries nothing', async () => {
    const { peer, publication } = await server.publishing('camera1');
    peer.send(audioMessage(0, bytes('')));
    peer.send(audioMessage(0, bytes('af 01')));
    peer.send(videoMessage(0, bytes('17 02 000000')));
    peer.send({ typeId: MessageType.dataAmf0, streamId: 1, timestamp: 0, payload: bytes('05') });
    peer.send({
      typeId: MessageType.dataAmf0,
      streamId: 1,
      timestamp: 0,
      payload: encodeAmf0('onMetaData', 'x'),
    });
    peer.send(videoMessage(5, FRAME, 2));
    peer.send(videoMessage(7, FRAME));
    await until('the frame', () => publication.packets.length);
    expect(publication.packets.map(({ timestamp }) => timestamp)).toEqual([7]);
    expect(publication.metadatas).toEqual([]);
  });

  it('takes an aggregate apart', async () => {
    const { peer, publication } = await server.publishing('camera1');
    const payload = bytes(
      '08 000004 000000 00 000000 af012110 0000000f / 09 000006 000028 00 000000 270100000041 00000011',
    );
    peer.send({ typeId: MessageType.aggregate, streamId: 1, timestamp: 1_000, payload });
    await until('both', () => publication.packets.length === 2);
    expect(publication.packets.map(({ track, timestamp }) => `${track} ${timestamp}`)).toEqual([
      'audio 1000',
      'video 1040',
    ]);
  });

  it('answers a ping', async () => {
    const { peer } = await server.publishing('camera1');
    peer.send(
      { typeId: MessageType.userControl, streamId: 0, timestamp: 0, payload: bytes('0006 deadbeef') },
      2,
    );
    await until('the answer', () =>
      peer.messages.some((m) => m.type === 'user-control' && m.event === 7 && m.value === 0xdeadbeef),
    );
  });

  it('acknowledges after the window that the client asked for', async () => {
    const { peer } = await server.publishing('camera1');
    const acknowledgements = () =>
      peer.messages.flatMap((m) => (m.type === 'acknowledgement' ? [m.sequence] : []));
    expect(acknowledgements()).toEqual([]);
    peer.send(controlMessage(MessageType.windowAckSize, 10_000), 2);
    for (let sent = 0; sent < 5; sent += 1) {
      const before = acknowledgements().length;
      peer.send(videoMessage(sent, largeFrame(10_000)));
      await until('an acknowledgement', () => acknowledgements().length > before);
    }
    const sequence = acknowledgements();
    for (const transaction of [20, 21, 22]) {
      peer.command(0, '_checkbw', transaction, null);
      await peer.reply(transaction);
    }
    expect(acknowledgements()).toEqual(sequence);
    for (const [i, value] of sequence.entries()) {
      expect(value - (sequence[i - 1] ?? 0)).toBeGreaterThanOrEqual(i === 0 ? 0 : 10_000);
    }
    expect(sequence.at(-1)).toBeLessThanOrEqual(peer.writtenBytes);
  });

  it('obeys the chunk size of the client, also large ones', async () => {
    const { peer, publication } = await server.publishing('camera1');
    peer.send(controlMessage(MessageType.setChunkSize, 100_000), 2);
    const payload = largeFrame(250_000);
    peer.write(encodeMessage(6, videoMessage(3, payload), 100_000));
    await until('the frame', () => publication.packets.length);
    expect(publication.packets[0]?.payload.equals(payload)).toBe(true);
  });
});

describe('a publish that is refused', () => {
  it('gets the reason and then the end, and nothing of it is delivered', async () => {
    const peer = await server.connected();
    const frames = [videoMessage(0, KEYFRAME), videoMessage(40, FRAME)];
    // In one piece with the publish: the server has the frames when it refuses.
    peer.write(
      Buffer.concat([
        commandBytes(1, 'publish', 0, null, 'taken', 'live'),
        ...frames.map((frame) => encodeMessage(6, frame, DEFAULT_CHUNK_SIZE)),
        commandBytes(0, 'createStream', 3, null),
        commandBytes(2, 'publish', 0, null, 'camera1', 'live'),
      ]),
    );
    await peer.closed();
    expect(peer.statuses).toEqual(['error NetStream.Publish.BadName']);
    expect(peer.commands.at(-1)?.args[1]).toMatchObject({ description: 'someone else publishes there' });
    expect(await server.onlyEnd()).toBe('refused: someone else publishes there');
    expect(server.handler.requests.map(({ name }) => name)).toEqual(['taken']);
    expect(server.handler.publications).toEqual([]);
  });

  it('is told so even where it does not close: then its socket is destroyed after a grace', async () => {
    const peer = await server.raw({ allowHalfOpen: true });
    peer.command(0, 'connect', 1, { app: 'secret' });
    expect((await peer.reply(1)).name).toBe('_error');
    await until('the end of what the server says', () => peer.socket.readableEnded);
    peer.write(Buffer.alloc(100));
    server.clock.advance(999);
    expect(peer.isClosed).toBe(false);
    server.clock.advance(1);
    // The socket is gone: what is written now is answered with a reset.
    await until('a reset', () => {
      if (!peer.isClosed && peer.socket.writable) peer.write(Buffer.alloc(1));
      return peer.isClosed;
    });
  });
});

describe('a publish that ends', () => {
  const ways: ReadonlyArray<{
    readonly name: string;
    readonly end: (peer: RawPeer) => void;
    readonly reason: RegExp;
    readonly staysConnected: boolean;
  }> = [
    {
      name: 'the socket is closed',
      end: ({ socket }) => socket.end(),
      reason: /^closed by peer$/,
      staysConnected: false,
    },
    {
      name: 'the socket is destroyed',
      end: ({ socket }) => socket.destroy(),
      reason: /^closed by peer$/,
      staysConnected: false,
    },
    {
      name: 'the socket is reset',
      end: ({ socket }) => socket.resetAndDestroy(),
      reason: /^socket: .*ECONNRESET/,
      staysConnected: false,
    },
    {
      name: 'deleteStream',
      end: (peer) => peer.command(0, 'deleteStream', 0, null, 1),
      reason: /^deleteStream$/,
      staysConnected: true,
    },
    {
      name: 'closeStream',
      end: (peer) => peer.command(1, 'closeStream', 0, null),
      reason: /^closeStream$/,
      staysConnected: true,
    },
    {
      name: 'FCUnpublish',
      end: (peer) => peer.command(0, 'FCUnpublish', 9, null, 'camera1'),
      reason: /^FCUnpublish$/,
      staysConnected: true,
    },
    {
      name: 'FCUnpublish without a name',
      end: (peer) => peer.command(0, 'FCUnpublish', 9, null),
      reason: /^FCUnpublish$/,
      staysConnected: true,
    },
  ];

  it.each(ways)(
    'by $name is over at once, once, and hears no more',
    async ({ end, reason, staysConnected }) => {
      const { peer, publication } = await server.publishing('camera1');
      peer.send(videoMessage(0, KEYFRAME));
      await until('the frame', () => publication.packets.length);
      end(peer);
      await until('the end', () => publication.ends.length);
      expect(publication.ends).toEqual([expect.stringMatching(reason)]);
      if (staysConnected) {
        await peer.status('status NetStream.Unpublish.Success');
        // Frames that were still under way are dropped.
        peer.send(videoMessage(40, FRAME));
        peer.command(0, '_checkbw', 20, null);
        await peer.reply(20);
        expect(server.closed).toEqual([]);
        peer.socket.end();
      }
      await until('the end of the connection', () => server.closed.length);
      expect(publication.packets).toHaveLength(1);
      expect(publication.ends).toHaveLength(1);
      expect(server.server.connectionCount).toBe(0);
    },
  );

  it('leaves a stream of another name alone when FCUnpublish names one', async () => {
    const { peer, publication } = await server.publishing('camera1');
    peer.command(0, 'FCUnpublish', 9, null, 'camera2');
    await peer.reply(9);
    expect(publication.ends).toEqual([]);
  });

  it.each([
    { name: 'FCUnpublish', end: (peer: RawPeer) => peer.command(0, 'FCUnpublish', 9, null, 'camera1') },
    { name: 'closeStream', end: (peer: RawPeer) => peer.command(1, 'closeStream', 0, null) },
  ])('can be followed by another on the same stream, behind $name', async ({ end }) => {
    const { peer, publication } = await server.publishing('camera1');
    end(peer);
    peer.command(1, 'publish', 0, null, 'camera1', 'live');
    peer.send(videoMessage(5, KEYFRAME));
    const second = await until('the second publish', () => server.handler.publications[1]);
    await until('its frame', () => second.packets.length);
    expect(publication.ends).toHaveLength(1);
    expect(publication.packets).toEqual([]);
    expect(second.ends).toEqual([]);
  });

  it('can be followed by another on a new stream, behind deleteStream', async () => {
    const { peer } = await server.publishing('camera1');
    peer.command(0, 'deleteStream', 0, null, 1);
    peer.command(0, 'createStream', 10, null);
    expect((await peer.reply(10)).args[1]).toBe(2);
    peer.command(2, 'publish', 0, null, 'camera2', 'live');
    peer.send(videoMessage(5, KEYFRAME, 2));
    await until('its frame', () => server.handler.publications[1]?.packets.length);
  });

  it('ends alone: two streams of one connection are two publishes', async () => {
    const { peer, publication } = await server.publishing('camera1');
    peer.command(0, 'createStream', 10, null);
    peer.command(2, 'publish', 0, null, 'camera2', 'live');
    const second = await until('the second publish', () => server.handler.publications[1]);
    peer.command(0, 'FCUnpublish', 11, null, 'camera1');
    await peer.reply(11);
    peer.send(videoMessage(5, KEYFRAME, 2));
    await until('its frame', () => second.packets.length);
    expect([publication.ends.length, second.ends.length]).toEqual([1, 0]);
    peer.socket.end();
    await until('the end', () => second.ends.length);
    expect(server.closed[0]?.role).toBe('publisher');
    expect(publication.ends).toHaveLength(1);
  });

  it('when the handler closes the publisher that it is asked about', async () => {
    const peer = await server.connected();
    peer.command(1, 'publish', 0, null, 'self', 'live');
    peer.send(videoMessage(0, KEYFRAME));
    await peer.closed();
    expect(server.handler.publications[0]).toMatchObject({ ends: ['taken over by itself'], packets: [] });
  });

  it('when the handler closes the publisher', async () => {
    const { peer, publication } = await server.publishing('camera1');
    publication.publisher.close('taken over');
    await peer.closed();
    expect(publication.ends).toEqual(['taken over']);
    expect(server.closed).toEqual([expect.objectContaining({ role: 'publisher', reason: 'taken over' })]);
  });
});

function commandBytes(...command: Parameters<typeof commandMessage>): Buffer {
  return encodeMessage(3, commandMessage(...command), DEFAULT_CHUNK_SIZE);
}
