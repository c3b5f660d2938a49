/** Packets on the wire: RTMP chunks and FLV tags, read back by readers that know nothing of the writers. */
import { describe, expect, it } from '@jest/globals';
import { asSpliceCuePoint, decodeData } from '../../runtime/codec/data-message.ts';
import { wrapTimestamp } from '../../runtime/media/timestamp.ts';
import { flvFormat, rtmpFormat } from '../../runtime/output/packet-format.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import { encodeMessage, OUT_CHUNK_SIZE } from '../../runtime/rtmp/chunk-writer.ts';
import { controlMessage } from '../../runtime/rtmp/message.ts';
import { ChunkStreamId, DEFAULT_CHUNK_SIZE, MessageType, type RawMessage } from '../../runtime/rtmp/wire.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { audio, header, metadata, readTags, START, splice, video } from './stage.ts';

const VIDEO = 9;
const AUDIO = 8;
const DATA = 18;

/** What stands on the wire, whichever format it was. */
interface Item {
  readonly type: number;
  readonly timestamp: number;
  readonly body: Buffer;
}

function readChunks(bytes: Buffer): RawMessage[] {
  const messages: RawMessage[] = [];
  const reader = new ChunkReader(
    { maxMessageBytes: 16_000_000, maxBufferedBytes: 32_000_000, maxChunkStreams: 64 },
    (message) => messages.push(message),
  );
  const announced = controlMessage(MessageType.setChunkSize, OUT_CHUNK_SIZE);
  reader.push(encodeMessage(ChunkStreamId.control, announced, DEFAULT_CHUNK_SIZE));
  reader.push(bytes);
  return messages;
}

const FORMATS = [
  {
    format: 'RTMP',
    read: (packets: readonly ProgramPacket[], startTime: number): Item[] =>
      readChunks(rtmpFormat(1).encode(packets, startTime)).map(({ typeId, timestamp, payload }) => ({
        type: typeId,
        timestamp,
        body: payload,
      })),
  },
  {
    format: 'FLV',
    read: (packets: readonly ProgramPacket[], startTime: number): Item[] =>
      readTags(flvFormat.encode(packets, startTime)),
  },
];

