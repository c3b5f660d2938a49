import { describe, expect, it } from '@jest/globals';
import { parseFlacConfig, parseOpusConfig } from '../../runtime/codec/audio-configs.ts';
import { describeAc3Frame, describeMp3Frame } from '../../runtime/codec/audio-frames.ts';
import { parseAv1Config } from '../../runtime/codec/av1-config.ts';
import { parseVpConfig } from '../../runtime/codec/vp9-config.ts';
import { bytes } from '../golden/bytes.ts';
import {
  AV1_SEQUENCE_HEADER,
  av1Configs,
  FLAC_STREAMINFO,
  flacConfigs,
  opusConfigs,
  soundFrames,
} from '../golden/codec-configs.ts';
import { codeOf } from '../golden/protocol-errors.ts';

describe('parseAv1Config', () => {
  it.each(av1Configs)('reads $name', ({ bytes: record, message }) => {
    expect(parseAv1Config(record, 0)).toMatchObject({ codec: 'av1', nalLengthBytes: 0, ...message });
  });

  it('keeps the sequence header as it goes in front of a frame', () => {
    const record = Buffer.concat([bytes('81000c00'), AV1_SEQUENCE_HEADER, bytes('2a00')]);
    expect(parseAv1Config(record, 0).parameterSets).toEqual([AV1_SEQUENCE_HEADER]);
  });

  it('refuses a record that ends inside its fixed part', () => {
    for (let length = 0; length < 4; length += 1) {
      expect(codeOf(() => parseAv1Config(bytes('81000c00').subarray(0, length), 0))).toBe('config-malformed');
    }
  });
});

describe('parseVpConfig', () => {
  const record = bytes('000b820101010000');

  it('means the same with and without the header of a full box', () => {
    const plain = parseVpConfig(record, 0, 'vp9');
    expect(plain).toMatchObject({ codec: 'vp9', profile: 'profile 0 1.1', width: 0 });
    expect(parseVpConfig(Buffer.concat([bytes('01000000'), record]), 0, 'vp9').identity).toBe(plain.identity);
  });

  it('tells codecs, profiles and depths apart', () => {
    const records = [record, bytes('010b820101010000'), bytes('000ba20101010000')];
    const identities = records.map((one) => parseVpConfig(one, 0, 'vp9').identity);
    expect(new Set([...identities, parseVpConfig(record, 0, 'vp8').identity]).size).toBe(4);
  });
});

describe('audio configurations', () => {
  it.each(opusConfigs)('reads Opus: $name', ({ bytes: head, message }) => {
    expect(parseOpusConfig(head, 0)).toMatchObject({ codec: 'opus', ...message });
  });

  it('takes Opus headers for equal that a running decoder takes alike', () => {
    const identity = (text: string) => parseOpusConfig(bytes(text), 0).identity;
    const stereo = identity("'OpusHead' 0102 3801 80bb0000 0000 00");
    expect(identity("'OpusHead' 0102 0000 44ac0000 0000 00")).toBe(stereo);
    expect(identity("'OpusHead' 0101 3801 80bb0000 0000 00")).not.toBe(stereo);
    expect(identity("'OpusHead' 0102 3801 80bb0000 0100 00")).not.toBe(stereo);
  });

  it.each(flacConfigs)('reads FLAC: $name', ({ bytes: header, message }) => {
    expect(parseFlacConfig(header, 0)).toMatchObject({ codec: 'flac', ...message });
  });

  it('takes FLAC headers for equal that differ in what was recorded', () => {
    const { identity, profile } = parseFlacConfig(FLAC_STREAMINFO, 0);
    expect(profile).toBe('16 bit');
    const other = Buffer.concat([FLAC_STREAMINFO.subarray(0, 14), Buffer.alloc(20, 7)]);
    expect(parseFlacConfig(other, 0).identity).toBe(identity);
  });
});

describe('frames of codecs without sequence headers', () => {
  it.each(soundFrames)('reads $name, and nothing of it cut short', ({ bytes: frame, codec, message }) => {
    const describeFrame = (sound: Buffer) =>
      codec === 'mp3' ? describeMp3Frame(sound) : describeAc3Frame(sound, codec);
    expect(describeFrame(frame)).toMatchObject({ codec, ...message, payload: Buffer.alloc(0) });
    expect(describeFrame(frame.subarray(0, 3))).toBeUndefined();
    expect(describeFrame(Buffer.concat([bytes('00'), frame]))).toBeUndefined();
  });
});
