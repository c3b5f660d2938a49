/**
 * What the benchmarks' encoder sends: 30 pictures a second with a keyframe each two seconds, 2.0 Mbit/s, and 43 frames of sound a
 * second, 0.14 Mbit/s; markers (marker.ts) in the pictures.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { MARKER_BYTES, writeMarker } from './marker.ts';

const FRAME_RATE = 30;
const FRAME_MS = 1_000 / FRAME_RATE;
const GOP_FRAMES = 60;
const KEYFRAME_BYTES = 50_000;
const FRAME_BYTES = 7_600;
const AUDIO_RATE = 44_100 / 1_024;
const AUDIO_MS = 1_000 / AUDIO_RATE;
const AUDIO_BYTES = 400;
/** FLV 10.1, E.4.2.1: AAC, a frame. */
const AUDIO_HEAD = Buffer.of(0xaf, 1);
/** FLV 10.1, E.4.3.1: keyframe or not, AVC, a NAL unit, no CTS. */
const HEAD_BYTES = 5;
/** ISO 14496-15, 5.3.3: the size of the NAL unit, and its type. */
const NAL_HEAD_BYTES = 5;
const IDR_SLICE = 0x65;
const SLICE = 0x41;

/** Payload of messages. */
export const STREAM_BYTES_A_SECOND =
  FRAME_RATE * (HEAD_BYTES + FRAME_BYTES) +
  (FRAME_RATE / GOP_FRAMES) * (KEYFRAME_BYTES - FRAME_BYTES) +
  AUDIO_RATE * (AUDIO_HEAD.length + AUDIO_BYTES);

/** A frame, and when it is to be sent: ms since the stream began. */
export interface DueFrame {
  readonly atMs: number;
  readonly track: 'video' | 'audio';
  readonly keyframe: boolean;
}

/** All frames, in the order in which they are sent; without an end. */
export function* dueFrames(): Generator<DueFrame, never> {
  for (let frame = 0, sound = 0; ; ) {
    if (frame * FRAME_MS <= sound * AUDIO_MS) {
      yield { atMs: frame * FRAME_MS, track: 'video', keyframe: frame % GOP_FRAMES === 0 };
      frame += 1;
    } else {
      yield { atMs: sound * AUDIO_MS, track: 'audio', keyframe: false };
      sound += 1;
    }
  }
}

/** The codec configurations, which go in front. */
export function streamHeaders(): MediaPacket[] {
  const clip = readClip(readFileSync(join(import.meta.dirname, '../../runtime/clips/camera1.flv')));
  return clip.packets.filter(({ config }) => config !== null).map((packet) => ({ ...packet, timestamp: 0 }));
}

/** Made when it is sent: its marker has the time. `source`: which encoder it is. */
export function packetOf({ atMs, track, keyframe }: DueFrame, source: number): MediaPacket {
  const timestamp = Math.round(atMs);
  return track === 'video' ? picture(timestamp, keyframe, source) : soundAt(timestamp);
}

function picture(timestamp: number, keyframe: boolean, source: number): MediaPacket {
  const size = keyframe ? KEYFRAME_BYTES : FRAME_BYTES;
  const payload = Buffer.alloc(HEAD_BYTES + size, 0x5a);
  payload.set([keyframe ? 0x17 : 0x27, 1, 0, 0, 0]);
  payload.writeUInt32BE(size - 4, HEAD_BYTES);
  payload[HEAD_BYTES + 4] = keyframe ? IDR_SLICE : SLICE;
  if (size < NAL_HEAD_BYTES + MARKER_BYTES) throw new Error('a picture has no room for its marker');
  writeMarker(payload, HEAD_BYTES + NAL_HEAD_BYTES, source, keyframe ? 'keyframe' : 'picture');
  if (keyframe) writeMarker(payload, payload.length - MARKER_BYTES, source, 'keyframeEnd');
  return { track: 'video', timestamp, cts: 0, ctsOffset: 2, keyframe, config: null, payload };
}

function soundAt(timestamp: number): MediaPacket {
  const payload = Buffer.alloc(AUDIO_HEAD.length + AUDIO_BYTES, 0x33);
  payload.set(AUDIO_HEAD);
  return { track: 'audio', timestamp, cts: 0, ctsOffset: -1, keyframe: false, config: null, payload };
}