describe.each(FORMATS)('$format', ({ format, read }) => {
  it('carries every kind of packet, in order', () => {
    const data = Buffer.from('0200046e6f7465', 'hex');
    const items = read(
      [
        splice(0),
        metadata(0, { width: 1280 }),
        header(VIDEO_CONFIG, 0),
        header(AUDIO_CONFIG, 0),
        video(0, true),
        audio(10),
        { kind: 'data', time: START + 20, payload: data },
        video(40),
      ],
      START,
    );
    expect(items.map(({ type, timestamp }) => [type, timestamp])).toEqual([
      [DATA, 0],
      [DATA, 0],
      [VIDEO, 0],
      [AUDIO, 0],
      [VIDEO, 0],
      [AUDIO, 10],
      [DATA, 20],
      [VIDEO, 40],
    ]);
    expect(items[2]?.body).toEqual(VIDEO_CONFIG.payload);
    expect(items[3]?.body).toEqual(AUDIO_CONFIG.payload);
    expect(items[6]?.body).toEqual(data);
  });

  it('announces a splice and metadata in words that tools can read', () => {
    const items = read([splice(5_033, 'backup/spare'), metadata(5_033, { width: 1280 })], START);
    const [cue, onMetaData] = items.map(({ body }) => decodeData(body));
    expect(cue && asSpliceCuePoint(cue.name, cue.value)).toEqual({
      source: 'backup/spare',
      timestamp: 5_033,
    });
    expect(onMetaData).toMatchObject({ name: 'onMetaData', value: { width: 1280 } });
    // FFmpeg would make a subtitle track of either.
    expect(items.map(({ timestamp }) => timestamp)).toEqual([0, 0]);
  });

  it.each([0, 1, 33, 8_388_607])('puts the CTS %i of the program over the one of the encoder', (cts) => {
    const packet = video(0, true, { cts });
    if (packet.kind !== 'frame') throw new Error('not a frame');
    const before = Buffer.from(packet.payload);
    const [item] = read([packet], START);
    expect(item?.body.readIntBE(2, 3)).toBe(cts);
    // The rest is the encoder's own, and its bytes, which others share, are as they were.
    expect(item?.body.subarray(5)).toEqual(before.subarray(5));
    expect(item?.body.subarray(0, 2)).toEqual(before.subarray(0, 2));
    expect(packet.payload).toEqual(before);
  });

  it('finds the CTS where Enhanced RTMP has it, behind the FourCC', () => {
    const payload = Buffer.from([0x91, 0x68, 0x76, 0x63, 0x31, 9, 9, 9, 1, 2, 3]);
    const frame: ProgramPacket = {
      kind: 'frame',
      track: 'video',
      time: START,
      cts: 66,
      ctsOffset: 5,
      keyframe: true,
      payload,
    };
    expect(read([frame], START)[0]?.body).toEqual(
      Buffer.from([0x91, 0x68, 0x76, 0x63, 0x31, 0, 0, 66, 1, 2, 3]),
    );
  });

  it('leaves a payload without a CTS as it is', () => {
    const payload = Buffer.from([0x93, 0x68, 0x76, 0x63, 0x31, 9, 9, 9]);
    const frame: ProgramPacket = {
      kind: 'frame',
      track: 'video',
      time: START,
      cts: 66,
      ctsOffset: -1,
      keyframe: true,
      payload,
    };
    expect(read([frame], START)[0]?.body).toEqual(payload);
  });

  it('has the parameter sets in keyframes where it is FLV, and nowhere else', () => {
    const [first, second] = [Buffer.from([0x67, 1, 2]), Buffer.from([0x68, 3])];
    const config = { ...VIDEO_CONFIG, parameterSets: [first, second] };
    const payload = Buffer.from([0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x65, 9]);
    const frame = {
      kind: 'frame',
      track: 'video',
      time: START,
      cts: 66,
      ctsOffset: 2,
      keyframe: true,
    } as const;
    const before = Buffer.from(payload);
    const [body] = read([{ ...frame, payload, config }], START).map((item) => item.body);
    const inBand = Buffer.from([0, 0, 0, 3, ...first, 0, 0, 0, 2, ...second]);
    expect(body?.readIntBE(2, 3)).toBe(66);
    expect(body?.subarray(5)).toEqual(
      format === 'FLV' ? Buffer.concat([inBand, before.subarray(5)]) : before.subarray(5),
    );
    expect(payload).toEqual(before);
  });

  it.each([
    0,
    1,
    0xfffffe,
    0xffffff,
    0x1000000,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    2 ** 32,
    2 ** 32 + 40,
    3 * 2 ** 32 + 7,
  ])('writes %i ms behind the start as 32 bits that wrap', (ms) => {
    const items = read([video(ms, true, { cts: 5 }), audio(ms + 1)], START);
    expect(items.map(({ timestamp }) => timestamp)).toEqual([wrapTimestamp(ms), wrapTimestamp(ms + 1)]);
    expect(items[0]?.body.readIntBE(2, 3)).toBe(5);
  });

  it.each([10, OUT_CHUNK_SIZE - 1, OUT_CHUNK_SIZE, OUT_CHUNK_SIZE + 1, 3 * OUT_CHUNK_SIZE, 1_000_003])(
    'carries a frame of %i bytes, with a short and with an extended timestamp',
    (bytes) => {
      for (const ms of [40, 0x1000000]) {
        const items = read([video(ms, true, { bytes, cts: 7 }), audio(ms)], START);
        expect(items.map(({ timestamp, body }) => [timestamp, body.length])).toEqual([
          [ms, bytes],
          [ms, 10],
        ]);
        expect(items[0]?.body.readIntBE(2, 3)).toBe(7);
        // jest would take seconds to compare a million bytes.
        expect(items[0]?.body.subarray(5).equals(Buffer.alloc(bytes - 5, 0x42))).toBe(true);
      }
    },
  );

  it('makes nothing of nothing', () => {
    expect(read([], START)).toEqual([]);
  });
});

describe('RTMP', () => {
  it.each([1, 2, 7, 0x01020304])('writes the message stream %i', (streamId) => {
    const messages = readChunks(
      rtmpFormat(streamId).encode([header(VIDEO_CONFIG, 0), video(0, true)], START),
    );
    expect(messages.map((message) => message.streamId)).toEqual([streamId, streamId]);
  });

  it('stands on its own: a viewer may begin with any batch', () => {
    const format = rtmpFormat(1);
    format.encode([video(0, true), audio(0)], START);
    const later = readChunks(format.encode([audio(40), video(40)], START));
    expect(later.map(({ typeId, timestamp }) => [typeId, timestamp])).toEqual([
      [AUDIO, 40],
      [VIDEO, 40],
    ]);
  });
});
