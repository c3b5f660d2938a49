import type { AudioConfig, CodecConfig, MediaPacket, VideoConfig } from '../media/packet.ts';
import { parseAacConfig } from './aac-config.ts';
import { opaqueAudioConfig, parseFlacConfig, parseOpusConfig } from './audio-configs.ts';
import { describeAc3Frame, describeFlvSound, describeMp3Frame } from './audio-frames.ts';
import { parseAv1Config } from './av1-config.ts';
import { parseAvcConfig } from './avc-config.ts';
import { parseHevcConfig } from './hevc-config.ts';
import { parseVpConfig } from './vp9-config.ts';

// Video: FLV 10.1, E.4.3.1; the extended header: E-RTMP v2, "Enhanced Video".
const FRAME_TYPE_KEY = 1;
const FRAME_TYPE_COMMAND = 5;
const EX_VIDEO_FLAG = 0x80;
const CODEC_AVC = 7;
/** Never in the specification, but what encoders sent as HEVC before Enhanced RTMP. */
const CODEC_HEVC_LEGACY = 12;
const PACKET_SEQUENCE_HEADER = 0;
const PACKET_CODED_FRAMES = 1;
const PACKET_SEQUENCE_END = 2;
const PACKET_CODED_FRAMES_X = 3;
const PACKET_METADATA = 4;
const PACKET_MPEG2TS_SEQUENCE_START = 5;

// Audio: FLV 10.1, E.4.2.1; E-RTMP v2, "Enhanced Audio".
const SOUND_FORMAT_MP3 = 2;
const SOUND_FORMAT_EX = 9;
const SOUND_FORMAT_AAC = 10;
const SOUND_FORMAT_MP3_8K = 14;
const PACKET_MULTICHANNEL_CONFIG = 4;

/** Codecs whose frames say all: there is nothing to send ahead of them. */
const HEADERLESS_FOURCCS = new Set(['ac-3', 'ec-3', '.mp3']);

/** Header byte and FourCC. */
const EX_HEADER_BYTES = 5;

type Nullable<T> = T | null;

/** Whether a message has the extended header: what stands behind it may be several tracks (`ex-header.ts`). */
export function isExMessage(payload: Buffer, medium: 'video' | 'audio'): boolean {
  const first = payload[0] ?? 0;
  return medium === 'video' ? (first & EX_VIDEO_FLAG) !== 0 : first >> 4 === SOUND_FORMAT_EX;
}

/**
 * Reads the header of a video message's body, of one track. Null for what carries no picture: empty messages, seek commands,
 * end-of-sequence marks. Throws ProtocolError for a sequence header that cannot be parsed.
 */
export function parseVideo(payload: Buffer, timestamp: number): Nullable<MediaPacket> {
  const first = payload[0];
  if (first === undefined) return null;
  if ((first & EX_VIDEO_FLAG) !== 0) return parseExVideo(payload, first, timestamp);
  const frameType = first >> 4;
  const codecId = first & 0x0f;
  if (frameType === FRAME_TYPE_COMMAND) return null;
  if (codecId !== CODEC_AVC && codecId !== CODEC_HEVC_LEGACY) {
    return frame('video', payload, timestamp, { keyframe: frameType === FRAME_TYPE_KEY });
  }
  if (payload.length < 5) return null;
  const packetType = payload.readUInt8(1);
  if (packetType === PACKET_SEQUENCE_HEADER) {
    const parse = codecId === CODEC_AVC ? parseAvcConfig : parseHevcConfig;
    return header(parse(payload, 5), timestamp);
  }
  if (packetType !== PACKET_CODED_FRAMES || payload.length === 5) return null;
  return frame('video', payload, timestamp, { keyframe: frameType === FRAME_TYPE_KEY, ctsOffset: 2 });
}

/** Whether a video message's body is a sequence header. parseVideo reads the whole of it, which may not be worth the while. */
export function isVideoHeader(payload: Buffer): boolean {
  const first = payload[0] ?? 0;
  if ((first & EX_VIDEO_FLAG) !== 0) return (first & 0x0f) === PACKET_SEQUENCE_HEADER;
  const codecId = first & 0x0f;
  return (codecId === CODEC_AVC || codecId === CODEC_HEVC_LEGACY) && payload[1] === PACKET_SEQUENCE_HEADER;
}

function parseExVideo(payload: Buffer, first: number, timestamp: number): Nullable<MediaPacket> {
  const packetType = first & 0x0f;
  const frameType = (first >> 4) & 7;
  if (payload.length < EX_HEADER_BYTES) return null;
  // A Metadata message has whatever frame type.
  if (packetType === PACKET_METADATA) return beside(opaqueVideoConfig('metadata', payload), timestamp);
  if (frameType === FRAME_TYPE_COMMAND) return null;
  const fourCc = payload.toString('latin1', 1, EX_HEADER_BYTES);
  const keyframe = frameType === FRAME_TYPE_KEY;
  switch (packetType) {
    case PACKET_SEQUENCE_HEADER:
      return header(parseExVideoConfig(payload, fourCc), timestamp);
    case PACKET_MPEG2TS_SEQUENCE_START:
      return header(opaqueVideoConfig(fourCc, payload), timestamp);
    case PACKET_CODED_FRAMES: {
      const hasCts = fourCc === 'hvc1' || fourCc === 'avc1' || fourCc === 'vvc1';
      if (payload.length <= EX_HEADER_BYTES + (hasCts ? 3 : 0)) return null;
      return frame('video', payload, timestamp, { keyframe, ctsOffset: hasCts ? EX_HEADER_BYTES : -1 });
    }
    case PACKET_CODED_FRAMES_X:
      // It has no CTS field: it is 0.
      return payload.length === EX_HEADER_BYTES ? null : frame('video', payload, timestamp, { keyframe });
    case PACKET_SEQUENCE_END:
      return null;
    default:
      // A type from after E-RTMP v2: there is no telling what it would do to players.
      return null;
  }
}

