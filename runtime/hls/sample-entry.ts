/**
 * What HLS must know of a codec: its sample entry, where its configuration stands in a sequence header, and where the
 * media of a frame begins. Another codec is one entry more.
 */
import type { AudioConfig, CodecConfig, VideoConfig } from '../media/packet.ts';
import { box, fullBox, u16, u32 } from './box.ts';

const FLV_AUDIO_FORMAT_EX = 9;

/** Video tag bodies carry five bytes in front of a sequence header, classic (FLV 10.1, E.4.3.1) and enhanced alike. */
const VIDEO_RECORD_AT = 5;
/** AV1, 5.3 and 5.6: header and size. FFmpeg sends one with each frame. */
const TEMPORAL_DELIMITER = Buffer.from([0x12, 0]);

const OPUS_RATE = 48_000;
/** Bytes of an Opus ID header without a channel mapping. */
const OPUS_HEAD_BYTES = 19;
const STEREO = 2;
/** In the place of one that was left out, as E-RTMP allows. Decoders make stereo of one channel, too. */
const IMPLIED_OPUS_HEAD = Buffer.from(`OpusHead\x01\x02${'\0'.repeat(9)}`, 'latin1');

const VIDEO_ENTRIES: Readonly<Record<string, { type: string; record: string }>> = {
  avc: { type: 'avc1', record: 'avcC' }, // ISO 14496-15, 5.4.2.1
  hevc: { type: 'hvc1', record: 'hvcC' }, // ISO 14496-15, 8.4.1.1
  av1: { type: 'av01', record: 'av1C' }, // AV1 in ISOBMFF, 2.2 and 2.3
};

interface AudioEntry {
  readonly type: string;
  /** The box with the configuration; null where that cannot be read. */
  readonly describe: (record: Buffer) => Buffer | null;
}

const AUDIO_ENTRIES: Readonly<Record<string, AudioEntry>> = {
  aac: { type: 'mp4a', describe: esds }, // ISO 14496-14, 5.6.1
  opus: { type: 'Opus', describe: dOps }, // Opus in ISOBMFF, 4.3.1
};

/** Whether frames of this configuration can be packaged. */
export function isPackaged(config: CodecConfig): boolean {
  return config.track === 'video'
    ? Object.hasOwn(VIDEO_ENTRIES, config.codec)
    : Object.hasOwn(AUDIO_ENTRIES, config.codec) && audioDescription(config) !== null;
}

/** The media of a frame of this configuration, without the head of its FLV tag body. */
export function mediaOf({ track, codec }: CodecConfig, payload: Buffer, ctsOffset: number): Buffer {
  if (track === 'audio') return payload.subarray(audioMediaAt(payload));
  // Behind its CTS; where an enhanced tag has none, behind the FourCC.
  const media = payload.subarray(ctsOffset === -1 ? VIDEO_RECORD_AT : ctsOffset + 3);
  // A sample is a temporal unit: nothing has to say where it ends (AV1 in ISOBMFF, 2.4).
  const isDelimited = codec === 'av1' && media.subarray(0, 2).equals(TEMPORAL_DELIMITER);
  return isDelimited ? media.subarray(2) : media;
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

/**
 * ISO 14496-12, 12.2.3.2. The rate has 16 bits here: beyond them it is 0, and the codec's own configuration counts. So it does
 * where the number of channels is not known: it is 2 then.
 */
export function audioEntry(config: AudioConfig): Buffer {
  const description = audioDescription(config);
  const type = AUDIO_ENTRIES[config.codec]?.type;
  if (type === undefined || description === null) throw new Error(`${config.codec} has no sample entry`);
  const rate = config.sampleRate < 2 ** 16 ? config.sampleRate : 0;
  return box(
    type,
    u16(0, 0, 0, 1), // reserved, data_reference_index
    u32(0, 0),
    u16(config.channels === 0 ? STEREO : config.channels, 16, 0, 0), // samplesize
    u16(rate, 0),
    description,
  );
}

function audioDescription({ codec, payload }: AudioConfig): Buffer | null {
  return AUDIO_ENTRIES[codec]?.describe(payload.subarray(audioMediaAt(payload))) ?? null;
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

/** Opus in ISOBMFF, 4.3.2: what the ID header says (RFC 7845, 5.1), most significant byte first. */
function dOps(idHeader: Buffer): Buffer | null {
  const VERSION = 0;
  const head = idHeader.length === 0 ? IMPLIED_OPUS_HEAD : idHeader;
  if (head.length < OPUS_HEAD_BYTES || head.toString('latin1', 0, 8) !== 'OpusHead') return null;
  const channels = head.readUInt8(9);
  const mappingFamily = head.readUInt8(18);
  const bytes = OPUS_HEAD_BYTES + (mappingFamily === 0 ? 0 : 2 + channels);
  if (head.length < bytes) return null;
  return box(
    'dOps',
    Buffer.from([VERSION, channels]),
    u16(head.readUInt16LE(10)), // PreSkip
    u32(OPUS_RATE), // InputSampleRate: Chromium refuses another than the sample entry's, which is always this
    u16(head.readUInt16LE(16)), // OutputGain
    head.subarray(18, bytes), // ChannelMappingFamily, ChannelMappingTable
  );
}
