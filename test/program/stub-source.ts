import { asExtra } from '../../runtime/codec/media-header.ts';
import { type InputPacket, programTime } from '../../runtime/input/input-packet.ts';
import type { Gop } from '../../runtime/input/warm-buffer.ts';
import type {
  AudioConfig,
  CodecConfig,
  MediaPacket,
  Metadata,
  VideoConfig,
} from '../../runtime/media/packet.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import type { SpliceSource } from '../../runtime/program/splicer.ts';
import {
  AUDIO_CONFIG,
  audioPacket,
  headerPacket,
  VIDEO_CONFIG,
  videoPacket,
} from '../input/sample-packets.ts';

export interface SourceShape {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly frameMs?: number;
  readonly gopFrames?: number;
  readonly audioMs?: number;
  readonly cts?: (frame: number) => number;
  readonly video?: VideoConfig;
  readonly audio?: AudioConfig;
  readonly metadata?: Metadata | null;
}

/** A source whose recent past is given in program time, and nothing else about it. */
export function sourceOf(shape: SourceShape): SpliceSource & { readonly packets: InputPacket[] } {
  const { frameMs = 40, gopFrames = 25, audioMs = 20, cts = () => 0 } = shape;
  const headers = { video: shape.video ?? VIDEO_CONFIG, audio: shape.audio ?? AUDIO_CONFIG, extras: [] };
  const packets: InputPacket[] = [];
  for (let frame = 0; shape.from + frame * frameMs <= shape.to; frame += 1) {
    const packet = videoPacket(0, frame % gopFrames === 0, { cts: cts(frame) });
    // One NAL unit that fills the payload, as parameter sets go in front of real ones only.
    packet.payload.set([0, 0, 0, packet.payload.length - 9, 0x65], 5);
    packets.push(placed(packet, shape.from + frame * frameMs));
  }
  for (let time = shape.from; time <= shape.to; time += audioMs) packets.push(placed(audioPacket(0), time));
  packets.sort((a, b) => programTime(a) - programTime(b));
  const gops: Gop[] = [];
  for (const p of packets) {
    if (p.packet.keyframe) gops.push({ headers, packets: [], bytes: 0 });
    gops.at(-1)?.packets.push(p);
  }
  return {
    name: shape.name,
    metadata: shape.metadata ?? null,
    packets,
    buffer: {
      gops,
      lastBeginningBy: (time) =>
        gops.findLast(({ packets: [first] }) => first !== undefined && programTime(first) <= time),
    },
  };
}

export function placed(packet: InputPacket['packet'], time: number): InputPacket {
  return { packet, dts: time, sequence: 1, anchor: { offset: 0 } };
}

/**
 * `1000K` for a keyframe, `1040` for another video frame, `a1020` for sound, with `+CTS` where there is one. Of an extra track
 * the same behind its id, `x1:`, and `x1:H` for its header.
 */
export function sketch(packets: readonly ProgramPacket[]): string {
  return packets.map(sketchOne).join(' ');
}

function sketchOne(packet: ProgramPacket): string {
  if (packet.kind === 'splice') return `[${packet.source}]`;
  if (packet.kind === 'header') return packet.track === 'video' ? 'VH' : 'AH';
  if (packet.kind === 'metadata') return 'M';
  if (packet.kind === 'data') return `d${packet.time}`;
  if (packet.kind === 'extra') return sketchExtra(packet);
  const { track, time, keyframe, cts } = packet;
  return `${track === 'audio' ? 'a' : ''}${time}${keyframe ? 'K' : ''}${cts > 0 ? `+${cts}` : ''}`;
}

function sketchExtra({ time, cts, extra }: Extract<ProgramPacket, { kind: 'extra' }>): string {
  const { medium, trackId, keyframe, config } = extra;
  if (config !== null) return `x${trackId}:H`;
  const frame = `${medium === 'audio' ? 'a' : ''}${time}${keyframe ? 'K' : ''}${cts > 0 ? `+${cts}` : ''}`;
  return `x${trackId}:${frame}`;
}

/** A source that also sends each of its frames, and headers for them, on extra tracks of the id 1. */
export function withExtraTracks(source: SpliceSource): SpliceSource {
  const gops = source.buffer.gops.map((gop) => ({
    headers: { ...gop.headers, extras: [extraHeader(gop.headers.video), extraHeader(gop.headers.audio)] },
    packets: gop.packets.flatMap((p) => [p, { ...p, packet: asExtra(p.packet, 1) }]),
    bytes: 0,
  }));
  return {
    ...source,
    buffer: {
      gops,
      lastBeginningBy: (time) =>
        gops.findLast(({ packets: [first] }) => first !== undefined && programTime(first) <= time),
    },
  };
}

function extraHeader(config: CodecConfig | null): MediaPacket {
  if (config === null) throw new Error('the source has no such track');
  return asExtra(headerPacket(config), 1);
}
