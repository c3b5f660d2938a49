import { bytes } from './bytes.ts';

interface VideoSizeCase {
  readonly name: string;
  /** One SPS NAL unit, without a start code. */
  readonly bytes: Buffer;
  readonly message: { readonly width: number; readonly height: number; readonly profile: string };
}

/** Of runtime/clips/camera1.flv: 640x360, x264. */
export const AVC_SPS = bytes('6764001e acd940a02ff966a0202028000003000800000301e078b16cb0');
export const AVC_PPS = bytes('68ebe0acb22c');

/** 1920x1080, x265. */
export const HEVC_VPS = bytes('40010c01ffff016000000300900000030000030078959809');
export const HEVC_SPS = bytes(
  '420101016000000300900000030000030078a003c08010e596566924cae68080000003008000000f04',
);
export const HEVC_PPS = bytes('4401c172b46240');

/** Sizes and profiles by the encoder that made the SPS, or by FFmpeg's trace_headers where it was made by hand. */
export const avcSps: readonly VideoSizeCase[] = [
  {
    name: 'runtime/clips/camera1.flv (x264)',
    bytes: AVC_SPS,
    message: { width: 640, height: 360, profile: 'High 3.0' },
  },
  {
    name: '1920x1080, cropped from 1088 (x264, main)',
    bytes: bytes('674d4028 eca03c0113f2c2000003000200000300781e30632c'),
    message: { width: 1920, height: 1080, profile: 'Main 4.0' },
  },
  {
    name: '426x240, cropped to the right (x264, baseline)',
    bytes: bytes('6742c015 d901b1fe4e10000003001000000303c0f162e480'),
    message: { width: 426, height: 240, profile: 'Baseline 2.1' },
  },
  {
    name: 'interlaced: rows count twice (x264)',
    bytes: bytes('67640028 acd94078044fdc20000003002000000783e2c5b2c0'),
    message: { width: 1920, height: 1080, profile: 'High 4.0' },
  },
  {
    name: '4:2:2 of odd height (x264)',
    bytes: bytes('677a0028 bcd940780227a8a840000003004000000f03c60c6580'),
    message: { width: 1918, height: 1079, profile: 'High 4:2:2 4.0' },
  },
  {
    name: '4:4:4 of odd size (x264)',
    bytes: bytes('67f4001f 919b280a00b7c95080000003008000001e078c18cb'),
    message: { width: 1277, height: 719, profile: 'High 4:4:4 3.1' },
  },
  {
    name: 'grey (x264)',
    bytes: bytes('67640028 f36501e0089f8984000003000400000300f03c60c658'),
    message: { width: 1920, height: 1080, profile: 'High 4.0' },
  },
  {
    name: 'grey and interlaced (by hand)',
    bytes: bytes('67640028 f36501e0113f2a'),
    message: { width: 1920, height: 1080, profile: 'High 4.0' },
  },
  {
    name: 'scaling lists: whole, missing, stopped early and default; order count of type 1 (by hand)',
    bytes: bytes(
      `6764001f ad840c612612612630930930932103184825422840c6126126126309309309318498498498c24c24c24c61261261
       26309309309318498498498c24c24c24c6126126130818c2412d0e4699405005df8940`,
    ),
    message: { width: 1280, height: 720, profile: 'High 3.1' },
  },
  {
    name: 'twelve scaling lists of 4:4:4 (by hand)',
    bytes: bytes(
      `67f40028 91b0818c24c24c24c61261261262103184825210318498498498c24c24c24c612612612630930930931849849849
       8c24c24c24c61261261263093093093184984984a11840c6120950818c24c24c24c6126126126309309309318498
       498498c24c24c24c6126126126309309309318498498498c24c24c26ca03c0113f1280`,
    ),
    message: { width: 1920, height: 1080, profile: 'High 4:4:4 4.0' },
  },
  {
    name: 'cropped on all four sides (by hand)',
    bytes: bytes('6742001e d940a03dd32150'),
    message: { width: 634, height: 466, profile: 'Baseline 3.0' },
  },
];

