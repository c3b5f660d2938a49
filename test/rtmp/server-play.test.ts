import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AmfValue, encodeAmf0 } from '../../runtime/codec/amf0.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { encodeMessage, OUT_CHUNK_SIZE } from '../../runtime/rtmp/chunk-writer.ts';
import { playRtmp } from '../../runtime/rtmp/client.ts';
import { MessageType } from '../../runtime/rtmp/wire.ts';
import { until } from '../support/until.ts';
import {
  audioMessage,
  FRAME,
  KEYFRAME,
  largeFrame,
  onMetaData,
  SOUND,
  VIDEO_HEADER,
  videoMessage,
} from './media-messages.ts';
import type { RawPeer } from './raw-peer.ts';
import { type RecordedPlayback, TestServer } from './test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

async function playing(name = 'camera1'): Promise<{ peer: RawPeer; playback: RecordedPlayback }> {
  const peer = await server.connected('live');
  peer.command(1, 'play', 0, null, name, -2_000);
  await peer.status('status NetStream.Play.Start');
  const playback = server.handler.playbacks.at(-1);
  if (playback === undefined) throw new Error('nobody asked to play');
  return { peer, playback };
}

function clientOf(url: string) {
  const packets: MediaPacket[] = [];
  const data: Array<[name: string, value: AmfValue, timestamp: number]> = [];
  const player = playRtmp(
    url,
    { clock: server.clock },
    { packet: (packet) => packets.push(packet), data: (name, value, time) => data.push([name, value, time]) },
  );
  return { player, packets, data };
}

