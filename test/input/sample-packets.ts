import type { AudioConfig, MediaPacket, VideoConfig } from '../../runtime/media/packet.ts';

// Small packets with real headers in front of payloads that nobody decodes.

export const VIDEO_CONFIG: VideoConfig = {
  track: 'video',
  codec: 'avc',
  identity: 'avc:sample',
  payload: Buffer.from([0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff]),
  width: 1280,
  height: 720,
  profile: 'High 3.1',
  nalLengthBytes: 4,
  parameterSets: [],
};

export const AUDIO_CONFIG: AudioConfig = {
  track: 'audio',
  codec: 'aac',
  identity: 'aac:sample',
  payload: Buffer.from([0xaf, 0, 0x11, 0x90]),
  sampleRate: 48_000,
  channels: 2,
  profile: 'LC',
};

export function headerPacket(config: VideoConfig | AudioConfig, timestamp = 0): MediaPacket {
  const { track, payload } = config;
  return { track, timestamp, cts: 0, ctsOffset: -1, keyframe: false, config, payload };
}

/** A frame of `bytes` payload bytes (at least 9), whose CTS stands in it. */
export function videoPacket(timestamp: number, keyframe: boolean, { cts = 0, bytes = 20 } = {}): MediaPacket {
  const payload = Buffer.alloc(bytes, 0x42);
  payload.set([keyframe ? 0x17 : 0x27, 1]);
  payload.writeIntBE(cts, 2, 3);
  return { track: 'video', timestamp, cts, ctsOffset: 2, keyframe, config: null, payload };
}

export function audioPacket(timestamp: number): MediaPacket {
  const payload = Buffer.from([0xaf, 1, 0x21, 0x22]);
  return { track: 'audio', timestamp, cts: 0, ctsOffset: -1, keyframe: false, config: null, payload };
}
