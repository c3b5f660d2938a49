import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAacConfig } from '../../runtime/codec/aac-config.ts';
import { parseAvcConfig } from '../../runtime/codec/avc-config.ts';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { parseHevcConfig } from '../../runtime/codec/hevc-config.ts';
import { bytes } from '../golden/bytes.ts';
import {
  AVC_PPS,
  AVC_SPS,
  aacConfigs,
  avcRecord,
  avcSps,
  avcSpsUnreadable,
  HEVC_PPS,
  HEVC_SPS,
  HEVC_VPS,
  hevcRecord,
  hevcSps,
} from '../golden/codec-configs.ts';
import { codeOf } from '../golden/protocol-errors.ts';

/** Bytes without a pattern, the same for the same seed. */
function noise(seed: number, length: number): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

describe('parseAvcConfig', () => {
  it.each([...avcSps, ...avcSpsUnreadable])('reads the size of $name', ({ bytes: sps, message }) => {
    expect(parseAvcConfig(avcRecord([sps], [AVC_PPS]), 0)).toMatchObject(message);
  });

  it('reads a record inside a tag', () => {
    const payload = Buffer.concat([bytes('17 00 000000'), avcRecord([AVC_SPS], [AVC_PPS])]);
    const config = parseAvcConfig(payload, 5);
    expect(config).toMatchObject({
      track: 'video',
      codec: 'avc',
      nalLengthBytes: 4,
      width: 640,
      height: 360,
    });
    expect(config.parameterSets).toEqual([AVC_SPS, AVC_PPS]);
    expect(config.payload).toBe(payload);
  });

  it.each([1, 2, 4])('reads NAL lengths of %i bytes', (nalLengthBytes) => {
    expect(parseAvcConfig(avcRecord([AVC_SPS], [AVC_PPS], nalLengthBytes), 0).nalLengthBytes).toBe(
      nalLengthBytes,
    );
  });

  it('refuses a parameter set that its NAL lengths cannot count', () => {
    const long = Buffer.concat([AVC_SPS, Buffer.alloc(256 - AVC_SPS.length)]);
    expect(codeOf(() => parseAvcConfig(avcRecord([long], [], 1), 0))).toBe('config-malformed');
    expect(codeOf(() => parseAvcConfig(avcRecord([long.subarray(1)], [], 1), 0))).toBeNull();
    expect(codeOf(() => parseAvcConfig(avcRecord([long], [], 2), 0))).toBeNull();
  });

  it('reads several parameter sets in their order', () => {
    const other = bytes('68aabb');
    expect(parseAvcConfig(avcRecord([AVC_SPS], [AVC_PPS, other]), 0).parameterSets).toEqual([
      AVC_SPS,
      AVC_PPS,
      other,
    ]);
  });

  it('passes over what High profile appends', () => {
    const record = avcRecord([AVC_SPS], [AVC_PPS]);
    const longer = Buffer.concat([record, bytes('fdf8f800')]);
    expect(parseAvcConfig(longer, 0).identity).toBe(parseAvcConfig(record, 0).identity);
  });

  it('takes a record without parameter sets, and one without an SPS', () => {
    const unknown = { width: 0, height: 0, profile: '' };
    expect(parseAvcConfig(avcRecord([], []), 0)).toMatchObject({ ...unknown, parameterSets: [] });
    expect(parseAvcConfig(avcRecord([], [AVC_PPS]), 0)).toMatchObject({
      ...unknown,
      parameterSets: [AVC_PPS],
    });
  });

  it('identifies a configuration by its parameter sets and the length of NAL lengths', () => {
    const identities = [
      avcRecord([AVC_SPS], [AVC_PPS]),
      avcRecord([AVC_SPS], [AVC_PPS], 2),
      avcRecord([AVC_SPS], [bytes('68ebe0acb22d')]),
      avcRecord([AVC_SPS], []),
      avcRecord([], [AVC_SPS, bytes('68')]),
    ].map((record) => parseAvcConfig(record, 0).identity);
    expect(new Set(identities).size).toBe(identities.length);
    expect(parseAvcConfig(avcRecord([AVC_SPS], [AVC_PPS]), 0).identity).toBe(identities[0]);
  });

  it('refuses a record that ends anywhere inside', () => {
    const record = avcRecord([AVC_SPS], [AVC_PPS]);
    for (let length = 0; length < record.length; length += 1) {
      expect({ length, code: codeOf(() => parseAvcConfig(record.subarray(0, length), 0)) }).toEqual({
        length,
        code: 'config-malformed',
      });
    }
  });

  it('never throws for an SPS, and never makes up a size that cannot be', () => {
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const sps = Buffer.concat([bytes('67'), noise(seed, 1 + (seed % 60))]);
      // Half of them begin well.
      if (seed % 2 === 0) AVC_SPS.copy(sps, 0, 0, seed % 12);
      const { width, height } = parseAvcConfig(avcRecord([sps], []), 0);
      if (!(width >= 0 && height >= 0 && width < 40_000 && height < 40_000 && width > 0 === height > 0)) {
        throw new Error(`${sps.toString('hex')} gives ${width}x${height}`);
      }
    }
  });
});

