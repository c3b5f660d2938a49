import type { VideoConfig } from '../media/packet.ts';
import { readBytes } from './avc-config.ts';

/** Version 1 and no flags: the record as a full box has it. FFmpeg's FLV has it so; others leave this out. */
const FULL_BOX_HEADER = 0x01000000;
const RECORD_BYTES = 8;

/**
 * Parses a VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding, "vpcC") of VP8 or VP9. It does not say the
 * size: that stands in the keyframes. Throws ProtocolError where it is truncated.
 */
export function parseVpConfig(payload: Buffer, start: number, codec: 'vp8' | 'vp9'): VideoConfig {
  const whole = payload.subarray(start);
  const isFullBox = whole.length >= 4 + RECORD_BYTES && whole.readUInt32BE(0) === FULL_BOX_HEADER;
  const record = readBytes(whole, isFullBox ? 4 : 0, RECORD_BYTES);
  const level = record.readUInt8(1);
  return {
    track: 'video',
    codec,
    identity: `${codec}:${record.toString('hex')}`,
    payload,
    width: 0,
    height: 0,
    // Level 31 is 3.1; 0 stands for unknown.
    profile: `profile ${record.readUInt8(0)}${level === 0 ? '' : ` ${(level / 10).toFixed(1)}`}`,
    nalLengthBytes: 0,
    parameterSets: [],
  };
}
