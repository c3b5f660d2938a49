/** Enhanced messages: what their tracks are, and that each can be sent on as it came. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readExMessage } from '../../runtime/codec/ex-header.ts';
import {
  ALL_EXTENSIONS,
  NO_EXTENSIONS,
  packetBody,
  parseMedia,
  wholeBody,
} from '../../runtime/codec/media-message.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { bytes } from '../golden/bytes.ts';
import { exMessages } from '../golden/ex-messages.ts';
import { mediaTags } from '../golden/media-tags.ts';
import { codeOf } from '../golden/protocol-errors.ts';

const MEDIA = ['video', 'audio'] as const;

/** Whoever gets a packet's whole message reads that packet, and nothing else. */
function expectToTravelAlone(packet: MediaPacket): void {
  const medium = packet.extra?.medium ?? (packet.track === 'audio' ? 'audio' : 'video');
  const again = parseMedia(medium, wholeBody(packet), packet.timestamp);
  // The last modifier names the type of what follows, which was of the whole message.
  const last = (modEx: Buffer | undefined) => modEx?.subarray(0, -1);
  expect(again.map((one) => ({ ...one, modEx: last(one.modEx) }))).toEqual([
    { ...packet, modEx: last(packet.modEx) },
  ]);
}

describe('enhanced messages', () => {
  it.each(exMessages)('$medium: $name', ({ medium, bytes: payload, message, modEx }) => {
    const read = readExMessage(payload, medium);
    expect(read.parts).toEqual(message.map(({ trackId, plain }) => ({ trackId, payload: plain })));
    if (message.length > 0) expect(read.modEx).toEqual(modEx);
    const packets = parseMedia(medium, payload, 5);
    expect(packets.map(({ track, extra }) => [track, extra?.trackId])).toEqual(
      message.map(({ trackId }) => (trackId === 0 ? [medium, undefined] : ['extra', trackId])),
    );
    for (const packet of packets) expectToTravelAlone(packet);
  });

  it.each(exMessages)('$medium: $name, cut anywhere, is read or refused', ({ medium, bytes: payload }) => {
    for (let length = 0; length < payload.length; length += 1) {
      const code = codeOf(() => parseMedia(medium, payload.subarray(0, length), 0));
      expect([null, 'config-malformed', 'media-malformed']).toContain(code);
    }
  });

  it('refuses a track that is longer than its message', () => {
    const payload = bytes("96 11 'avc1' 00 000009 00");
    expect(codeOf(() => parseMedia('video', payload, 0))).toBe('media-malformed');
  });

  it('refuses a message with more tracks than there are ids', () => {
    const tracks = Array.from({ length: 257 }, () => bytes('01 000000'));
    const payload = Buffer.concat([bytes("95 11 'Opus'"), ...tracks]);
    expect(codeOf(() => parseMedia('audio', payload, 0))).toBe('media-malformed');
  });

  it('takes nothing of an extra track for the default one', () => {
    const [packet] = parseMedia('video', bytes("96 01 'hvc1' 01 000021 00000001 26"), 0);
    expect(packet).toMatchObject({ track: 'extra', keyframe: false, config: null, cts: 33, ctsOffset: 5 });
    expect(packet?.extra).toEqual({ medium: 'video', trackId: 1, keyframe: true, config: null });
    const [header] = parseMedia('audio', bytes("95 00 'Opus' 03 'OpusHead' 0101 3801 80bb0000 0000 00"), 0);
    expect(header).toMatchObject({ track: 'extra', config: null });
    expect(header?.extra?.config).toMatchObject({ codec: 'opus', channels: 1 });
  });

  it('leaves out what somebody cannot take', () => {
    const [plain, extra] = parseMedia(
      'audio',
      bytes("97 02 0f423f 05 21 'mp4a' 00 000002 2110 'Opus' 07 000001 fc"),
      0,
    );
    const [colours] = parseMedia('video', bytes("94 'hvc1' 02 0009 'colorInfo' 06"), 0);
    if (plain === undefined || extra === undefined || colours === undefined) throw new Error('not read');
    const body = (packet: MediaPacket, extensions: Partial<typeof NO_EXTENSIONS>) =>
      packetBody(packet, { ...NO_EXTENSIONS, ...extensions });
    expect(body(plain, {})).toEqual(bytes("91 'mp4a' 2110"));
    expect(body(plain, { modEx: true })).toEqual(bytes("97 02 0f423f 01 'mp4a' 2110"));
    expect(body(extra, { modEx: true, metadata: true })).toBeNull();
    expect(body(extra, { multitrack: true })).toEqual(bytes("95 01 'Opus' 07 fc"));
    expect(packetBody(extra, ALL_EXTENSIONS)).toEqual(bytes("97 02 0f423f 05 01 'Opus' 07 fc"));
    expect(body(colours, { multitrack: true })).toBeNull();
    expect(body(colours, { metadata: true })).toEqual(colours.payload);
  });
});

describe('hostile messages', () => {
  const seeds = [...exMessages.map(({ bytes: seed }) => seed), ...mediaTags.map(({ bytes: seed }) => seed)];
  const mutated = fc
    .record({
      seed: fc.constantFrom(...seeds),
      changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      cut: fc.nat({ max: 12 }),
      tail: fc.uint8Array({ maxLength: 12 }),
    })
    .map(({ seed, changes, cut, tail }) => {
      const copy = Buffer.concat([seed.subarray(0, Math.max(1, seed.length - cut)), tail]);
      for (const [place, byte] of changes) if (copy.length > 0) copy[place % copy.length] = byte;
      return copy;
    });
  const anything = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));

  it.each(MEDIA)('%s: are read or refused with a reason, and what is read travels', (medium) => {
    fc.assert(
      fc.property(fc.oneof(mutated, anything), (payload) => {
        const before = Buffer.from(payload);
        let packets: MediaPacket[] = [];
        const code = codeOf(() => {
          packets = parseMedia(medium, payload, 9);
        });
        expect([null, 'config-malformed', 'media-malformed']).toContain(code);
        for (const packet of packets) expectToTravelAlone(packet);
        expect(payload).toEqual(before);
      }),
      { numRuns: 3_000 },
    );
  });
});
