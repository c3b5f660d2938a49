import type { VideoConfig } from '../media/packet.ts';
import { BitReader, withoutEmulationPrevention } from './bit-reader.ts';
import { ProtocolError } from './protocol-error.ts';

const NAL_UNIT_SPS = 7; // ITU-T H.264, table 7-1
/** No level of H.264 or H.265 goes as far: a larger picture is not one. */
const MAX_SIDE = 32_768;

/** Profiles whose SPS carries the chroma and scaling fields (ITU-T H.264, 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const PROFILE_NAMES = new Map([
  [66, 'Baseline'],
  [77, 'Main'],
  [88, 'Extended'],
  [100, 'High'],
  [110, 'High 10'],
  [122, 'High 4:2:2'],
  [244, 'High 4:4:4'],
]);

/**
 * Parses an AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3.1.2).
 * `payload` is the FLV tag body that carries it, `start` where the record begins in it.
 * Throws ProtocolError where the record is truncated; an SPS that cannot be read only leaves size and profile unknown.
 */
export function parseAvcConfig(payload: Buffer, start: number): VideoConfig {
  const record = payload.subarray(start);
  const parameterSets: Buffer[] = [];
  let position = 6;
  const head = readBytes(record, 0, 6);
  const nalLengthBytes = (head.readUInt8(4) & 3) + 1;
  const readSets = (count: number): void => {
    for (let i = 0; i < count; i += 1) {
      const set = readNalUnit(record, position, nalLengthBytes);
      parameterSets.push(set);
      position += 2 + set.length;
    }
  };
  readSets(head.readUInt8(5) & 0x1f);
  readSets(readBytes(record, position++, 1).readUInt8(0));
  const sps = parameterSets.find((set) => ((set[0] ?? 0) & 0x1f) === NAL_UNIT_SPS);
  return {
    track: 'video',
    codec: 'avc',
    identity: `avc:${nalLengthBytes}:${parameterSets.map((set) => set.toString('base64')).join(':')}`,
    payload,
    nalLengthBytes,
    parameterSets,
    ...describeSps(sps),
  };
}

export function readBytes(bytes: Buffer, start: number, count: number): Buffer {
  if (start + count > bytes.length) {
    throw new ProtocolError(
      'config-malformed',
      `codec configuration of ${bytes.length} bytes ends inside a field`,
    );
  }
  return bytes.subarray(start, start + count);
}

/** A NAL unit behind its length of two bytes. One that frames of this configuration could not carry is refused. */
export function readNalUnit(record: Buffer, start: number, nalLengthBytes: number): Buffer {
  const length = readBytes(record, start, 2).readUInt16BE(0);
  if (length >= 2 ** (8 * nalLengthBytes)) {
    throw new ProtocolError(
      'config-malformed',
      `parameter set of ${length} bytes, and NAL lengths of ${nalLengthBytes}`,
    );
  }
  return readBytes(record, start + 2, length);
}

/** Width, height and profile of an SPS (ITU-T H.264, 7.3.2.1.1), for people and for the preflight. */
function describeSps(sps: Buffer | undefined): Pick<VideoConfig, 'width' | 'height' | 'profile'> {
  if (sps === undefined) return { width: 0, height: 0, profile: '' };
  try {
    return readSps(new BitReader(withoutEmulationPrevention(sps.subarray(1))));
  } catch (error) {
    if (error instanceof RangeError) return { width: 0, height: 0, profile: '' };
    throw error;
  }
}

function readSps(bits: BitReader): Pick<VideoConfig, 'width' | 'height' | 'profile'> {
  const profileIdc = bits.bits(8);
  bits.skip(8);
  const levelIdc = bits.bits(8);
  bits.unsignedExpGolomb(); // seq_parameter_set_id
  const chromaFormat = HIGH_PROFILES.has(profileIdc) ? readChromaAndScaling(bits) : 1;
  bits.unsignedExpGolomb(); // log2_max_frame_num_minus4
  skipPictureOrderCount(bits);
  bits.unsignedExpGolomb(); // max_num_ref_frames
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  const widthInMacroblocks = bits.unsignedExpGolomb() + 1;
  const heightInMapUnits = bits.unsignedExpGolomb() + 1;
  const frameMacroblocksOnly = bits.bit();
  if (frameMacroblocksOnly === 0) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  const crop = bits.bit() === 1 ? readCrop(bits) : { x: 0, y: 0 };
  const cropUnitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const cropUnitY = (chromaFormat === 1 ? 2 : 1) * (2 - frameMacroblocksOnly);
  return {
    ...possibleSize(
      widthInMacroblocks * 16 - crop.x * cropUnitX,
      heightInMapUnits * 16 * (2 - frameMacroblocksOnly) - crop.y * cropUnitY,
    ),
    profile: `${PROFILE_NAMES.get(profileIdc) ?? `profile ${profileIdc}`} ${(levelIdc / 10).toFixed(1)}`,
  };
}

function readChromaAndScaling(bits: BitReader): number {
  const chromaFormat = bits.unsignedExpGolomb();
  if (chromaFormat === 3) bits.skip(1); // separate_colour_plane_flag
  bits.unsignedExpGolomb(); // bit_depth_luma_minus8
  bits.unsignedExpGolomb(); // bit_depth_chroma_minus8
  bits.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.bit() === 1) {
    const lists = chromaFormat === 3 ? 12 : 8;
    for (let i = 0; i < lists; i += 1) if (bits.bit() === 1) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  return chromaFormat;
}

/** 7.3.2.1.1.1 */
function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i += 1) {
    if (next !== 0) next = (last + bits.signedExpGolomb() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipPictureOrderCount(bits: BitReader): void {
  const type = bits.unsignedExpGolomb();
  if (type === 0) bits.unsignedExpGolomb();
  else if (type === 1) {
    bits.skip(1);
    bits.signedExpGolomb();
    bits.signedExpGolomb();
    const cycle = bits.unsignedExpGolomb();
    if (cycle > 255) throw new RangeError('num_ref_frames_in_pic_order_cnt_cycle over 255');
    for (let i = 0; i < cycle; i += 1) bits.signedExpGolomb();
  }
}

/** frame_crop_*_offset, in crop units. */
export function readCrop(bits: BitReader): { x: number; y: number } {
  const left = bits.unsignedExpGolomb();
  const right = bits.unsignedExpGolomb();
  const top = bits.unsignedExpGolomb();
  const bottom = bits.unsignedExpGolomb();
  return { x: left + right, y: top + bottom };
}

/** Throws RangeError for a size that no picture has: the SPS was not one. */
export function possibleSize(width: number, height: number): { width: number; height: number } {
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new RangeError(`picture of ${width}x${height}`);
  }
  return { width, height };
}