const UNKNOWN = { width: 0, height: 0, profile: '' };

/** SPS that say nothing, or something that cannot be. */
export const avcSpsUnreadable: readonly VideoSizeCase[] = [
  { name: 'empty', bytes: bytes(''), message: UNKNOWN },
  { name: 'a NAL unit header alone', bytes: bytes('67'), message: UNKNOWN },
  { name: 'zeros', bytes: bytes('67 00*40'), message: UNKNOWN },
  { name: 'emulation prevention to the end', bytes: bytes('67 000003*20'), message: UNKNOWN },
  { name: 'more cropped than there is', bytes: bytes('6742001e d95f03281940ca0654'), message: UNKNOWN },
  {
    name: 'billions of macroblocks',
    bytes: bytes('6742001e d940000003002000000300000300000300400000030064'),
    message: UNKNOWN,
  },
  {
    name: 'another NAL unit in its place',
    bytes: Buffer.concat([bytes('68'), AVC_SPS.subarray(1)]),
    message: UNKNOWN,
  },
];

/** `record` is what the configuration record says: there profile and level are read. */
export const hevcSps: ReadonlyArray<
  VideoSizeCase & { readonly record: { readonly profile: number; readonly level: number } }
> = [
  {
    name: '1920x1080, cropped from 1088 (x265)',
    bytes: HEVC_SPS,
    record: { profile: 1, level: 120 },
    message: { width: 1920, height: 1080, profile: 'Main 4.0' },
  },
  {
    name: '4:2:2 of odd height (x265)',
    bytes: bytes('4201010408000003009d0800000300005db00280802d1d565959a4932b9a020000030002000003003c10'),
    record: { profile: 4, level: 93 },
    message: { width: 1278, height: 719, profile: 'Range Extensions 3.1' },
  },
  {
    name: 'two temporal layers (x265)',
    bytes: bytes(
      '42010201600000030090000003000003003c0000a00d880f1c9e59598acd24995cd010000003001000000301e080',
    ),
    record: { profile: 1, level: 60 },
    message: { width: 426, height: 240, profile: 'Main 2.0' },
  },
];

export interface AacConfigCase {
  readonly name: string;
  /** An AudioSpecificConfig (ISO 14496-3, 1.6.2.1). */
  readonly bytes: Buffer;
  readonly message: { readonly sampleRate: number; readonly channels: number; readonly profile: string };
}

export const aacConfigs = {
  lc48: { name: 'LC', bytes: bytes('1190'), message: { sampleRate: 48_000, channels: 2, profile: 'LC' } },
  lc48Trailing: {
    name: 'LC with a trailing extension that says: no SBR (FFmpeg)',
    bytes: bytes('1190 56e500'),
    message: { sampleRate: 48_000, channels: 2, profile: 'LC' },
  },
  lc48Escaped: {
    name: 'LC with its rate in figures',
    bytes: bytes('17805dc010'),
    message: { sampleRate: 48_000, channels: 2, profile: 'LC' },
  },
  lc44: {
    name: 'LC at 44.1 kHz',
    bytes: bytes('1210'),
    message: { sampleRate: 44_100, channels: 2, profile: 'LC' },
  },
  lc44Mono: {
    name: 'LC at 44.1 kHz, one channel',
    bytes: bytes('1208'),
    message: { sampleRate: 44_100, channels: 1, profile: 'LC' },
  },
  lc24: {
    name: 'LC at 24 kHz',
    bytes: bytes('1310'),
    message: { sampleRate: 24_000, channels: 2, profile: 'LC' },
  },
  main48: {
    name: 'Main',
    bytes: bytes('0990'),
    message: { sampleRate: 48_000, channels: 2, profile: 'Main' },
  },
  he48: {
    name: 'HE-AAC, explicit',
    bytes: bytes('2b118800'),
    message: { sampleRate: 48_000, channels: 2, profile: 'HE-AAC' },
  },
  he44: {
    name: 'HE-AAC, explicit, of the same core and another rate',
    bytes: bytes('2b120800'),
    message: { sampleRate: 44_100, channels: 2, profile: 'HE-AAC' },
  },
  heV2: {
    name: 'HE-AAC v2, explicit',
    bytes: bytes('eb098800'),
    message: { sampleRate: 48_000, channels: 1, profile: 'HE-AAC v2' },
  },
  xhe: {
    name: 'object type behind the escape',
    bytes: bytes('f94640'),
    message: { sampleRate: 48_000, channels: 2, profile: 'xHE-AAC' },
  },
  surround: {
    name: '7.1',
    bytes: bytes('11b8'),
    message: { sampleRate: 48_000, channels: 8, profile: 'LC' },
  },
  ownLayout: {
    name: 'channels by a program config element',
    bytes: bytes('1180 0400'),
    message: { sampleRate: 48_000, channels: 0, profile: 'LC' },
  },
  ownLayout2: {
    name: 'channels by another program config element',
    bytes: bytes('1180 0800'),
    message: { sampleRate: 48_000, channels: 0, profile: 'LC' },
  },
  noRate: {
    name: 'reserved rate',
    bytes: bytes('1690'),
    message: { sampleRate: 0, channels: 2, profile: 'LC' },
  },
  noType: {
    name: 'object type without a name',
    bytes: bytes('2190'),
    message: { sampleRate: 48_000, channels: 2, profile: 'object type 4' },
  },
  short: { name: 'one byte', bytes: bytes('11'), message: { sampleRate: 0, channels: 0, profile: '' } },
  otherShort: {
    name: 'another byte',
    bytes: bytes('12'),
    message: { sampleRate: 0, channels: 0, profile: '' },
  },
} satisfies Record<string, AacConfigCase>;

