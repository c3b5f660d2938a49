import type { AudioConfig, MediaPacket, VideoConfig } from '../media/packet.ts';
import { parseAacConfig } from './aac-config.ts';
import { parseAvcConfig } from './avc-config.ts';
import { parseHevcConfig } from './hevc-config.ts';

// Video: FLV 10.1, E.4.3.1; the extended header: Enhanced RTMP v2, "Enhanced Video".
const FRAME_TYPE_KEY = 1;
const FRAME_TYPE_COMMAND = 5;
const EX_VIDEO_FLAG = 0x80;
const CODEC_AVC = 7;
/** Never in the specification, but what encoders sent as HEVC before Enhanced RTMP. */
const CODEC_HEVC_LEGACY = 12;
const PACKET_SEQUENCE_HEADER = 0;
const PACKET_CODED_FRAMES = 1;
const PACKET_SEQUENCE_END = 2;
const PACKET_METADATA = 4;

// Audio: FLV 10.1, E.4.2.1; Enhanced RTMP v2, "Enhanced Audio".
const SOUND_FORMAT_EX = 9;
const SOUND_FORMAT_AAC = 10;

type Nullable<T> = T | null;

/**
 * Reads the header of a video message's body. Null for what carries no picture: empty messages, seek commands,
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
    return frame('video', payload, timestamp, frameType === FRAME_TYPE_KEY);
  }
  if (payload.length < 5) return null;
  const packetType = payload.readUInt8(1);
  if (packetType === PACKET_SEQUENCE_HEADER) {
    const parse = codecId === CODEC_AVC ? parseAvcConfig : parseHevcConfig;
    return header(parse(payload, 5), timestamp);
  }
  if (packetType !== PACKET_CODED_FRAMES || payload.length === 5) return null;
  return frame('video', payload, timestamp, frameType === FRAME_TYPE_KEY, 2);
}

function parseExVideo(payload: Buffer, first: number, timestamp: number): Nullable<MediaPacket> {
  const packetType = first & 0x0f;
  const frameType = (first >> 4) & 7;
  if (payload.length < 5 || frameType === FRAME_TYPE_COMMAND) return null;
  const fourCc = payload.toString('latin1', 1, 5);
  const isKeyframe = frameType === FRAME_TYPE_KEY;
  switch (packetType) {
    case PACKET_SEQUENCE_HEADER:
      return header(parseExVideoConfig(payload, fourCc), timestamp);
    case PACKET_CODED_FRAMES: {
      const hasCts = fourCc === 'hvc1' || fourCc === 'avc1' || fourCc === 'vvc1';
      if (hasCts && payload.length < 8) return null;
      return frame('video', payload, timestamp, isKeyframe, hasCts ? 5 : -1);
    }
    case PACKET_SEQUENCE_END:
    case PACKET_METADATA:
      return null;
    default:
      // CodedFramesX (3) has no CTS field: it is 0. The rest (multitrack, ModEx) is passed on whole.
      return frame('video', payload, timestamp, isKeyframe);
  }
}

function parseExVideoConfig(payload: Buffer, fourCc: string): VideoConfig {
  if (fourCc === 'avc1') return parseAvcConfig(payload, 5);
  if (fourCc === 'hvc1') return parseHevcConfig(payload, 5);
  return {
    track: 'video',
    codec: fourCc,
    identity: `${fourCc}:${payload.toString('base64')}`,
    payload,
    width: 0,
    height: 0,
    profile: '',
    nalLengthBytes: 0,
    parameterSets: [],
  };
}

/** Reads the header of an audio message's body. Null for what carries no sound; errors as in parseVideo. */
export function parseAudio(payload: Buffer, timestamp: number): Nullable<MediaPacket> {
  const first = payload[0];
  if (first === undefined) return null;
  const format = first >> 4;
  if (format === SOUND_FORMAT_EX) {
    if (payload.length < 5) return null;
    const packetType = first & 0x0f;
    const fourCc = payload.toString('latin1', 1, 5);
    if (packetType === PACKET_SEQUENCE_HEADER) return header(parseExAudioConfig(payload, fourCc), timestamp);
    return packetType === PACKET_SEQUENCE_END || payload.length === 5
      ? null
      : frame('audio', payload, timestamp, false);
  }
  if (format !== SOUND_FORMAT_AAC) return frame('audio', payload, timestamp, false);
  // Some encoders send AAC frames of no bytes while a microphone is muted.
  if (payload.length <= 2) return null;
  return payload.readUInt8(1) === PACKET_SEQUENCE_HEADER
    ? header(parseAacConfig(payload, 2), timestamp)
    : frame('audio', payload, timestamp, false);
}

function parseExAudioConfig(payload: Buffer, fourCc: string): AudioConfig {
  if (fourCc === 'mp4a') return parseAacConfig(payload, 5);
  return {
    track: 'audio',
    codec: fourCc,
    identity: `${fourCc}:${payload.toString('base64')}`,
    payload,
    sampleRate: 0,
    channels: 0,
    profile: '',
  };
}

function frame(
  track: 'video' | 'audio',
  payload: Buffer,
  timestamp: number,
  keyframe: boolean,
  ctsOffset = -1,
): MediaPacket {
  const cts = ctsOffset === -1 ? 0 : payload.readIntBE(ctsOffset, 3);
  return { track, timestamp, cts, ctsOffset, keyframe, config: null, payload };
}

function header(config: VideoConfig | AudioConfig, timestamp: number): MediaPacket {
  return {
    track: config.track,
    timestamp,
    cts: 0,
    ctsOffset: -1,
    keyframe: false,
    config,
    payload: config.payload,
  };
}
