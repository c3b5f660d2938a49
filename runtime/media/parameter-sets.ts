import type { MediaPacket, VideoConfig } from './packet.ts';

const AVC_NAL_SPS = 7;
const AVC_NAL_DELIMITER = 9;
const HEVC_NAL_VPS = 32;
const HEVC_NAL_SPS = 33;
const HEVC_NAL_DELIMITER = 35;
/** AV1, 6.2.2 */
const OBU_SEQUENCE_HEADER = 1;
const OBU_TEMPORAL_DELIMITER = 2;
/** A temporal delimiter is its header and a size of 0 (AV1, 5.6). */
const TEMPORAL_DELIMITER_BYTES = 2;
const EX_HEADER_BYTES = 5;

/**
 * A keyframe's payload with the parameter sets of its configuration in front (ISO 14496-15 calls that avc3 and hev1).
 * FFmpeg decodes a whole GOP with errors after a change of configuration that stands in the sequence header alone. AV1's
 * sequence header OBU goes the same way (AV1 in ISOBMFF, 2.4).
 * The packet's own payload comes back where it has them already, or where the codec has none.
 */
export function withParameterSets(
  packet: Pick<MediaPacket, 'payload' | 'ctsOffset'>,
  config: VideoConfig,
): Buffer {
  const { payload, ctsOffset } = packet;
  const { nalLengthBytes, parameterSets } = config;
  if (config.codec === 'av1') return withSequenceHeader(payload, parameterSets[0]);
  if (nalLengthBytes === 0 || parameterSets.length === 0) return payload;
  // The NAL units begin behind the CTS; CodedFramesX of Enhanced RTMP has a FourCC and no CTS.
  const start = ctsOffset === -1 ? EX_HEADER_BYTES : ctsOffset + 3;
  const first = nalUnitAt(payload, start, config);
  if (first === null || isParameterSet(first.type, config)) return payload;
  // An access unit delimiter, if there is one, must stay the first NAL unit (ITU-T H.264, 7.4.1.2.3).
  const insertAt = first.type === delimiterType(config) ? first.end : start;
  const next = nalUnitAt(payload, insertAt, config);
  if (next !== null && isParameterSet(next.type, config)) return payload;
  const units = parameterSets.flatMap((set) => {
    const length = Buffer.alloc(nalLengthBytes);
    length.writeUIntBE(set.length, 0, nalLengthBytes);
    return [length, set];
  });
  return Buffer.concat([payload.subarray(0, insertAt), ...units, payload.subarray(insertAt)]);
}

function withSequenceHeader(payload: Buffer, sequenceHeader: Buffer | undefined): Buffer {
  const hasDelimiter = obuType(payload[EX_HEADER_BYTES]) === OBU_TEMPORAL_DELIMITER;
  const insertAt = EX_HEADER_BYTES + (hasDelimiter ? TEMPORAL_DELIMITER_BYTES : 0);
  if (sequenceHeader === undefined || obuType(payload[insertAt]) === OBU_SEQUENCE_HEADER) return payload;
  return Buffer.concat([payload.subarray(0, insertAt), sequenceHeader, payload.subarray(insertAt)]);
}

function obuType(header: number | undefined): number {
  return ((header ?? 0) >> 3) & 0x0f;
}

function nalUnitAt(
  payload: Buffer,
  position: number,
  { codec, nalLengthBytes }: VideoConfig,
): { type: number; end: number } | null {
  const start = position + nalLengthBytes;
  const first = payload[start];
  if (first === undefined) return null;
  const end = start + payload.readUIntBE(position, nalLengthBytes);
  if (end > payload.length) return null;
  return { type: codec === 'hevc' ? (first >> 1) & 0x3f : first & 0x1f, end };
}

function isParameterSet(type: number, { codec }: VideoConfig): boolean {
  return codec === 'hevc' ? type === HEVC_NAL_VPS || type === HEVC_NAL_SPS : type === AVC_NAL_SPS;
}

function delimiterType({ codec }: VideoConfig): number {
  return codec === 'hevc' ? HEVC_NAL_DELIMITER : AVC_NAL_DELIMITER;
}