/** An AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3.1.2). */
export function avcRecord(sps: readonly Buffer[], pps: readonly Buffer[], nalLengthBytes = 4): Buffer {
  return Buffer.concat([
    bytes('01 64001e'),
    Buffer.of(0xfc | (nalLengthBytes - 1), 0xe0 | sps.length),
    ...sps.flatMap(withLength),
    Buffer.of(pps.length),
    ...pps.flatMap(withLength),
  ]);
}

/** An HEVCDecoderConfigurationRecord (ISO 14496-15, 8.3.3.1.2) with one array for each NAL unit. */
export function hevcRecord(
  nalUnits: readonly Buffer[],
  { profile = 1, level = 120, nalLengthBytes = 4 } = {},
): Buffer {
  return Buffer.concat([
    Buffer.of(1, profile),
    bytes('60000000 900000000000'),
    Buffer.of(level),
    bytes('f000 fc fd f8 f8 0000'),
    Buffer.of(0x0c | (nalLengthBytes - 1), nalUnits.length),
    ...nalUnits.flatMap((unit) => [
      Buffer.of(0x80 | ((unit.readUInt8(0) >> 1) & 0x3f), 0, 1),
      ...withLength(unit),
    ]),
  ]);
}

function withLength(nalUnit: Buffer): Buffer[] {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(nalUnit.length);
  return [length, nalUnit];
}

/** Of test clips: 322x182, SVT-AV1. */
export const AV1_SEQUENCE_HEADER = bytes('0a0e 000000043d06d402f81010101040');

/** AV1CodecConfigurationRecords. Sizes by the encoder, or by FFmpeg's trace_headers where made by hand. */
export const av1Configs: readonly VideoSizeCase[] = [
  {
    name: '322x182 (SVT-AV1)',
    bytes: Buffer.concat([bytes('81000c00'), AV1_SEQUENCE_HEADER]),
    message: { width: 322, height: 182, profile: 'Main 2.0' },
  },
  {
    name: 'without a sequence header',
    bytes: bytes('81284c00'),
    message: { width: 0, height: 0, profile: 'High 4.0' },
  },
  {
    name: 'a sequence header that ends early',
    bytes: bytes('81000c00 0a0e 000000'),
    message: { width: 0, height: 0, profile: 'Main 2.0' },
  },
  {
    name: 'a sequence header without a size, which cannot stand in front of a frame',
    bytes: bytes('81000c00 08 000000043d06d402f81010101040'),
    message: { width: 0, height: 0, profile: 'Main 2.0' },
  },
  {
    name: 'another OBU in its place',
    bytes: bytes('81000c00 2a00'),
    message: { width: 0, height: 0, profile: 'Main 2.0' },
  },
  {
    // 0: profile, 1: still, 1: reduced, 00001: level, 0111 and 0111: 8 bits each, 63 and 31
    name: 'a still picture of 64x32 (by hand)',
    bytes: bytes('81000c00 0a05 185dcfc7c0'),
    message: { width: 64, height: 32, profile: 'Main 2.0' },
  },
];

