/**
 * FFmpeg as a player: `node --import tsx test/support/ffmpeg-viewer.ts URL REPORT.json` plays an RTMP, HTTP-FLV or
 * HLS stream, decodes all of it, and writes at the end what came and what FFmpeg complained about.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AV_CODEC_FLAG_OUTPUT_CORRUPT,
  AV_FRAME_FLAG_CORRUPT,
  AV_LOG_ERROR,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import {
  Codec,
  CodecContext,
  Dictionary,
  FFmpegError,
  FormatContext,
  Frame,
  InputFormat,
  Log,
  Packet,
  type Stream,
} from 'node-av/lib';

export interface ViewerReport {
  url: string;
  endedBy: 'signal' | 'eof' | 'error';
  error?: string;
  packets: ViewerPacket[];
  framesDecoded: Record<TrackName, number>;
  /** In the order in which they were seen; one that comes back stands here again. */
  resolutions: string[];
  sampleRates: number[];
  /** The first of FFmpeg's error lines, each with the milliseconds since the epoch before it. */
  errors: string[];
  errorCount: number;
  corruptFrames: number;
}

export interface ViewerPacket {
  track: TrackName;
  dts: number;
  pts: number;
  keyframe: boolean;
  size: number;
  /** Milliseconds since the epoch at which the packet came. */
  wall: number;
}

type TrackName = 'video' | 'audio';

interface Track {
  name: TrackName;
  decoder: CodecContext;
  msPerTick: number;
}

const keptErrors = 50;
/** How long FFmpeg may take to give up a read before the report is written regardless. */
const stopGraceMs = 1_500;

const input = new FormatContext();
const frame = new Frame();
/** By stream index; null is a stream of something else. */
const tracks = new Map<number, Track | null>();
const report: ViewerReport = {
  url: process.argv[2] ?? '',
  endedBy: 'eof',
  packets: [],
  framesDecoded: { video: 0, audio: 0 },
  resolutions: [],
  sampleRates: [],
  errors: [],
  errorCount: 0,
  corruptFrames: 0,
};
let isStopping = false;

async function play(): Promise<void> {
  frame.alloc();
  input.allocContext();
  // The streams are not analysed beforehand, which would hold back or swallow the first packets: each decoder
  // opens with its first packet. FFmpeg must not fill in timestamps, as the report wants those that came.
  const settings = Dictionary.fromObject({
    fflags: 'nobuffer+nofillin',
    rtmp_live: 'live',
    rtmp_buffer: 100,
  });
  const format = InputFormat.findInputFormat(/\.m3u8(\?|$)/.test(report.url) ? 'hls' : 'flv');
  check(await input.openInput(report.url, format, settings), 'open');
  const packet = new Packet();
  packet.alloc();
  while (!isStopping) {
    const result = await input.readFrame(packet);
    if (result === AVERROR_EOF) return;
    if (result === AVERROR_EAGAIN) {
      await sleep(5);
      continue;
    }
    if (isStopping) return;
    check(result, 'read');
    await takePacket(packet, now());
    packet.unref();
  }
}

async function takePacket(packet: Packet, wall: number): Promise<void> {
  let track = tracks.get(packet.streamIndex);
  if (track === undefined) {
    track = await openTrack(input.streams[packet.streamIndex]);
    tracks.set(packet.streamIndex, track);
  }
  if (track === null) return;
  report.packets.push({
    track: track.name,
    dts: Number(packet.dts) * track.msPerTick,
    pts: Number(packet.pts) * track.msPerTick,
    keyframe: packet.isKeyframe,
    size: packet.size,
    wall,
  });
  decode(track, packet);
}

async function openTrack(stream: Stream | undefined): Promise<Track | null> {
  if (!stream) return null;
  const { codecpar, timeBase } = stream;
  const name = trackNames.get(codecpar.codecType);
  const codec = Codec.findDecoder(codecpar.codecId);
  // FFmpeg makes a subtitle track of a script tag that it does not know, or not at that time.
  if (!name) noteError('a stream that is neither video nor audio');
  if (!name || !codec) return null;
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  check(decoder.parametersToContext(codecpar), 'set up a decoder');
  // One thread, so that complaints come with the packet that they are about.
  decoder.threadCount = 1;
  // Damaged frames come out as well, to be counted.
  decoder.setFlags(AV_CODEC_FLAG_OUTPUT_CORRUPT);
  const settings = Dictionary.fromObject({ err_detect: 'crccheck+bitstream+buffer+careful' });
  check(await decoder.open2(codec, settings), 'open a decoder');
  return { name, decoder, msPerTick: (timeBase.num * 1000) / timeBase.den };
}

const trackNames = new Map<number, TrackName>([
  [AVMEDIA_TYPE_VIDEO, 'video'],
  [AVMEDIA_TYPE_AUDIO, 'audio'],
]);

/** Decodes one packet, or with null what the decoder still holds. */
function decode(track: Track, packet: Packet | null): void {
  const result = track.decoder.sendPacketSync(packet);
  if (result < 0 && result !== AVERROR_EOF)
    noteError(`${track.name} decoder: ${FFmpegError.strerror(result)}`);
  while (track.decoder.receiveFrameSync(frame) >= 0) {
    noteFrame(track.name);
    frame.unref();
  }
}

function noteFrame(track: TrackName): void {
  report.framesDecoded[track]++;
  if (frame.decodeErrorFlags !== 0 || frame.hasFlags(AV_FRAME_FLAG_CORRUPT)) report.corruptFrames++;
  if (track === 'audio') {
    noteChange(report.sampleRates, frame.sampleRate);
    return;
  }
  noteChange(report.resolutions, `${frame.width}x${frame.height}`);
  if (report.framesDecoded.video === 1) process.stdout.write('{"event":"playing"}\n');
}

function noteChange<T>(seen: T[], value: T): void {
  if (seen.at(-1) !== value) seen.push(value);
}

function noteError(text: string): void {
  report.errorCount++;
  if (report.errors.length < keptErrors) report.errors.push(`${now().toFixed(0)} ${text}`);
}

function finish(endedBy: ViewerReport['endedBy'], error?: unknown): never {
  report.endedBy = endedBy;
  if (error !== undefined) report.error = error instanceof Error ? error.message : String(error);
  writeFileSync(process.argv[3] ?? 'report.json', `${JSON.stringify(report)}\n`);
  process.exit(endedBy === 'error' ? 1 : 0);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function check(result: number, what: string): void {
  FFmpegError.throwIfError(result, what);
}

async function main(): Promise<void> {
  await play();
  for (const track of tracks.values()) if (track) decode(track, null);
  // FFmpeg's log lines come through the event loop.
  await sleep(20);
}

if (process.argv.length < 4) throw new Error('Usage: ffmpeg-viewer.ts URL REPORT.json');

Log.setLevel(AV_LOG_ERROR);
Log.setCallback(
  (level, message) => {
    const text = message.trim();
    // After the signal, FFmpeg complains about the read that was broken off.
    if (level <= AV_LOG_ERROR && text !== '' && !isStopping) noteError(text);
  },
  { maxLevel: AV_LOG_ERROR },
);

process.once('SIGTERM', () => {
  isStopping = true;
  input.interrupt();
  setTimeout(() => finish('signal'), stopGraceMs);
});

main().then(
  () => finish(isStopping ? 'signal' : 'eof'),
  (error: unknown) => (isStopping ? finish('signal') : finish('error', error)),
);
