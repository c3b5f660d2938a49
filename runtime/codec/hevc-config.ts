import type { VideoConfig } from '../media/packet.ts';
import { possibleSize, readBytes, readCrop, readNalUnit } from './avc-config.ts';
import { BitReader, withoutEmulationPrevention } from './bit-reader.ts';

const NAL_UNIT_SPS = 33; // ITU-T H.265, table 7-1
const PROFILE_NAMES = new Map([
  [1, 'Main'],
  [2, 'Main 10'],
  [3, 'Main Still Picture'],
  [4, 'Range Extensions'],
]);

/**
 * Parses an HEVCDecoderConfigurationRecord (ISO 14496-15, 8.3.3.1.2).
 * Throws ProtocolError where the record is truncated; an SPS that cannot be read only leaves the size unknown.
 */
export function parseHevcConfig(payload: Buffer, start: number): VideoConfig {
  const record = payload.subarray(start);
  const head = readBytes(record, 0, 23);
  const nalLengthBytes = (head.readUInt8(21) & 3) + 1;
  const parameterSets: Buffer[] = [];
  let sps: Buffer | undefined;
  let position = 23;
  for (let arrays = head.readUInt8(22); arrays > 0; arrays -= 1) {
    const array = readBytes(record, position, 3);
    position += 3;
    for (let units = array.readUInt16BE(1); units > 0; units -= 1) {
      const nalUnit = readNalUnit(record, position, nalLengthBytes);
      if ((array.readUInt8(0) & 0x3f) === NAL_UNIT_SPS) sps ??= nalUnit;
      parameterSets.push(nalUnit);
      position += 2 + nalUnit.length;
    }
  }
  const profileIdc = head.readUInt8(1) & 0x1f;
  const level = (head.readUInt8(12) / 30).toFixed(1);
  return {
    track: 'video',
    codec: 'hevc',
    identity: `hevc:${nalLengthBytes}:${parameterSets.map((set) => set.toString('base64')).join(':')}`,
    payload,
    nalLengthBytes,
    parameterSets,
    profile: `${PROFILE_NAMES.get(profileIdc) ?? `profile ${profileIdc}`} ${level}`,
    ...sizeOf(sps),
  };
}

/** Width and height of an SPS (ITU-T H.265, 7.3.2.2.1). */
function sizeOf(sps: Buffer | undefined): Pick<VideoConfig, 'width' | 'height'> {
  if (sps === undefined) return { width: 0, height: 0 };
  try {
    const bits = new BitReader(withoutEmulationPrevention(sps.subarray(2)));
    bits.skip(4); // sps_video_parameter_set_id
    const subLayers = bits.bits(3);
    bits.skip(1); // sps_temporal_id_nesting_flag
    skipProfileTierLevel(bits, subLayers);
    bits.unsignedExpGolomb(); // sps_seq_parameter_set_id
    const chromaFormat = bits.unsignedExpGolomb();
    if (chromaFormat === 3) bits.skip(1); // separate_colour_plane_flag
    const width = bits.unsignedExpGolomb();
    const height = bits.unsignedExpGolomb();
    const crop = bits.bit() === 1 ? readCrop(bits) : { x: 0, y: 0 };
    const unitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
    const unitY = chromaFormat === 1 ? 2 : 1;
    return possibleSize(width - crop.x * unitX, height - crop.y * unitY);
  } catch (error) {
    if (error instanceof RangeError) return { width: 0, height: 0 };
    throw error;
  }
}

/** 7.3.3: 88 bits of profile and 8 of level for the whole, then for each sub-layer what its flags announce. */
function skipProfileTierLevel(bits: BitReader, subLayers: number): void {
  bits.skip(96);
  const present: Array<{ profile: number; level: number }> = [];
  for (let i = 0; i < subLayers; i += 1) present.push({ profile: bits.bit(), level: bits.bit() });
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) bits.skip(88 * profile + 8 * level);
}
