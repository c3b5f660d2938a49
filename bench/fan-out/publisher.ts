/**
 * An encoder for the benchmark, evenly timed: `node --import tsx bench/fan-out/publisher.ts URL SOURCE`. 30 pictures a second with a
 * keyframe each two seconds, 2.0 Mbit/s, and 43 frames of sound a second, 0.14 Mbit/s; a marker in each picture.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { publishRtmp } from '../../runtime/rtmp/client.ts';
import { systemClock } from '../../runtime/system-clock.ts';
import { MARKER_BYTES, writeMarker } from './marker.ts';

const FRAME_MS = 1_000 / 30;
const GOP_FRAMES = 60;
const KEYFRAME_BYTES = 50_000;
const FRAME_BYTES = 7_600;
const AUDIO_MS = 1_024_000 / 44_100;
const AUDIO_BYTES = 400;
/** FLV 10.1, E.4.3.1: keyframe or not, AVC, a NAL unit, no CTS. */
const HEAD_BYTES = 5;
/** ISO 14496-15, 5.3.3: the size of the NAL unit, and its type. */
const NAL_HEAD_BYTES = 5;
const IDR_SLICE = 0x65;
const SLICE = 0x41;

const [url = '', source = '0'] = process.argv.slice(2);
const clip = readClip(readFileSync(join(import.meta.dirname, '../../runtime/clips/camera1.flv')));
const publisher = await publishRtmp(url, { clock: systemClock });
publisher.closed.then((reason) => {
  console.error(`publisher: ${reason}`);
  process.exit(1);
});
for (const packet of clip.packets) if (packet.config !== null) publisher.send({ ...packet, timestamp: 0 });
console.log('publishing');

const startedAt = performance.now();
let frame = 0;
let sound = 0;
for (;;) {
  const elapsed = performance.now() - startedAt;
  while (frame * FRAME_MS <= elapsed) {
    publisher.send(picture(Math.round(frame * FRAME_MS), frame % GOP_FRAMES === 0));
    frame += 1;
  }
  while (sound * AUDIO_MS <= elapsed) {
    publisher.send(soundAt(Math.round(sound * AUDIO_MS)));
    sound += 1;
  }
  const next = Math.min(frame * FRAME_MS, sound * AUDIO_MS);
  await pause(Math.max(0, next - (performance.now() - startedAt)));
}

function picture(timestamp: number, keyframe: boolean): MediaPacket {
  const size = keyframe ? KEYFRAME_BYTES : FRAME_BYTES;
  const payload = Buffer.alloc(HEAD_BYTES + size, 0x5a);
  payload.set([keyframe ? 0x17 : 0x27, 1, 0, 0, 0]);
  payload.writeUInt32BE(size - 4, HEAD_BYTES);
  payload[HEAD_BYTES + 4] = keyframe ? IDR_SLICE : SLICE;
  if (size < NAL_HEAD_BYTES + MARKER_BYTES) throw new Error('a picture has no room for its marker');
  writeMarker(payload, HEAD_BYTES + NAL_HEAD_BYTES, Number(source), keyframe);
  return { track: 'video', timestamp, cts: 0, ctsOffset: 2, keyframe, config: null, payload };
}

function soundAt(timestamp: number): MediaPacket {
  const payload = Buffer.alloc(2 + AUDIO_BYTES, 0x33);
  payload.set([0xaf, 1]);
  return { track: 'audio', timestamp, cts: 0, ctsOffset: -1, keyframe: false, config: null, payload };
}