describe('parseHevcConfig', () => {
  it.each(hevcSps)('reads the size of $name', ({ bytes: sps, message, record }) => {
    expect(parseHevcConfig(hevcRecord([HEVC_VPS, sps, HEVC_PPS], record), 0)).toMatchObject(message);
  });

  it('reads a record inside a tag', () => {
    const payload = Buffer.concat([bytes("90 'hvc1'"), hevcRecord([HEVC_VPS, HEVC_SPS, HEVC_PPS])]);
    const config = parseHevcConfig(payload, 5);
    expect(config).toMatchObject({
      track: 'video',
      codec: 'hevc',
      nalLengthBytes: 4,
      width: 1920,
      height: 1080,
    });
    expect(config.parameterSets).toEqual([HEVC_VPS, HEVC_SPS, HEVC_PPS]);
    expect(config.payload).toBe(payload);
  });

  it('refuses a parameter set that its NAL lengths cannot count', () => {
    const long = Buffer.concat([HEVC_SPS, Buffer.alloc(256 - HEVC_SPS.length)]);
    expect(codeOf(() => parseHevcConfig(hevcRecord([long], { nalLengthBytes: 1 }), 0))).toBe(
      'config-malformed',
    );
    expect(codeOf(() => parseHevcConfig(hevcRecord([long]), 0))).toBeNull();
  });

  it('names profiles that it does not know by number', () => {
    expect(parseHevcConfig(hevcRecord([], { profile: 0x60 | 9, level: 153 }), 0).profile).toBe(
      'profile 9 5.1',
    );
  });

  it('leaves the size unknown without an SPS, or with one that cannot be read', () => {
    for (const units of [[], [HEVC_VPS], [bytes('4201')], [bytes('4201 00*60')], [bytes('4201 ff*60')]]) {
      expect(parseHevcConfig(hevcRecord(units), 0)).toMatchObject({ width: 0, height: 0 });
    }
  });

  it('refuses a record that ends anywhere inside', () => {
    const record = hevcRecord([HEVC_VPS, HEVC_SPS, HEVC_PPS]);
    for (let length = 0; length < record.length; length += 1) {
      expect({ length, code: codeOf(() => parseHevcConfig(record.subarray(0, length), 0)) }).toEqual({
        length,
        code: 'config-malformed',
      });
    }
  });

  it('never throws for an SPS, and never makes up a size that cannot be', () => {
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const sps = Buffer.concat([bytes('4201'), noise(seed, 20 + (seed % 60))]);
      if (seed % 2 === 0) HEVC_SPS.copy(sps, 0, 0, 15 + (seed % 8));
      const { width, height } = parseHevcConfig(hevcRecord([sps]), 0);
      if (!(width >= 0 && height >= 0 && width < 40_000 && height < 40_000 && width > 0 === height > 0)) {
        throw new Error(`${sps.toString('hex')} gives ${width}x${height}`);
      }
    }
  });

  it('identifies a configuration by its parameter sets and the length of NAL lengths', () => {
    const units = [HEVC_VPS, HEVC_SPS, HEVC_PPS];
    const same = parseHevcConfig(hevcRecord(units, { level: 90 }), 0).identity;
    const shorter = parseHevcConfig(hevcRecord(units, { nalLengthBytes: 2 }), 0).identity;
    const without = parseHevcConfig(hevcRecord(units.slice(1)), 0).identity;
    expect(new Set([same, shorter, without]).size).toBe(3);
    expect(parseHevcConfig(hevcRecord(units), 0).identity).toBe(same);
  });
});

describe('parseAacConfig', () => {
  const identity = ({ bytes: config }: { bytes: Buffer }) => parseAacConfig(config, 0).identity;
  const { lc48, lc48Trailing, lc48Escaped, ...others } = aacConfigs;

  it.each(Object.values(aacConfigs))('reads $name', ({ bytes: config, message }) => {
    const payload = Buffer.concat([bytes('af 00'), config]);
    const parsed = parseAacConfig(payload, 2);
    expect(parsed).toMatchObject({ track: 'audio', codec: 'aac', ...message });
    expect(parsed.payload).toBe(payload);
  });

  it('takes for equal what means the same', () => {
    expect(identity(lc48Trailing)).toBe(identity(lc48));
    expect(identity(lc48Escaped)).toBe(identity(lc48));
  });

  it('takes for different what a decoder must be told', () => {
    const identities = [lc48, ...Object.values(others)].map(identity);
    expect(new Set(identities).size).toBe(identities.length);
  });

  it('never throws, however short the configuration is', () => {
    for (const { bytes: config } of Object.values(aacConfigs)) {
      for (let length = 0; length < config.length; length += 1) {
        expect(parseAacConfig(config.subarray(0, length), 0).track).toBe('audio');
      }
    }
  });
});

describe('the clips that come with Understudy', () => {
  it.each(['camera1', 'camera2', 'camera3', 'spare', 'slate'])('%s is 640x360 with AAC', (name) => {
    const { packets } = readClip(readFileSync(join(import.meta.dirname, `../../runtime/clips/${name}.flv`)));
    const configs = packets.flatMap(({ config }) => (config === null ? [] : [config]));
    expect(configs.find(({ track }) => track === 'video')).toMatchObject({
      codec: 'avc',
      width: 640,
      height: 360,
    });
    expect(configs.find(({ track }) => track === 'audio')).toMatchObject({
      codec: 'aac',
      channels: 2,
      profile: 'LC',
    });
  });
});