function parseExVideoConfig(payload: Buffer, fourCc: string): VideoConfig {
  switch (fourCc) {
    case 'avc1':
      return parseAvcConfig(payload, EX_HEADER_BYTES);
    case 'hvc1':
      return parseHevcConfig(payload, EX_HEADER_BYTES);
    case 'av01':
      return parseAv1Config(payload, EX_HEADER_BYTES);
    case 'vp09':
      return parseVpConfig(payload, EX_HEADER_BYTES, 'vp9');
    case 'vp08':
      return parseVpConfig(payload, EX_HEADER_BYTES, 'vp8');
    default:
      return opaqueVideoConfig(fourCc, payload);
  }
}

function opaqueVideoConfig(codec: string, payload: Buffer): VideoConfig {
  return {
    track: 'video',
    codec,
    identity: `${codec}:${payload.toString('base64')}`,
    payload,
    width: 0,
    height: 0,
    profile: '',
    nalLengthBytes: 0,
    parameterSets: [],
  };
}

/** Reads the header of an audio message's body, of one track. Null for what carries no sound; errors as in parseVideo. */
export function parseAudio(payload: Buffer, timestamp: number): Nullable<MediaPacket> {
  const first = payload[0];
  if (first === undefined) return null;
  const format = first >> 4;
  if (format === SOUND_FORMAT_EX) return parseExAudio(payload, first & 0x0f, timestamp);
  if (format === SOUND_FORMAT_AAC) {
    // Some encoders send AAC frames of no bytes while a microphone is muted.
    if (payload.length <= 2) return null;
    return payload.readUInt8(1) === PACKET_SEQUENCE_HEADER
      ? header(parseAacConfig(payload, 2), timestamp)
      : frame('audio', payload, timestamp);
  }
  const isMp3 = format === SOUND_FORMAT_MP3 || format === SOUND_FORMAT_MP3_8K;
  const implied = isMp3 ? describeMp3Frame(payload.subarray(1)) : describeFlvSound(first);
  return frame('audio', payload, timestamp, { implied });
}

function parseExAudio(payload: Buffer, packetType: number, timestamp: number): Nullable<MediaPacket> {
  if (payload.length < EX_HEADER_BYTES) return null;
  const fourCc = payload.toString('latin1', 1, EX_HEADER_BYTES);
  switch (packetType) {
    case PACKET_SEQUENCE_HEADER:
      // FFmpeg sends empty ones of codecs that have none.
      if (HEADERLESS_FOURCCS.has(fourCc)) return null;
      return header(parseExAudioConfig(payload, fourCc), timestamp);
    case PACKET_CODED_FRAMES: {
      if (payload.length === EX_HEADER_BYTES) return null;
      const implied = describeExSound(payload.subarray(EX_HEADER_BYTES), fourCc);
      return frame('audio', payload, timestamp, { implied });
    }
    case PACKET_MULTICHANNEL_CONFIG:
      return beside(opaqueAudioConfig('channels', payload), timestamp);
    default:
      return null;
  }
}

function parseExAudioConfig(payload: Buffer, fourCc: string): AudioConfig {
  switch (fourCc) {
    case 'mp4a':
      return parseAacConfig(payload, EX_HEADER_BYTES);
    case 'Opus':
      return parseOpusConfig(payload, EX_HEADER_BYTES);
    case 'fLaC':
      return parseFlacConfig(payload, EX_HEADER_BYTES);
    default:
      return opaqueAudioConfig(fourCc, payload);
  }
}

function describeExSound(sound: Buffer, fourCc: string): AudioConfig | undefined {
  if (fourCc === 'ac-3') return describeAc3Frame(sound, 'ac3');
  if (fourCc === 'ec-3') return describeAc3Frame(sound, 'eac3');
  return fourCc === '.mp3' ? describeMp3Frame(sound) : undefined;
}

function frame(
  track: 'video' | 'audio',
  payload: Buffer,
  timestamp: number,
  known: { keyframe?: boolean; ctsOffset?: number; implied?: AudioConfig | undefined } = {},
): MediaPacket {
  const { keyframe = false, ctsOffset = -1, implied } = known;
  const cts = ctsOffset === -1 ? 0 : payload.readIntBE(ctsOffset, 3);
  const packet = { track, timestamp, cts, ctsOffset, keyframe, config: null, payload };
  return implied === undefined ? packet : { ...packet, implied };
}

function header(config: CodecConfig, timestamp: number): MediaPacket {
  const { track, payload } = config;
  return { track, timestamp, cts: 0, ctsOffset: -1, keyframe: false, config, payload };
}

/** What goes with the default track beside its frames: it holds until the next of its kind. */
function beside(config: CodecConfig, timestamp: number): MediaPacket {
  return asExtra(header(config, timestamp), 0);
}

/** A packet as one of an extra track: nothing of it is taken for the default track's. */
export function asExtra(packet: MediaPacket, trackId: number): MediaPacket {
  const { track, keyframe, config } = packet;
  const medium = track === 'video' ? 'video' : 'audio';
  return {
    ...packet,
    track: 'extra',
    keyframe: false,
    config: null,
    extra: { medium, trackId, keyframe, config },
  };
}