interface SoundCase {
  readonly name: string;
  readonly bytes: Buffer;
  readonly message: { readonly sampleRate: number; readonly channels: number };
}

export const opusConfigs: readonly SoundCase[] = [
  {
    name: 'stereo (libopus)',
    bytes: bytes("'OpusHead' 0102 3801 80bb0000 0000 00"),
    message: { sampleRate: 48_000, channels: 2 },
  },
  {
    name: '5.1 with a mapping',
    bytes: bytes("'OpusHead' 0106 3801 80bb0000 0000 01 0402 000401020305"),
    message: { sampleRate: 48_000, channels: 6 },
  },
  { name: 'nothing', bytes: bytes(''), message: { sampleRate: 48_000, channels: 0 } },
  { name: 'something else', bytes: bytes("'OpusTags' 00*11"), message: { sampleRate: 48_000, channels: 0 } },
];

/** STREAMINFO as FFmpeg has it, of its encoder. */
export const FLAC_STREAMINFO = bytes(
  '0480 0480 000153 0001c1 0bb802f000032100 2e225656b068781770ba09ea7367ea23',
);
export const flacConfigs: readonly SoundCase[] = [
  { name: 'STREAMINFO alone (FFmpeg)', bytes: FLAC_STREAMINFO, message: { sampleRate: 48_000, channels: 2 } },
  {
    name: 'with signature and block header',
    bytes: Buffer.concat([bytes("'fLaC' 80000022"), FLAC_STREAMINFO]),
    message: { sampleRate: 48_000, channels: 2 },
  },
  { name: 'cut short', bytes: bytes("'fLaC' 80000022 0480"), message: { sampleRate: 0, channels: 0 } },
];

/** Frames of codecs without sequence headers, from their sync word on: as FFmpeg's encoders begin them, or by hand. */
export const soundFrames: ReadonlyArray<SoundCase & { readonly codec: 'ac3' | 'eac3' | 'mp3' }> = [
  {
    name: 'AC-3, stereo (FFmpeg)',
    codec: 'ac3',
    bytes: bytes('0b77d7520c4043e106f0010c'),
    message: { sampleRate: 48_000, channels: 2 },
  },
  {
    // fscod 01, acmod 111, cmixlev and surmixlev 00, lfeon 1
    name: 'AC-3, 5.1 at 44.1 kHz (by hand)',
    codec: 'ac3',
    bytes: bytes('0b770000 54 40 e1'),
    message: { sampleRate: 44_100, channels: 6 },
  },
  {
    name: 'E-AC-3, stereo (FFmpeg)',
    codec: 'eac3',
    bytes: bytes('0b7700bf3487c000'),
    message: { sampleRate: 48_000, channels: 2 },
  },
  {
    // fscod 11, fscod2 00, acmod 111, lfeon 1
    name: 'E-AC-3, 5.1 at a halved rate (by hand)',
    codec: 'eac3',
    bytes: bytes('0b7700bf cf'),
    message: { sampleRate: 24_000, channels: 6 },
  },
  {
    name: 'MP3, joint stereo (LAME)',
    codec: 'mp3',
    bytes: bytes('fffb7464c80f'),
    message: { sampleRate: 48_000, channels: 2 },
  },
  {
    // version 10, layer 01, rate 01, mode 11
    name: 'MP3 of MPEG 2, mono (by hand)',
    codec: 'mp3',
    bytes: bytes('fff374c4'),
    message: { sampleRate: 24_000, channels: 1 },
  },
];
