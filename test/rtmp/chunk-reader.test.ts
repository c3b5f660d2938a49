import { describe, expect, it, jest } from '@jest/globals';
import { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import type { RawMessage } from '../../runtime/rtmp/wire.ts';
import { bytes, cuts } from '../golden/bytes.ts';
import { CHUNK_LIMITS, chunkStreams, chunkStreamsRefused } from '../golden/chunk-streams.ts';
import { codeOf } from '../golden/protocol-errors.ts';
import { rtmpMessages } from '../golden/rtmp-messages.ts';

/** Reads pieces as a socket delivers them, and spoils each one afterwards: nothing may still point into it. */
function read(pieces: readonly Buffer[]): RawMessage[] {
  const messages: RawMessage[] = [];
  const reader = new ChunkReader(CHUNK_LIMITS, (message) => messages.push(message));
  for (const piece of pieces) {
    reader.push(piece);
    piece.fill(0xee);
  }
  return messages;
}

/** As text: comparing buffers byte for byte takes jest long. */
function shown({ typeId, streamId, timestamp, payload }: RawMessage): string {
  return `type ${typeId} stream ${streamId} at ${timestamp}: ${payload.toString('hex')}`;
}

function expectHoweverCut(whole: Buffer, messages: readonly RawMessage[]): void {
  const expected = messages.map(shown).join('\n');
  for (const { name, pieces } of cuts(whole)) {
    const came = read(pieces).map(shown).join('\n');
    if (came !== expected) expect(`${name}\n${came}`).toBe(`${name}\n${expected}`);
  }
}

describe('ChunkReader', () => {
  it.each(rtmpMessages)('reads $name, however it is cut', ({ bytes, raw }) => {
    expectHoweverCut(bytes, [raw]);
  });

  it.each(chunkStreams)('reads $name, however it is cut', ({ bytes, messages }) => {
    expectHoweverCut(bytes, messages);
  });

  it.each(chunkStreamsRefused)('refuses $name, however it is cut', ({ bytes, code }) => {
    for (const { name, pieces } of cuts(bytes)) {
      expect({ name, code: codeOf(() => read(pieces)) }).toEqual({ name, code });
    }
  });

  it('delivers a message with its last byte, also where the extended time is not repeated', () => {
    const whole = bytes('06 ffffff 000082 09 01000000 01000001 11*128 / c6 2222');
    const messages: RawMessage[] = [];
    const reader = new ChunkReader(CHUNK_LIMITS, (message) => messages.push(message));
    for (const byte of whole) {
      expect(messages).toHaveLength(0);
      reader.push(Buffer.of(byte));
    }
    expect(messages).toHaveLength(1);
  });

  it('lets as many chunk streams and bytes be under way as it says', () => {
    expect(read([bytes('c3 c4 c5 c6 c7 c8 c9 ca / c3 c4')])).toHaveLength(10);
    expect(
      read([bytes('04 000000 0003e8 08 01000000 aa*128 / 05 000000 0003e8 08 01000000 bb*128')]),
    ).toEqual([]);
  });

  it('counts only what is under way', () => {
    const message = '04 000000 000080 08 01000000 aa*128 /';
    expect(read([bytes(message.repeat(100))])).toHaveLength(100);
  });

  it('takes larger messages once its limits are raised', () => {
    const messages: RawMessage[] = [];
    const reader = new ChunkReader(CHUNK_LIMITS, (message) => messages.push(message));
    reader.limits.maxMessageBytes = 2_000;
    reader.push(bytes('02 000000 000004 01 00000000 00010000 / 04 000000 0007d0 08 01000000 aa*2000'));
    expect(messages.map(({ payload }) => payload.length)).toEqual([2_000]);
    // The caller's own limits are not ours to change.
    expect(CHUNK_LIMITS.maxMessageBytes).toBe(1_000);
  });

  it('allocates nothing for what it refuses', () => {
    for (const { bytes: refused, code } of chunkStreamsRefused) {
      const reader = new ChunkReader(CHUNK_LIMITS, () => {});
      const allocated = jest.spyOn(Buffer, 'allocUnsafe');
      expect(codeOf(() => reader.push(refused))).toBe(code);
      const sizes = allocated.mock.calls.map(([size]) => size);
      allocated.mockRestore();
      expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(CHUNK_LIMITS.maxMessageBytes);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(CHUNK_LIMITS.maxBufferedBytes);
    }
  });

  it('gives each message bytes of its own', () => {
    const [first, second] = read([bytes('04 000001 000002 08 01000000 aaaa / c4 bbbb')]);
    first?.payload.fill(0);
    expect(second?.payload).toEqual(bytes('bbbb'));
  });
});
