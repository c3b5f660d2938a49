/**
 * FFmpeg's own RTMP client as an encoder: `node --import tsx test/support/ffmpeg-publisher.ts CLIP.flv URL` sends the
 * clip's packets as they are, in real time, over and over with continuous timestamps, until SIGTERM.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AV_LOG_ERROR, AVERROR_EOF } from 'node-av/constants';
import { Dictionary, FFmpegError, FormatContext, Log, Packet, type Stream } from 'node-av/lib';

interface Clip {
  input: FormatContext;
  /** In the order of their DTS. */
  packets: ClipPacket[];
  lengthMs: number;
}

interface ClipPacket {
  packet: Packet;
  dtsMs: number;
}

/** How long a server that hangs may hold up the end. */
const closeGraceMs = 2_000;

const output = new FormatContext();
let isStopping = false;

async function main(clipPath: string | undefined, url: string | undefined): Promise<void> {
  if (clipPath === undefined || url === undefined)
    throw new Error('Usage: ffmpeg-publisher.ts CLIP.flv RTMP-URL');
  Log.setLevel(AV_LOG_ERROR);
  const clip = await readClip(clipPath);
  await connect(clip, url);
  const startedAt = performance.now();
  report({ event: 'publishing', startedAtMs: performance.timeOrigin + startedAt });
  await sendUntilStopped(clip, startedAt);
  check(await output.writeTrailer(), 'write the trailer');
  // Closing is what sends FCUnpublish and deleteStream.
  await output.closeOutput();
}

/** Reads the whole clip: it is small, and a loop then needs no seeking. */
async function readClip(path: string): Promise<Clip> {
  const input = new FormatContext();
  check(await input.openInput(path), `open ${path}`);
  check(await input.findStreamInfo(null), `read ${path}`);
  const timeBases = input.streams.map((stream) => stream.timeBase);
  const packets: ClipPacket[] = [];
  for (;;) {
    const packet = new Packet();
    packet.alloc();
    const result = await input.readFrame(packet);
    if (result === AVERROR_EOF) break;
    check(result, `read ${path}`);
    const { num = 1, den = 1000 } = timeBases[packet.streamIndex] ?? {};
    packets.push({ packet, dtsMs: (Number(packet.dts) * num * 1000) / den });
  }
  packets.sort((a, b) => a.dtsMs - b.dtsMs);
  const lengthMs = Math.max(...timeBases.map((_, index) => trackLengthMs(packets, index)));
  return { input, packets, lengthMs };
}

/** Up to the end of the last packet, which is taken to last as long as the others on average. */
function trackLengthMs(packets: readonly ClipPacket[], streamIndex: number): number {
  const track = packets.filter(({ packet }) => packet.streamIndex === streamIndex);
  const first = track[0]?.dtsMs ?? 0;
  const last = track.at(-1)?.dtsMs ?? 0;
  return Math.round(last + (last - first) / Math.max(1, track.length - 1));
}

async function connect(clip: Clip, url: string): Promise<void> {
  check(output.allocOutputContext2(null, 'flv', url), 'set up FLV');
  // Otherwise packets wait until 32 kB have come together.
  output.setOption('flush_packets', 1);
  for (const { codecpar } of clip.input.streams) {
    const stream = output.newStream();
    check(codecpar.copy(stream.codecpar), 'describe a track');
    stream.codecpar.codecTag = 0;
  }
  check(await output.openOutput(), 'connect');
  const settings = Dictionary.fromObject({ flvflags: 'no_duration_filesize' });
  check(await output.writeHeader(settings), 'write the header');
}

async function sendUntilStopped(clip: Clip, startedAt: number): Promise<void> {
  const streams = output.streams;
  const firstTimestampMs = Number(process.env.PUBLISH_START_TIMESTAMP ?? 0);
  for (let loop = 0; ; loop++) {
    for (const { packet, dtsMs } of clip.packets) {
      const offsetMs = loop * clip.lengthMs;
      const waitMs = startedAt + offsetMs + dtsMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      if (isStopping) return;
      await send(packet, streams, offsetMs + firstTimestampMs);
    }
  }
}

async function send(source: Packet, streams: readonly Stream[], offsetMs: number): Promise<void> {
  const stream = streams[source.streamIndex];
  const packet = source.clone();
  if (!stream || !packet) throw new Error('A packet has no track');
  packet.pts += BigInt(offsetMs);
  packet.dts += BigInt(offsetMs);
  packet.rescaleTs({ num: 1, den: 1000 }, stream.timeBase);
  const result = await output.writeFrame(packet);
  packet.free();
  if (!isStopping) check(result, 'send');
}

function report(
  event: { event: 'publishing'; startedAtMs: number } | { event: 'closed'; error: string },
): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function check(result: number, what: string): void {
  FFmpegError.throwIfError(result, what);
}

process.once('SIGTERM', () => {
  isStopping = true;
  // FFmpeg's output has neither time limit nor interrupt, and a blocked call holds up process.exit, too.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), closeGraceMs);
});

main(process.argv[2], process.argv[3]).then(
  () => process.exit(0),
  (error: unknown) => {
    if (isStopping) process.exit(0);
    report({ event: 'closed', error: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  },
);
