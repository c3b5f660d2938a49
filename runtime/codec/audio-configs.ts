import type { AudioConfig } from '../media/packet.ts';

/** RFC 6716, 2: whatever went in, Opus is decoded at this rate. */
const OPUS_RATE = 48_000;
const OPUS_HEAD_BYTES = 19;
const FLAC_SIGNATURE = 'fLaC';
/** The signature and the header of a metadata block. */
const FLAC_PREFIX_BYTES = 4 + 4;
const STREAMINFO_BYTES = 34;

/**
 * Parses an Opus ID header (RFC 7845, 5.1), which may be left out whole (E-RTMP v2). What cannot be read is compared by its
 * bytes. The pre-skip and the rate that went in are not compared: a decoder that is running needs neither.
 */
export function parseOpusConfig(payload: Buffer, start: number): AudioConfig {
  const head = payload.subarray(start);
  const isHead = head.length >= OPUS_HEAD_BYTES && head.toString('latin1', 0, 8) === 'OpusHead';
  if (!isHead) return audioConfig('opus', head.toString('base64'), payload, { sampleRate: OPUS_RATE });
  const channels = head.readUInt8(9);
  const gainAndMapping = head.subarray(16).toString('hex');
  return audioConfig('opus', `${channels}:${gainAndMapping}`, payload, { sampleRate: OPUS_RATE, channels });
}

/**
 * Parses a FLAC sequence header: `fLaC` and STREAMINFO (RFC 9639, 8.2), or as FFmpeg writes it, STREAMINFO alone. What cannot
 * be read is compared by its bytes. Sizes of frames, length and checksum differ from recording to recording, and are not.
 */
export function parseFlacConfig(payload: Buffer, start: number): AudioConfig {
  const header = payload.subarray(start);
  const hasPrefix = header.toString('latin1', 0, 4) === FLAC_SIGNATURE;
  const info = header.subarray(hasPrefix ? FLAC_PREFIX_BYTES : 0);
  if (info.length < STREAMINFO_BYTES) return audioConfig('flac', header.toString('base64'), payload, {});
  const blockSizes = info.readUInt32BE(0);
  // 20 bits of rate, 3 of channels, 5 of bits a sample.
  const format = info.readUInt32BE(10);
  const sampleRate = format >>> 12;
  const channels = ((format >>> 9) & 7) + 1;
  const sampleBits = ((format >>> 4) & 31) + 1;
  const identity = `${sampleRate}:${channels}:${sampleBits}:${blockSizes}`;
  return audioConfig('flac', identity, payload, { sampleRate, channels, profile: `${sampleBits} bit` });
}

/** A configuration of which only the bytes are known. */
export function opaqueAudioConfig(codec: string, payload: Buffer): AudioConfig {
  return audioConfig(codec, payload.toString('base64'), payload, {});
}

/** What a frame says, for a codec without sequence headers: nothing that could be sent. */
export function impliedConfig(codec: string, sampleRate: number, channels: number): AudioConfig {
  return audioConfig(codec, `${sampleRate}:${channels}`, NOTHING, { sampleRate, channels });
}

const NOTHING = Buffer.alloc(0);

function audioConfig(
  codec: string,
  identity: string,
  payload: Buffer,
  known: Partial<Pick<AudioConfig, 'sampleRate' | 'channels' | 'profile'>>,
): AudioConfig {
  return {
    track: 'audio',
    codec,
    identity: `${codec}:${identity}`,
    payload,
    sampleRate: 0,
    channels: 0,
    profile: '',
    ...known,
  };
}
