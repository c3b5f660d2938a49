import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { LEAD_IN_MS } from '../../runtime/codec/flv-lead-in.ts';
import { FlvReader, type FlvTag } from '../../runtime/codec/flv-reader.ts';
import { flvFileHeader } from '../../runtime/codec/flv-writer.ts';
import type { CodecConfig } from '../../runtime/media/packet.ts';
import { flvFormat, type PacketFormat } from '../../runtime/output/packet-format.ts';
import { ProgramFeed } from '../../runtime/output/program-feed.ts';
import type { CloseCause, ViewerLimits, ViewerSink } from '../../runtime/output/viewer-queue.ts';
import { Program } from '../../runtime/program/program.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';

export const LIMITS: ViewerLimits = { queueLimitBytes: 1_000_000, stuckTimeoutMs: 10_000 };

/** The program time at which the samples begin. */
export const START = EPOCH;

/** Headers that decoders can read, of a real clip. */
export function realConfigs(): CodecConfig[] {
  const clip = readClip(readFileSync(join(import.meta.dirname, '../../runtime/clips/camera1.flv')));
  return clip.packets.flatMap(({ config }) => config ?? []);
}

/** A viewer's socket: keeps what it is given. By default it takes everything at once. */
export class FakeSink implements ViewerSink {
  readonly address = '192.0.2.1:5';
  readonly written: Buffer[] = [];
  readonly closedWith: string[] = [];
  readonly closeCauses: CloseCause[] = [];
  /** Nothing is taken any more: what is written stays pending. */
  isStuck = false;
  pendingBytes = 0;

  write(bytes: Buffer): void {
    this.written.push(bytes);
    if (this.isStuck) this.pendingBytes += bytes.length;
  }

  close(reason: string, cause: CloseCause): void {
    this.closedWith.push(reason);
    this.closeCauses.push(cause);
  }

  /** Takes this much of what is pending; all of it unless said otherwise. */
  drain(bytes = this.pendingBytes): void {
    this.pendingBytes -= bytes;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.written);
  }

  /** What an FLV viewer got, for comparing: `video header`, `key 40`, `video 80`, `audio 80`, `data onMetaData`. */
  get story(): string[] {
    return readTags(this.bytes).map(describeTag);
  }
}

export function readTags(bytes: Buffer): FlvTag[] {
  const tags: FlvTag[] = [];
  const reader = new FlvReader((tag) => tags.push(tag));
  reader.push(Buffer.concat([flvFileHeader({ video: true, audio: true }), bytes]));
  return tags;
}

export function describeTag({ type, timestamp, body }: FlvTag): string {
  if (type === 18) return `data ${body.toString('latin1', 3, 3 + body.readUInt16BE(1))} ${timestamp}`;
  const track = type === 9 ? 'video' : 'audio';
  // A program's timestamps begin there.
  const ms = timestamp - LEAD_IN_MS;
  if (body[1] === 0) return `${track} header ${ms}`;
  return `${track === 'video' && body[0] === 0x17 ? 'key' : track} ${ms}`;
}

/** FLV that counts how often it had to serialise. */
export class CountingFormat implements PacketFormat {
  calls = 0;
  packets = 0;

  encode(packets: readonly ProgramPacket[], startTime: number): Buffer {
    this.calls += 1;
    this.packets += packets.length;
    return flvFormat.encode(packets, startTime);
  }
}

/** A feed whose program is played by the test: `ms` is the time since START. */
export class Stage {
  readonly clock: FakeClock;
  readonly feed: ProgramFeed;
  readonly program: Program;

  constructor(limits: ViewerLimits = LIMITS, clock = new FakeClock(), holdMs = 0) {
    this.clock = clock;
    this.program = new Program({
      name: 'camera1',
      candidates: [],
      policy: {
        onLoss: 'switch',
        failback: 'auto',
        failbackHoldMs: 10_000,
        flap: { losses: 3, windowMs: 60_000, maxHoldMs: 300_000 },
      },
      stallTimeoutMs: 500,
      onSwitch: () => {},
    });
    this.feed = new ProgramFeed(this.program, {
      limits,
      clock: this.clock,
      pacer: { holdMs, took: () => {} },
    });
  }

  join(format: PacketFormat = flvFormat): FakeSink & ReturnType<ProgramFeed['join']> {
    const sink = new FakeSink();
    return Object.assign(sink, this.feed.join(sink, format));
  }

  /** Hands the feed packets of one turn of the event loop, and ends the turn. */
  turn(...packets: readonly ProgramPacket[]): void {
    for (const packet of packets) this.feed.packet(packet);
    this.clock.advance(0);
  }

  /** One turn for each packet. */
  turns(...packets: readonly ProgramPacket[]): void {
    for (const packet of packets) this.turn(packet);
  }

  /** Begins: metadata, headers and a keyframe at 0. */
  goOnAir(configs: readonly CodecConfig[] = [VIDEO_CONFIG, AUDIO_CONFIG]): void {
    this.turn(metadata(0), ...configs.map((config) => header(config, 0)), video(0, true));
  }
}

export function video(ms: number, keyframe = false, { bytes = 20, cts = 0 } = {}): ProgramPacket {
  const payload = Buffer.alloc(bytes, 0x42);
  payload.set([keyframe ? 0x17 : 0x27, 1, 0x7f, 0x7f, 0x7f]);
  return { kind: 'frame', track: 'video', time: START + ms, cts, ctsOffset: 2, keyframe, payload };
}

export function audio(ms: number, bytes = 10): ProgramPacket {
  const payload = Buffer.alloc(bytes, 0x21);
  payload.set([0xaf, 1]);
  return {
    kind: 'frame',
    track: 'audio',
    time: START + ms,
    cts: 0,
    ctsOffset: -1,
    keyframe: false,
    payload,
  };
}

export function header(config: CodecConfig, ms: number): ProgramPacket {
  return { kind: 'header', track: config.track, time: START + ms, config };
}

/** The same codec with another configuration: told apart by its last byte. */
export function otherVideoConfig(last: number): CodecConfig {
  const payload = Buffer.concat([VIDEO_CONFIG.payload.subarray(0, -1), Buffer.from([last])]);
  return { ...VIDEO_CONFIG, identity: `avc:${last}`, payload };
}

export function metadata(ms: number, values: Record<string, unknown> = { width: 1280 }): ProgramPacket {
  return { kind: 'metadata', time: START + ms, metadata: values };
}

export function splice(ms: number, source = 'backup/spare'): ProgramPacket {
  return { kind: 'splice', time: START + ms, source };
}
