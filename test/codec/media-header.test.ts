import { describe, expect, it } from '@jest/globals';
import { parseAudio, parseVideo } from '../../runtime/codec/media-header.ts';
import { bytes } from '../golden/bytes.ts';
import { mediaTags } from '../golden/media-tags.ts';
import { codeOf } from '../golden/protocol-errors.ts';

const parsers = { video: parseVideo, audio: parseAudio };

describe('media headers', () => {
  it.each(mediaTags)('$track: $name', ({ track, bytes: payload, message }) => {
    const packet = parsers[track](payload, 0xfffffff0);
    if (message === null) {
      expect(packet).toBeNull();
      return;
    }
    const { codec, implied, beside, ...header } = message;
    expect(packet).toMatchObject({ keyframe: false, cts: 0, ctsOffset: -1, ...header });
    expect(packet).toMatchObject({ track: beside === undefined ? track : 'extra', timestamp: 0xfffffff0 });
    expect(packet?.implied?.codec).toBe(implied);
    expect(packet?.extra?.config?.codec).toBe(beside);
    expect(packet?.payload).toBe(payload);
    expect(packet?.config?.codec).toBe(codec);
    if (codec !== undefined) expect(packet?.config).toMatchObject({ track, codec, payload });
  });

  it.each(mediaTags)('$track: $name, cut anywhere, is read or refused', ({ track, bytes: payload }) => {
    for (let length = 0; length < payload.length; length += 1) {
      const code = codeOf(() => parsers[track](payload.subarray(0, length), 0));
      expect([null, 'config-malformed']).toContain(code);
    }
  });

  it.each([
    { name: 'AVC', payload: bytes('17 00 000000 01 64001e ffe1 001d 6764') },
    { name: 'AVC of nothing', payload: bytes('17 00 000000') },
    { name: 'legacy HEVC', payload: bytes('1c 00 000000 01 01') },
    { name: 'hvc1', payload: bytes("90 'hvc1' 01") },
    { name: 'avc1', payload: bytes("90 'avc1' 01") },
    { name: 'av01', payload: bytes("90 'av01' 81050c") },
    { name: 'vp09', payload: bytes("90 'vp09' 000b8201010100") },
  ])('refuses a sequence header of $name that is cut short', ({ payload }) => {
    expect(codeOf(() => parseVideo(payload, 0))).toBe('config-malformed');
  });

  it('never takes audio for a keyframe', () => {
    for (let first = 0; first < 256; first += 1) {
      for (const second of [0, 1]) {
        const packet = parseAudio(Buffer.from([first, second, 0x11, 0x90, 0, 0]), 0);
        expect(packet?.keyframe ?? false).toBe(false);
      }
    }
  });

  it('tells codecs that are kept whole apart by their bytes', () => {
    const identity = (text: string) => parseVideo(bytes(text), 0)?.config?.identity;
    expect(identity("90 'av01' 81050c00")).toBe(identity("90 'av01' 81050c00"));
    expect(identity("90 'av01' 81050c00")).not.toBe(identity("90 'av01' 81050c01"));
    expect(identity("90 'av01' 81050c00")).not.toBe(identity("90 'vvc1' 81050c00"));
  });
});
