/**
 * What HLS must know of a codec: its sample entry, where its configuration stands in a sequence header, and where the
 * media of a frame begins. Another codec is one entry more.
 */
import type { AudioConfig, CodecConfig, VideoConfig } from '../media/packet.ts';
import { box, fullBox, u16, u32 } from './box.ts';

const FLV_AUDIO_FORMAT_EX = 9;

/** Video tag bodies carry five bytes in front of a sequence header, classic (FLV 10.1, E.4.3.1) and enhanced alike. */
const VIDEO_RECORD_AT = 5;

const VIDEO_ENTRIES: Readonly<Record<string, { type: string; record: string }>> = {
  avc: { type: 'avc1', record: 'avcC' }, // ISO 14496-15, 5.4.2.1
  hevc: { type: 'hvc1', record: 'hvcC' }, // ISO 14496-15, 8.4.1.1
};

const AUDIO_ENTRIES: Readonly<Record<string, { type: string; describe: (record: Buffer) => Buffer }>> = {
  aac: { type: 'mp4a', describe: esds }, // ISO 14496-14, 5.6.1
};

/** Whether frames of this configuration can be packaged. */
export function isPackaged(config: CodecConfig): boolean {
  return Object.hasOwn(config.track === 'video' ? VIDEO_ENTRIES : AUDIO_ENTRIES, config.codec);
}

/** The media of a frame, without the head of its FLV tag body. */
export function mediaOf(track: 'video' | 'audio', payload: Buffer, ctsOffset: number): Buffer {
  // Video behind its CTS; where an enhanced tag has none, behind the FourCC.
  if (track === 'video') return payload.subarray(ctsOffset === -1 ? VIDEO_RECORD_AT : ctsOffset + 3);
  return payload.subarray(audioMediaAt(payload));
}

/** ISO 14496-12, 12.1.3.2 */
export function videoEntry(config: VideoConfig): Buffer {
  const entry = VIDEO_ENTRIES[config.codec];
  if (entry === undefined) throw new Error(`${config.codec} has no sample entry`);
  const RESOLUTION_72_DPI = 0x480000;
  return box(
    entry.type,
    u16(0, 0, 0, 1), // reserved, data_reference_index
    u32(0, 0, 0, 0),
    u16(config.width, config.height),
    u32(RESOLUTION_72_DPI, RESOLUTION_72_DPI, 0),
    u16(1), // frame_count
    Buffer.alloc(32), // compressorname
    u16(0x18, 0xffff), // depth, pre_defined
    box(entry.record, config.payload.subarray(VIDEO_RECORD_AT)),
  );
}

/** ISO 14496-12, 12.2.3.2. The rate has 16 bits here: beyond them it is 0, and the codec's own configuration counts. */
export function audioEntry(config: AudioConfig): Buffer {
  const entry = AUDIO_ENTRIES[config.codec];
  if (entry === undefined) throw new Error(`${config.codec} has no sample entry`);
  const rate = config.sampleRate < 2 ** 16 ? config.sampleRate : 0;
  return box(
    entry.type,
    u16(0, 0, 0, 1), // reserved, data_reference_index
    u32(0, 0),
    u16(config.channels, 16, 0, 0), // samplesize
    u16(rate, 0),
    entry.describe(config.payload.subarray(audioMediaAt(config.payload))),
  );
}

function audioMediaAt(payload: Buffer): number {
  return (payload[0] ?? 0) >> 4 === FLV_AUDIO_FORMAT_EX ? 5 : 2;
}

/** ISO 14496-14, 5.6.1, with the descriptors of ISO 14496-1, 7.2.6. */
function esds(audioSpecificConfig: Buffer): Buffer {
  const AAC = 0x40; // ISO 14496-1, table 5
  const AUDIO_STREAM = (5 << 2) | 1;
  const decoderConfig = descriptor(
    4,
    Buffer.from([AAC, AUDIO_STREAM, 0, 0, 0]),
    u32(0, 0), // bit rates: not known
    descriptor(5, audioSpecificConfig),
  );
  const syncLayer = descriptor(6, Buffer.from([2]));
  return fullBox('esds', 0, 0, descriptor(3, u16(0), Buffer.from([0]), decoderConfig, syncLayer));
}

/** ISO 14496-1, 8.3.3: the size in four bytes of seven bits. */
function descriptor(tag: number, ...content: readonly Buffer[]): Buffer {
  const size = content.reduce((sum, { length }) => sum + length, 0);
  const sizeBytes = [21, 14, 7, 0].map((shift) => ((size >> shift) & 0x7f) | (shift > 0 ? 0x80 : 0));
  return Buffer.concat([Buffer.from([tag, ...sizeBytes]), ...content]);
}
