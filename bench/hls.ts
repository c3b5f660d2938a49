/**
 * What HLS costs a host for one program: `node --import tsx bench/hls.ts`. Packets of a made-up stream go into an HlsStream as
 * fast as it takes them; each part's playlist is made, plain and as gzip, as if somebody waited for it.
 */

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { readClip } from '../runtime/codec/clip-reader.ts';
import { HlsStream } from '../runtime/hls/hls-stream.ts';
import type { ProgramListener } from '../runtime/program/program.ts';
import type { ProgramPacket } from '../runtime/program/program-packet.ts';
import { systemClock } from '../runtime/system-clock.ts';

const FRAME_MS = 40;
const GOP_MS = 2_000;
const AUDIO_MS = 20;
const AUDIO_BYTES = 320;
const SEGMENTS = 300;
const RUNS = 5;
const MBITS = [2, 6, 20];
const START = 1_790_000_000_000;

const configs = readClip(
  readFileSync(join(import.meta.dirname, '../runtime/clips/camera1.flv')),
).packets.flatMap(({ config }) => config ?? []);

function streamOf(mbit: number): ProgramPacket[] {
  const videoBytes = Math.round((mbit * 125_000 * FRAME_MS) / 1_000);
  const frames: ProgramPacket[] = [];
  for (let ms = 0; ms < (SEGMENTS + 1) * GOP_MS; ms += AUDIO_MS) {
    const time = START + ms;
    if (ms % FRAME_MS === 0) {
      const payload = Buffer.alloc(videoBytes, 1);
      const keyframe = ms % GOP_MS === 0;
      frames.push({ kind: 'frame', track: 'video', time, cts: 0, ctsOffset: 2, keyframe, payload });
    }
    const payload = Buffer.from([0xaf, 1, ...Array<number>(AUDIO_BYTES).fill(1)]);
    frames.push({ kind: 'frame', track: 'audio', time, cts: 0, ctsOffset: -1, keyframe: false, payload });
  }
  return [
    ...configs.map((config): ProgramPacket => ({ kind: 'header', track: config.track, time: START, config })),
    ...frames,
  ];
}

/** CPU ms for each segment, with all its parts and their playlists, and the bytes held at the end. */
function run(packets: readonly ProgramPacket[]): { perSegmentMs: number; heldMiB: number } {
  let listener: ProgramListener | null = null;
  const stream = new HlsStream(
    {
      subscribe: (one) => {
        listener = one;
        return () => {};
      },
    },
    {
      segmentMs: 2_000,
      partMs: 500,
      segments: 6,
      limitBytes: 2 ** 30,
      maxWaiting: 1,
      clock: systemClock,
      onAudience: () => {},
    },
  );
  const before = process.cpuUsage();
  let parts = 0;
  for (const packet of packets) {
    (listener as ProgramListener | null)?.packet(packet);
    const now = stream.window.last?.parts.length ?? 0;
    if (now !== parts) stream.playlist('gzip');
    parts = now;
  }
  const { user, system } = process.cpuUsage(before);
  return { perSegmentMs: (user + system) / 1_000 / SEGMENTS, heldMiB: stream.window.heldBytes / 2 ** 20 };
}

const [cpu] = cpus();
process.stdout.write(
  `${cpu?.model} × ${cpus().length}, Node ${process.version}, ${SEGMENTS} segments of 2 s, ${RUNS} runs\n`,
);
for (const mbit of MBITS) {
  const packets = streamOf(mbit);
  const runs = Array.from({ length: RUNS }, () => run(packets)).sort(
    (a, b) => a.perSegmentMs - b.perSegmentMs,
  );
  const [least, median, most] = [runs[0], runs[Math.floor(RUNS / 2)], runs.at(-1)].map((one) =>
    one?.perSegmentMs.toFixed(2),
  );
  process.stdout.write(
    `${mbit} Mbit/s: ${median} ms of CPU a segment (${least} to ${most}), ${runs[0]?.heldMiB.toFixed(1)} MiB held\n`,
  );
}
