import type { Clip } from '../../runtime/media/clip.ts';
import type { AudioConfig, MediaPacket, VideoConfig } from '../../runtime/media/packet.ts';

const VIDEO = { channel: 0, payloadType: 96, clockRate: 90_000 } as const;
const AUDIO = { channel: 2, payloadType: 97 } as const;
const METADATA = { channel: 4, payloadType: 107 } as const;
const MAX_PAYLOAD_BYTES = 1_200;
/** So that a packet has more than one frame, as FFmpeg and GStreamer send them. */
const AUDIO_FRAMES_A_PACKET = 2;
const FLV_AAC_HEADER_BYTES = 2;
const AVC_BODY = 5;

/** The clip's SDP (RFC 4566; H.264: RFC 6184, 8.2; AAC: RFC 3640, 4.1). */
export function describeClip(clip: Clip, withMetadata: boolean): string {
  const { video, audio } = configsOf(clip);
  const sets = video.parameterSets.map((set) => set.toString('base64')).join(',');
  const lines = [
    ...['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=camera', 't=0 0'],
    ...[`m=video 0 RTP/AVP ${VIDEO.payloadType}`, `a=rtpmap:${VIDEO.payloadType} H264/${VIDEO.clockRate}`],
    `a=fmtp:${VIDEO.payloadType} packetization-mode=1;sprop-parameter-sets=${sets}`,
    'a=control:track=video',
  ];
  if (audio !== undefined) {
    const config = audio.payload.subarray(FLV_AAC_HEADER_BYTES).toString('hex');
    lines.push(
      `m=audio 0 RTP/AVP ${AUDIO.payloadType}`,
      `a=rtpmap:${AUDIO.payloadType} MPEG4-GENERIC/${audio.sampleRate}/${audio.channels}`,
      `a=fmtp:${AUDIO.payloadType} mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${config}`,
      'a=control:track=audio',
    );
  }
  if (withMetadata) {
    lines.push(
      `m=application 0 RTP/AVP ${METADATA.payloadType}`,
      `a=rtpmap:${METADATA.payloadType} vnd.onvif.metadata/90000`,
      'a=control:track=metadata',
    );
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** Frames to RTP packets, as a camera's encoder sends them: parameter sets in front of each keyframe, large NAL units cut. */
export class RtpPacketizer {
  private readonly send: (channel: number, packet: Buffer) => void;
  private readonly video: VideoConfig;
  private readonly audio: AudioConfig | undefined;
  private readonly sequences = new Map<number, number>();
  private frames: MediaPacket[] = [];

  constructor(clip: Clip, send: (channel: number, packet: Buffer) => void) {
    ({ video: this.video, audio: this.audio } = configsOf(clip));
    this.send = send;
  }

  push(packet: MediaPacket): void {
    if (packet.config !== null) return;
    if (packet.track === 'video') this.pushVideo(packet);
    else this.pushAudio(packet);
  }

  sendMetadata(text: string): void {
    this.packet(METADATA, { time: 0, payload: Buffer.from(text), isLast: true });
  }

  private pushVideo({ payload, keyframe, timestamp, cts }: MediaPacket): void {
    const time = (timestamp + cts) * (VIDEO.clockRate / 1_000);
    const units = [...(keyframe ? this.video.parameterSets : []), ...nalUnits(payload)];
    units.forEach((unit, index) => {
      const isLast = index === units.length - 1;
      for (const [part, isEnd] of fragments(unit)) {
        this.packet(VIDEO, { time, payload: part, isLast: isLast && isEnd });
      }
    });
  }

  /** RFC 3640, 3.2.1 and 3.3.6. */
  private pushAudio(packet: MediaPacket): void {
    this.frames.push(packet);
    const [first] = this.frames;
    if (this.frames.length < AUDIO_FRAMES_A_PACKET || first === undefined) return;
    const frames = this.frames.map(({ payload }) => payload.subarray(FLV_AAC_HEADER_BYTES));
    this.frames = [];
    const head = Buffer.alloc(2 + 2 * frames.length);
    head.writeUInt16BE(16 * frames.length, 0);
    frames.forEach((frame, index) => {
      head.writeUInt16BE(frame.length << 3, 2 + 2 * index);
    });
    const time = Math.round((first.timestamp * (this.audio?.sampleRate ?? 0)) / 1_000);
    this.packet(AUDIO, { time, payload: Buffer.concat([head, ...frames]), isLast: true });
  }

  /** RFC 3550, 5.1. */
  private packet(
    { channel, payloadType }: { channel: number; payloadType: number },
    { time, payload, isLast }: { time: number; payload: Buffer; isLast: boolean },
  ): void {
    const sequence = this.sequences.get(channel) ?? 0;
    this.sequences.set(channel, sequence + 1);
    const head = Buffer.alloc(12);
    head[0] = 0x80;
    head[1] = (isLast ? 0x80 : 0) | payloadType;
    head.writeUInt16BE(sequence & 0xffff, 2);
    head.writeUInt32BE(Math.round(time) % 2 ** 32, 4);
    head.writeUInt32BE(channel + 1, 8);
    this.send(channel, Buffer.concat([head, payload]));
  }
}

function configsOf(clip: Clip): { video: VideoConfig; audio: AudioConfig | undefined } {
  const configs = clip.packets.flatMap(({ config }) => (config === null ? [] : [config]));
  const video = configs.find((config) => config.track === 'video');
  if (video === undefined) throw new Error('the clip has no video');
  return { video, audio: configs.find((config) => config.track === 'audio') };
}

function* nalUnits(payload: Buffer): Generator<Buffer> {
  for (let position = AVC_BODY; position + 4 < payload.length; ) {
    const length = payload.readUInt32BE(position);
    yield payload.subarray(position + 4, position + 4 + length);
    position += 4 + length;
  }
}

/** As it is, or in FU-A packets (RFC 6184, 5.8). */
function* fragments(unit: Buffer): Generator<[part: Buffer, isEnd: boolean]> {
  if (unit.length <= MAX_PAYLOAD_BYTES) {
    yield [unit, true];
    return;
  }
  const type = unit.readUInt8(0);
  for (let position = 1; position < unit.length; position += MAX_PAYLOAD_BYTES) {
    const part = unit.subarray(position, position + MAX_PAYLOAD_BYTES);
    const isEnd = position + MAX_PAYLOAD_BYTES >= unit.length;
    const fu = (position === 1 ? 0x80 : 0) | (isEnd ? 0x40 : 0) | (type & 0x1f);
    yield [Buffer.concat([Buffer.from([(type & 0xe0) | 28, fu]), part]), isEnd];
  }
}
