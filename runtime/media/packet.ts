/** `extra`: beside the default video and audio (Extra). It rides along, and nothing is decided by it. */
export type Track = 'video' | 'audio' | 'data' | 'extra';

/**
 * One RTMP message of media, or one FLV tag: the unit that travels from an encoder to the viewers.
 * `payload` is the message's body (E.4.3.1 and E.4.2.1 of the FLV specification 10.1, without the tag header), of one track
 * and without ModEx, so that every viewer can be sent it. It is written once, when it is received, and shared by reference
 * from then on: nobody may change it.
 */
export interface MediaPacket {
  readonly track: Track;
  /** DTS in ms as the peer sent it: 32 bits that wrap. */
  readonly timestamp: number;
  /** Composition time offset in ms, PTS - DTS; signed in FLV. Always 0 for audio and data. */
  readonly cts: number;
  /** Where the 24-bit CTS stands in `payload`; -1 where the format has none. */
  readonly ctsOffset: number;
  /** A video frame that decoding can start at (IDR). Never true for audio. */
  readonly keyframe: boolean;
  /** The codec configuration, where this packet is a sequence header. Null for frames and data. */
  readonly config: CodecConfig | null;
  readonly payload: Buffer;
  /** What a frame says of its codec, where that has no sequence headers. */
  readonly implied?: AudioConfig;
  /** Its modifiers, as they came (E-RTMP v2, "ModEx"): the size, data and type of each. */
  readonly modEx?: Buffer;
  /** With the track `extra` only. */
  readonly extra?: Extra;
}

/** What only those get who said that they can take it: another track, or what goes with a default one beside its frames. */
export interface Extra {
  readonly medium: 'video' | 'audio';
  /** 1 to 255 (E-RTMP v2, "Multitrack Streaming"); 0 for Metadata and MultichannelConfig, which go with the default track. */
  readonly trackId: number;
  readonly keyframe: boolean;
  /** Its codec configuration, or the whole of a Metadata or MultichannelConfig; null for a frame. */
  readonly config: CodecConfig | null;
}

/** Whether it is a sequence header, or what is in force like one until the next: of whichever track. */
export function isHeader({ config, extra }: MediaPacket): boolean {
  return config !== null || (extra !== undefined && extra.config !== null);
}

/** Which kind of message it travels in. */
export function messageKind({ track, extra }: MediaPacket): 'video' | 'audio' | 'data' {
  return track === 'extra' ? (extra?.medium ?? 'data') : track;
}

export type CodecConfig = VideoConfig | AudioConfig;

interface ConfigBase {
  /** `avc`, `hevc`, `av1`, `vp9`, `aac`, `opus` …; the FourCC of a codec that is passed on whole. */
  readonly codec: string;
  /** Equal for two configurations exactly when a decoder need not be told of the change. */
  readonly identity: string;
  /** The sequence header as it goes to viewers: an FLV tag body. Empty where the codec has none. */
  readonly payload: Buffer;
}

export interface VideoConfig extends ConfigBase {
  readonly track: 'video';
  /** Pixels as displayed after cropping; 0 where they are not known. */
  readonly width: number;
  readonly height: number;
  /** For people: `High 4.0`; empty where it is not known. */
  readonly profile: string;
  /** Bytes of the length in front of each NAL unit (ISO 14496-15, 5.3.3.1.2); 0 where the codec has no NAL units. */
  readonly nalLengthBytes: number;
  /** VPS, SPS and PPS without start codes, in decoding order; of AV1 the sequence header OBU. */
  readonly parameterSets: readonly Buffer[];
}

export interface AudioConfig extends ConfigBase {
  readonly track: 'audio';
  /** Hz; 0 where it is not known. */
  readonly sampleRate: number;
  readonly channels: number;
  /** For people: `LC`; empty where it is not known. */
  readonly profile: string;
}

/** What onMetaData says: names and AMF0 values. */
export type Metadata = Readonly<Record<string, unknown>>;
