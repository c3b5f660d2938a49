import type { VideoConfig } from '../media/packet.ts';
import { possibleSize, readBytes } from './avc-config.ts';
import { BitReader } from './bit-reader.ts';

const OBU_SEQUENCE_HEADER = 1; // AV1, 6.2.2
const PROFILE_NAMES = ['Main', 'High', 'Professional'];

/**
 * Parses an AV1CodecConfigurationRecord (AV1 in ISOBMFF, 2.3.3). Throws ProtocolError where it is truncated; a sequence
 * header that is missing or cannot be read only leaves the size unknown.
 */
export function parseAv1Config(payload: Buffer, start: number): VideoConfig {
  const record = payload.subarray(start);
  const head = readBytes(record, 0, 4);
  const profile = head.readUInt8(1) >> 5;
  const level = head.readUInt8(1) & 0x1f;
  const sequenceHeader = readSequenceHeader(record.subarray(4));
  return {
    track: 'video',
    codec: 'av1',
    identity: `av1:${record.toString('base64')}`,
    payload,
    nalLengthBytes: 0,
    parameterSets: sequenceHeader === null ? [] : [sequenceHeader.obu],
    // AV1, A.3: level 2.0 is 0, 2.1 is 1, 3.0 is 4.
    profile: `${PROFILE_NAMES[profile] ?? `profile ${profile}`} ${2 + (level >> 2)}.${level & 3}`,
    ...sizeOf(sequenceHeader?.body),
  };
}

/** The first OBU, if it is a sequence header with a size: only so can it stand in front of others. */
function readSequenceHeader(obus: Buffer): { obu: Buffer; body: Buffer } | null {
  const header = obus[0] ?? 0;
  const hasSize = (header & 0x02) !== 0;
  if (((header >> 3) & 0x0f) !== OBU_SEQUENCE_HEADER || !hasSize) return null;
  const sizeAt = (header & 0x04) === 0 ? 1 : 2;
  const size = readLeb128(obus, sizeAt);
  if (size === null || size.end + size.value > obus.length) return null;
  const end = size.end + size.value;
  return { obu: obus.subarray(0, end), body: obus.subarray(size.end, end) };
}

/** AV1, 4.10.5. Null past the end, or beyond four bytes: no configuration is as long. */
function readLeb128(bytes: Buffer, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let i = 0; i < 4; i += 1) {
    const byte = bytes[start + i];
    if (byte === undefined) return null;
    value |= (byte & 0x7f) << (7 * i);
    if ((byte & 0x80) === 0) return { value, end: start + i + 1 };
  }
  return null;
}

function sizeOf(body: Buffer | undefined): Pick<VideoConfig, 'width' | 'height'> {
  try {
    return readSize(new BitReader(body ?? Buffer.alloc(0)));
  } catch (error) {
    if (error instanceof RangeError) return { width: 0, height: 0 };
    throw error;
  }
}

/** sequence_header_obu() up to the size (AV1, 5.5.1). */
function readSize(bits: BitReader): Pick<VideoConfig, 'width' | 'height'> {
  bits.skip(3); // seq_profile
  bits.skip(1); // still_picture
  if (bits.bit() === 1)
    bits.skip(5); // reduced_still_picture_header: seq_level_idx alone
  else skipOperatingPoints(bits);
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  const width = bits.bits(widthBits) + 1;
  return possibleSize(width, bits.bits(heightBits) + 1);
}

function skipOperatingPoints(bits: BitReader): void {
  let delayBits = 0;
  if (bits.bit() === 1) {
    // timing_info(), then decoder_model_info()
    bits.skip(64);
    if (bits.bit() === 1) bits.unsignedExpGolomb();
    if (bits.bit() === 1) {
      delayBits = bits.bits(5) + 1;
      bits.skip(32 + 5 + 5);
    }
  }
  const hasDisplayDelay = bits.bit();
  for (let points = bits.bits(5) + 1; points > 0; points -= 1) {
    bits.skip(12); // operating_point_idc
    if (bits.bits(5) > 7) bits.skip(1); // seq_tier
    if (delayBits > 0 && bits.bit() === 1) bits.skip(2 * delayBits + 1);
    if (hasDisplayDelay === 1 && bits.bit() === 1) bits.skip(4);
  }
}