describe('playing', () => {
  it('brings our own client what the viewer is written', async () => {
    const { player, packets, data } = clientOf(server.url('live/camera1?from=test'));
    const connection = await player;
    const [playback] = server.handler.playbacks;
    expect(playback).toMatchObject({ starts: 1, stops: [], request: { app: 'live', name: 'camera1' } });
    expect(playback?.request.query.get('from')).toBe('test');
    const id = playback?.viewer.messageStreamId ?? 0;
    const large = largeFrame(3 * OUT_CHUNK_SIZE + 7);
    const messages = [
      onMetaData({ width: 640 }, id),
      videoMessage(0, VIDEO_HEADER, id),
      videoMessage(0, KEYFRAME, id),
      audioMessage(7, SOUND, id),
      { typeId: MessageType.dataAmf0, streamId: id, timestamp: 9, payload: encodeAmf0('onTextData', 'x') },
      videoMessage(0xffffffff, large, id),
    ];
    for (const message of messages) playback?.viewer.write(encodeMessage(6, message, OUT_CHUNK_SIZE));
    await until('all of it', () => packets.length === 4 && data.length === 2);
    expect(data).toEqual([
      ['onMetaData', { width: 640 }, 0],
      ['onTextData', 'x', 9],
    ]);
    expect(packets.map(({ track, timestamp }) => `${track} ${timestamp}`)).toEqual([
      'video 0',
      'video 0',
      'audio 7',
      `video ${0xffffffff}`,
    ]);
    expect(packets[1]).toMatchObject({ keyframe: true, cts: 40 });
    expect(packets[3]?.payload.equals(large)).toBe(true);
    connection.close();
    await connection.closed;
    await until('the stop', () => playback?.stops.length);
    expect(playback?.stops).toEqual(['deleteStream']);
  });

  it('answers in the order that players expect, and starts behind the answers', async () => {
    const { peer, playback } = await playing();
    expect(peer.statuses).toEqual(['status NetStream.Play.Reset', 'status NetStream.Play.Start']);
    expect(peer.messages).toContainEqual({ type: 'user-control', event: 0, value: 1 });
    expect(playback.starts).toBe(1);
  });

  it('lets the handler end a viewer, with what was written before', async () => {
    const { player, packets } = clientOf(server.url('live/camera1'));
    const connection = await player;
    const viewer = server.handler.playbacks[0]?.viewer;
    viewer?.write(encodeMessage(6, videoMessage(0, KEYFRAME), OUT_CHUNK_SIZE));
    viewer?.close('stuck');
    await connection.closed;
    expect(packets).toHaveLength(1);
    expect(server.handler.playbacks[0]?.stops).toEqual(['stuck']);
    expect(server.closed).toEqual([expect.objectContaining({ role: 'viewer', reason: 'stuck' })]);
    // Too late: it goes nowhere, and breaks nothing.
    viewer?.write(encodeMessage(6, videoMessage(40, FRAME), OUT_CHUNK_SIZE));
    viewer?.close('again');
    expect(server.closed).toHaveLength(1);
  });

  it('counts what a viewer has not taken', async () => {
    const { peer, playback } = await playing();
    expect(playback.viewer.pendingBytes).toBe(0);
    peer.socket.pause();
    const chunk = encodeMessage(6, videoMessage(0, largeFrame(1_000_000)), OUT_CHUNK_SIZE);
    for (let i = 0; i < 20; i += 1) playback.viewer.write(chunk);
    expect(playback.viewer.pendingBytes).toBeGreaterThan(1_000_000);
    peer.socket.resume();
    await until('the viewer to take all', () => playback.viewer.pendingBytes === 0);
  });

  it.each([
    { name: 'the socket is closed', end: ({ socket }: RawPeer) => socket.end(), reason: /^closed by peer$/ },
    {
      name: 'the socket is reset',
      end: ({ socket }: RawPeer) => socket.resetAndDestroy(),
      reason: /^socket: .*ECONNRESET/,
    },
    {
      name: 'closeStream',
      end: (peer: RawPeer) => peer.command(1, 'closeStream', 0, null),
      reason: /^closeStream$/,
    },
    {
      name: 'deleteStream',
      end: (peer: RawPeer) => peer.command(0, 'deleteStream', 0, null, 1),
      reason: /^deleteStream$/,
    },
  ])('stops once when $name', async ({ end, reason }) => {
    const { peer, playback } = await playing();
    end(peer);
    await until('the stop', () => playback.stops.length);
    expect(playback.stops).toEqual([expect.stringMatching(reason)]);
    peer.socket.destroy();
    await until('the end', () => server.closed.length);
    expect(playback.stops).toHaveLength(1);
  });

  it('stops once when the handler closes the viewer that it is asked about', async () => {
    const peer = await server.connected('live');
    peer.command(1, 'play', 0, null, 'self');
    await peer.closed();
    expect(server.handler.playbacks[0]).toMatchObject({ stops: ['closed while it asked'], starts: 0 });
  });

  it('can be followed by another play on the same stream', async () => {
    const { peer } = await playing('camera1');
    peer.command(1, 'closeStream', 0, null);
    peer.command(1, 'play', 0, null, 'camera2');
    await until('the second play', () => server.handler.playbacks[1]?.starts);
    expect(server.handler.playbacks.map(({ request }) => request.name)).toEqual(['camera1', 'camera2']);
  });

  it('is refused with a reason, and then the end', async () => {
    const peer = await server.connected('live');
    peer.command(1, 'play', 0, null, 'nothing');
    await peer.closed();
    expect(peer.statuses).toEqual(['error NetStream.Play.StreamNotFound']);
    expect(await server.onlyEnd()).toBe('refused: no such program');
  });

  it('answers what players ask besides, and passes over what it does not know', async () => {
    const { peer } = await playing();
    peer.command(0, 'getStreamLength', 5, null, 'camera1');
    expect((await peer.reply(5)).args).toEqual([null, 0]);
    peer.command(1, 'pause', 6, null, true, 0);
    peer.command(1, 'receiveAudio', 0, null, false);
    peer.command(0, '_checkbw', 7, null);
    await peer.reply(7);
    expect(server.closed).toEqual([]);
  });
});
