import type { AudioConfig } from '../media/packet.ts';
import { impliedConfig } from './audio-configs.ts';
import { BitReader } from './bit-reader.ts';

/** ATSC A/52, table 5.6 */
const AC3_RATES = [48_000, 44_100, 32_000];
/** ATSC A/52, table 5.8: the full-bandwidth channels of each audio coding mode. */
const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];
const AC3_SYNC = 0x0b77;

/** ISO 11172-3, 2.4.2.3; the lower rates of ISO 13818-3 are half of these, those of MPEG 2.5 a quarter. */
const MPEG_AUDIO_RATES = [44_100, 48_000, 32_000];
const MPEG_SYNC = 0x7ff;

/** FLV 10.1, E.4.2.1: the formats that live encoders still send, and their fixed rates in Hz. */
const FLV_FORMATS = new Map([
  [7, { codec: 'g711a', sampleRate: 8_000 }],
  [8, { codec: 'g711u', sampleRate: 8_000 }],
  [11, { codec: 'speex', sampleRate: 16_000 }],
]);

/**
 * Rate and channels as a frame of AC-3 or E-AC-3 has them (ATSC A/52, 5.3.1, 5.3.2 and E.2.2); undefined for what is none.
 * Both codecs have no sequence header (E-RTMP v2).
 */
export function describeAc3Frame(frame: Buffer, codec: 'ac3' | 'eac3'): AudioConfig | undefined {
  return readOrUndefined(frame, (bits) => {
    if (bits.bits(16) !== AC3_SYNC) return undefined;
    return codec === 'ac3' ? readAc3(bits) : readEac3(bits);
  });
}

function readAc3(bits: BitReader): AudioConfig | undefined {
  bits.skip(16); // crc1
  const sampleRate = AC3_RATES[bits.bits(2)];
  bits.skip(6 + 5 + 3); // frmsizecod, bsid, bsmod
  const mode = bits.bits(3);
  if ((mode & 1) === 1 && mode !== 1) bits.skip(2); // cmixlev
  if ((mode & 4) !== 0) bits.skip(2); // surmixlev
  if (mode === 2) bits.skip(2); // dsurmod
  const channels = (AC3_CHANNELS[mode] ?? 0) + bits.bit();
  return sampleRate === undefined ? undefined : impliedConfig('ac3', sampleRate, channels);
}

function readEac3(bits: BitReader): AudioConfig | undefined {
  bits.skip(2 + 3 + 11); // strmtyp, substreamid, frmsiz
  const rateCode = bits.bits(2);
  const secondCode = bits.bits(2); // numblkscod, or with rate code 3 a code of a rate half as high
  const sampleRate = rateCode === 3 ? (AC3_RATES[secondCode] ?? 0) / 2 : (AC3_RATES[rateCode] ?? 0);
  const mode = bits.bits(3);
  const channels = (AC3_CHANNELS[mode] ?? 0) + bits.bit();
  return sampleRate === 0 ? undefined : impliedConfig('eac3', sampleRate, channels);
}

/** Rate and channels as the header of an MPEG audio frame has them (ISO 11172-3, 2.4.1.3); undefined for what is none. */
export function describeMp3Frame(frame: Buffer): AudioConfig | undefined {
  return readOrUndefined(frame, (bits) => {
    if (bits.bits(11) !== MPEG_SYNC) return undefined;
    const version = bits.bits(2); // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    bits.skip(2 + 1 + 4); // layer, protection, bit rate
    const rate = MPEG_AUDIO_RATES[bits.bits(2)];
    bits.skip(2); // padding, private
    const channels = bits.bits(2) === 3 ? 1 : 2;
    if (rate === undefined || version === 1) return undefined;
    const divisor = version === 3 ? 1 : version === 2 ? 2 : 4;
    return impliedConfig('mp3', rate / divisor, channels);
  });
}

/** Rate and channels by the header byte of an FLV audio tag; undefined for formats that are not known. */
export function describeFlvSound(header: number): AudioConfig | undefined {
  const format = FLV_FORMATS.get(header >> 4);
  return format && impliedConfig(format.codec, format.sampleRate, (header & 1) + 1);
}

function readOrUndefined(
  frame: Buffer,
  read: (bits: BitReader) => AudioConfig | undefined,
): AudioConfig | undefined {
  try {
    return read(new BitReader(frame));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
