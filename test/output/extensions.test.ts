/** What only some viewers can take: who gets it, in which form, and what it costs the others. */
import { describe, expect, it } from '@jest/globals';
import { impliedConfig } from '../../runtime/codec/audio-configs.ts';
import { LEAD_IN_MS } from '../../runtime/codec/flv-lead-in.ts';
import { type Extensions, NO_EXTENSIONS, parseMedia } from '../../runtime/codec/media-message.ts';
import type { AudioConfig, Extra, MediaPacket } from '../../runtime/media/packet.ts';
import { Batch } from '../../runtime/output/batch.ts';
import { flvFormat, type PacketFormat } from '../../runtime/output/packet-format.ts';
import { rtmpFormatFor } from '../../runtime/output/rtmp-formats.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import { encodeMessage, OUT_CHUNK_SIZE } from '../../runtime/rtmp/chunk-writer.ts';
import { controlMessage, decodeMessage } from '../../runtime/rtmp/message.ts';
import { ChunkStreamId, DEFAULT_CHUNK_SIZE, MessageType } from '../../runtime/rtmp/wire.ts';
import { bytes } from '../golden/bytes.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { audio, header, realConfigs, START, Stage, video } from './stage.ts';

const FULL: Extensions = { multitrack: true, modEx: true, metadata: true };

function extraFrame(ms: number, keyframe = false): ProgramPacket {
  const payload = Buffer.concat([bytes(`${keyframe ? '91' : 'a1'} 'hvc1' 7f7f7f`), Buffer.alloc(9, 0x42)]);
  const extra: Extra = { medium: 'video', trackId: 1, keyframe, config: null };
  return { kind: 'extra', time: START + ms, cts: 80, ctsOffset: 5, payload, extra };
}

function extraHeader(ms: number): ProgramPacket {
  const config: AudioConfig = { ...AUDIO_CONFIG, payload: bytes("90 'mp4a' 1190") };
  const extra: Extra = { medium: 'audio', trackId: 2, keyframe: false, config };
  return { kind: 'extra', time: START + ms, cts: 0, ctsOffset: -1, payload: config.payload, extra };
}

function colours(ms: number): ProgramPacket {
  const payload = bytes("94 'hvc1' 02 0009 'colorInfo' 06");
  const extra: Extra = { medium: 'video', trackId: 0, keyframe: false, config: null };
  return { kind: 'extra', time: START + ms, cts: 0, ctsOffset: -1, payload, extra };
}

/** As a player reads it. */
function read(chunks: Buffer): MediaPacket[] {
  const packets: MediaPacket[] = [];
  const reader = new ChunkReader(
    { maxMessageBytes: 1_000_000, maxBufferedBytes: 2_000_000, maxChunkStreams: 64 },
    (raw) => {
      for (const message of decodeMessage(raw)) {
        if (message.type !== 'video' && message.type !== 'audio') continue;
        packets.push(...parseMedia(message.type, message.payload, message.timestamp));
      }
    },
  );
  const announced = controlMessage(MessageType.setChunkSize, OUT_CHUNK_SIZE);
  reader.push(encodeMessage(ChunkStreamId.control, announced, DEFAULT_CHUNK_SIZE));
  reader.push(chunks);
  return packets;
}

const story = (packets: readonly MediaPacket[]): string[] =>
  packets.map(({ track, timestamp, extra, modEx }) =>
    [extra === undefined ? track : `${extra.medium} ${extra.trackId}`, timestamp - LEAD_IN_MS, modEx && 'ns']
      .filter((part) => part !== undefined)
      .join(' '),
  );

function batchOf(...packets: readonly ProgramPacket[]): Batch {
  return new Batch({
    packets,
    isEntry: true,
    headersVersion: 1,
    baseVersion: 1,
    startTime: START - LEAD_IN_MS,
  });
}

