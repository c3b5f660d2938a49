import { describe, expect, it } from '@jest/globals';
import { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import {
  chunkedLength,
  encodeMessage,
  messageHeaderBytes,
  OUT_CHUNK_SIZE,
  writeMessage,
} from '../../runtime/rtmp/chunk-writer.ts';
import { DEFAULT_CHUNK_SIZE, type RawMessage } from '../../runtime/rtmp/wire.ts';
import { bytes } from '../golden/bytes.ts';
import { rtmpMessages } from '../golden/rtmp-messages.ts';

const TIMESTAMPS = [0, 1, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff];
const CHUNK_SIZES = [1, 2, DEFAULT_CHUNK_SIZE, 4_096, OUT_CHUNK_SIZE];

/** Lengths at which the number of chunks changes. */
function lengthsAround(chunkSize: number): number[] {
  const lengths = [
    0,
    1,
    chunkSize - 1,
    chunkSize,
    chunkSize + 1,
    2 * chunkSize,
    2 * chunkSize + 1,
    3 * chunkSize,
  ];
  return [...new Set(lengths)];
}

const PATTERN = Buffer.alloc(3 * OUT_CHUNK_SIZE);
for (let i = 0; i < PATTERN.length; i += 1) PATTERN[i] = i * 7 + (i >> 8);

function payloadOf(length: number): Buffer {
  return PATTERN.subarray(0, length);
}

function read(chunks: Buffer, chunkSize: number): RawMessage[] {
  const limits = { maxMessageBytes: 1_000_000, maxBufferedBytes: 1_000_000, maxChunkStreams: 8 };
  const messages: RawMessage[] = [];
  const reader = new ChunkReader(limits, (message) => messages.push(message));
  const setChunkSize = Buffer.concat([bytes('02 000000 000004 01 00000000'), Buffer.alloc(4)]);
  setChunkSize.writeUInt32BE(chunkSize, 12);
  reader.push(setChunkSize);
  reader.push(chunks);
  return messages;
}

describe('encodeMessage', () => {
  it.each(rtmpMessages)('writes $name', ({ bytes, raw, chunkStreamId }) => {
    expect(encodeMessage(chunkStreamId, raw, DEFAULT_CHUNK_SIZE).toString('hex')).toBe(bytes.toString('hex'));
  });

  it.each(CHUNK_SIZES)('writes what the reader reads, in chunks of %i bytes', (chunkSize) => {
    for (const length of lengthsAround(chunkSize)) {
      const payload = payloadOf(length);
      for (const timestamp of TIMESTAMPS) {
        const message = { typeId: 9, streamId: 0x01020304, timestamp, payload };
        const chunks = encodeMessage(6, message, chunkSize);
        const [first, ...others] = read(Buffer.concat([chunks, chunks]), chunkSize);
        expect(others).toHaveLength(1);
        expect(first).toMatchObject({ typeId: 9, streamId: 0x01020304, timestamp });
        expect(first?.payload.equals(payload)).toBe(true);
        expect(others[0]?.payload.equals(payload)).toBe(true);
      }
    }
  });
});

describe('chunkedLength', () => {
  it.each(CHUNK_SIZES)('is what is written, in chunks of %i bytes', (chunkSize) => {
    for (const length of lengthsAround(chunkSize)) {
      for (const timestamp of TIMESTAMPS) {
        const target = Buffer.alloc(12 + 4 + length * 6 + 10);
        const message = { typeId: 8, streamId: 1, timestamp, payload: payloadOf(length) };
        expect(writeMessage(target, 3, 4, message, chunkSize)).toBe(
          3 + chunkedLength(length, timestamp, chunkSize),
        );
      }
    }
  });
});

describe('messageHeaderBytes', () => {
  it.each(TIMESTAMPS)('is where the payload begins at %i', (timestamp) => {
    const message = { typeId: 8, streamId: 1, timestamp, payload: bytes('deadbeef') };
    const chunks = encodeMessage(4, message, DEFAULT_CHUNK_SIZE);
    expect(chunks.subarray(messageHeaderBytes(timestamp)).toString('hex')).toBe('deadbeef');
  });
});

describe('writeMessage', () => {
  it('writes between what stands there already', () => {
    const target = Buffer.alloc(30, 0xee);
    const message = { typeId: 8, streamId: 1, timestamp: 5, payload: bytes('aabbcc') };
    expect(writeMessage(target, 4, 4, message, 2)).toBe(20);
    expect(target).toEqual(bytes('ee*4 / 04 000005 000003 08 01000000 aabb c4 cc / ee*10'));
  });
});
