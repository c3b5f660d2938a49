import type { AudioConfig } from '../media/packet.ts';
import { BitReader } from './bit-reader.ts';

/** ISO 14496-3, table 1.18 */
const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const ESCAPED_RATE = 15;
/** ISO 14496-3, table 1.19: index 7 is 7.1. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];
const OBJECT_TYPES = new Map([
  [1, 'Main'],
  [2, 'LC'],
  [5, 'HE-AAC'],
  [29, 'HE-AAC v2'],
  [42, 'xHE-AAC'],
]);

/**
 * Parses an AudioSpecificConfig (ISO 14496-3, 1.6.2.1) far enough to compare what two of them mean: encoders write the
 * same configuration with and without the trailing extension. One that is too short leaves rate and channels unknown.
 */
export function parseAacConfig(payload: Buffer, start: number): AudioConfig {
  const asc = payload.subarray(start);
  try {
    const bits = new BitReader(asc);
    const objectType = readObjectType(bits);
    const sampleRate = readSampleRate(bits);
    const channelConfiguration = bits.bits(4);
    const channels = CHANNELS[channelConfiguration] ?? 0;
    // Channel configuration 0 leaves the layout to a program config element: only its bytes can be compared.
    const rest = channelConfiguration === 0 ? asc.toString('base64') : '';
    // Explicit SBR and PS (object types 5 and 29) name the rate of the extension behind the channels.
    const extension = objectType === 5 || objectType === 29 ? readSampleRate(bits) : 0;
    return {
      track: 'audio',
      codec: 'aac',
      identity: `aac:${objectType}:${sampleRate}:${channelConfiguration}:${extension}:${rest}`,
      payload,
      sampleRate: extension === 0 ? sampleRate : extension,
      channels,
      profile: OBJECT_TYPES.get(objectType) ?? `object type ${objectType}`,
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      track: 'audio',
      codec: 'aac',
      identity: `aac:${asc.toString('base64')}`,
      payload,
      sampleRate: 0,
      channels: 0,
      profile: '',
    };
  }
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  return index === ESCAPED_RATE ? bits.bits(24) : (SAMPLE_RATES[index] ?? 0);
}