describe('a batch', () => {
  const modified: ProgramPacket = {
    ...audio(20),
    payload: bytes("91 'Opus' fc"),
    modEx: bytes('02 0f423f 01'),
  } as ProgramPacket;
  const mixed = batchOf(colours(0), extraHeader(0), video(0, true), extraFrame(0, true), modified);

  it.each([
    { can: {}, gets: ['video 0', 'audio 20'] },
    { can: { multitrack: true }, gets: ['audio 2 0', 'video 0', 'video 1 0', 'audio 20'] },
    { can: { modEx: true }, gets: ['video 0', 'audio 20 ns'] },
    { can: { metadata: true }, gets: ['video 0 0', 'video 0', 'audio 20'] },
    { can: FULL, gets: ['video 0 0', 'audio 2 0', 'video 0', 'video 1 0', 'audio 20 ns'] },
  ])('brings viewers that can take $can what they can take', ({ can, gets }) => {
    const format = rtmpFormatFor(1, { ...NO_EXTENSIONS, ...can });
    expect(story(read(mixed.bytes(format)))).toEqual(gets);
  });

  it("puts the program's CTS where the track id has moved it", () => {
    const [frame] = read(batchOf(extraFrame(0)).bytes(rtmpFormatFor(1, FULL)));
    expect(frame).toMatchObject({ cts: 80, extra: { trackId: 1 } });
    expect(frame?.payload.subarray(8)).toEqual(Buffer.alloc(9, 0x42));
  });

  it('has no extra tracks for HTTP-FLV', () => {
    const plain = batchOf(video(0, true)).bytes(flvFormat);
    expect(batchOf(colours(0), extraHeader(0), video(0, true), extraFrame(0)).bytes(flvFormat)).toEqual(
      plain,
    );
  });

  it('is the same bytes for all who play it, where it has nothing of the kind', () => {
    const batch = batchOf(header(VIDEO_CONFIG, 0), video(0, true), audio(20));
    expect(batch.bytes(rtmpFormatFor(1, FULL))).toBe(batch.bytes(rtmpFormatFor(1, NO_EXTENSIONS)));
    expect(mixed.bytes(rtmpFormatFor(1, FULL))).not.toBe(mixed.bytes(rtmpFormatFor(1, NO_EXTENSIONS)));
    expect(rtmpFormatFor(1, { ...FULL })).toBe(rtmpFormatFor(1, FULL));
  });
});

describe('a feed with extra tracks', () => {
  const join = (stage: Stage, format: PacketFormat) => stage.join(format);
  const full = rtmpFormatFor(1, FULL);

  it('gives who joins their headers, and their frames of the GOP in the air', () => {
    const stage = new Stage();
    stage.goOnAir(realConfigs());
    stage.turns(extraHeader(0), extraFrame(0, true), video(40), extraFrame(40));
    const viewer = join(stage, full);
    stage.turn(extraFrame(80));
    const got = story(read(viewer.bytes));
    expect(got).toEqual([
      'video 0',
      'audio 0',
      'audio 2 0',
      'video 0',
      'video 1 0',
      'video 40',
      'video 1 40',
      'video 1 80',
    ]);
  });

  it('begins a batch at the next keyframe all the same', () => {
    const stage = new Stage();
    stage.goOnAir(realConfigs());
    const early = join(stage, full);
    stage.turn(extraFrame(40), video(80, true), extraFrame(80, true));
    stage.turn(video(120));
    const late = join(stage, full);
    expect(story(read(late.bytes))).toEqual(['video 80', 'audio 80', 'video 80', 'video 1 80', 'video 120']);
    expect(story(read(early.bytes)).slice(-4)).toEqual(['video 1 40', 'video 80', 'video 1 80', 'video 120']);
  });

  it('takes back the header of a codec that the next one does without', () => {
    const stage = new Stage();
    stage.goOnAir(realConfigs());
    stage.turn(header(impliedConfig('ac3', 48_000, 2), 40), video(40, true));
    expect(stage.join().story).toEqual(['data onMetaData 0', 'video header 40', 'key 40']);
  });
});
