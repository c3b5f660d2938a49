import type { AVSampleFormat } from 'node-av/constants';
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_WARNING,
  AV_PIX_FMT_YUV420P,
  AV_PROFILE_AAC_LOW,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  AV_SAMPLE_FMT_S16,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVFMT_FLAG_BITEXACT,
  FF_ENCODER_AAC,
  FF_ENCODER_AC3,
  FF_ENCODER_EAC3,
  FF_ENCODER_FLAC,
  FF_ENCODER_LIBMP3LAME,
  FF_ENCODER_LIBOPUS,
  FF_ENCODER_LIBSVTAV1,
  FF_ENCODER_LIBVPX_VP9,
  FF_ENCODER_LIBX264,
  FF_ENCODER_LIBX265,
} from 'node-av/constants';
import {
  avChannelLayoutDefault,
  Codec,
  CodecContext,
  Dictionary,
  FFmpegError,
  FormatContext,
  Frame,
  type IRational,
  Log,
  Packet,
  Rational,
} from 'node-av/lib';
import { ClipPainter, type Colour } from './clip-picture.ts';
import { soundOf, type Tone } from './clip-sound.ts';

export type H264Profile = 'baseline' | 'main' | 'high';

export type VideoCodec = 'h264' | 'hevc' | 'av1' | 'vp9';
export type AudioCodec = 'aac' | 'opus' | 'ac3' | 'eac3' | 'flac' | 'mp3';

export interface ClipOptions {
  label: string;
  colour: Colour;
  tone: Tone;
  width: number;
  height: number;
  frameRate: number;
  gopSeconds: number;
  bFrames: number;
  /** H.264 unless it says another, whose profile is always Main, or 0. AV1 and VP9 have no B-frames here. */
  videoCodec?: VideoCodec;
  /** AAC unless it says another. */
  audioCodec?: AudioCodec;
  profile: H264Profile;
  preset: 'ultrafast' | 'medium';
  /** x264's constant quality: 0 the best, 51 the worst. */
  quality: number;
  audioRate: number;
  channels: 1 | 2;
  audioBitRate: number;
  /** Rounded to whole video frames; the audio ends within half an audio frame of the video. */
  durationSeconds: number;
}

const videoEncoders = {
  h264: FF_ENCODER_LIBX264,
  hevc: FF_ENCODER_LIBX265,
  av1: FF_ENCODER_LIBSVTAV1,
  vp9: FF_ENCODER_LIBVPX_VP9,
};

/** What each takes: samples of each channel by themselves (planar) or in turns, so many a frame. */
const audioEncoders = {
  aac: { encoder: FF_ENCODER_AAC, format: AV_SAMPLE_FMT_FLTP, frameSamples: 1024 },
  opus: { encoder: FF_ENCODER_LIBOPUS, format: AV_SAMPLE_FMT_FLT, frameSamples: 960 },
  ac3: { encoder: FF_ENCODER_AC3, format: AV_SAMPLE_FMT_FLTP, frameSamples: 1536 },
  eac3: { encoder: FF_ENCODER_EAC3, format: AV_SAMPLE_FMT_FLTP, frameSamples: 1536 },
  flac: { encoder: FF_ENCODER_FLAC, format: AV_SAMPLE_FMT_S16, frameSamples: 1152 },
  mp3: { encoder: FF_ENCODER_LIBMP3LAME, format: AV_SAMPLE_FMT_FLTP, frameSamples: 1152 },
};

interface Track {
  encoder: CodecContext;
  timeBase: IRational;
  packets: Packet[];
}

/** Audio frames from the end of the loop that go ahead of it, so that the encoder is in its stride at the seam. */
const audioLeadFrames = 8;
const audioTailFrames = 3;

/**
 * Encodes a test clip as FLV, H.264 and AAC unless it says otherwise, for looping: the DTS of both tracks begin at 0 and they end
 * together, each picture group is closed, and the sound of the end runs on into that of the start.
 */
export async function encodeClip(path: string, options: ClipOptions): Promise<void> {
  Log.setLevel(AV_LOG_WARNING);
  const frameRate = rationalRate(options.frameRate);
  const frameCount = Math.max(1, Math.round((options.durationSeconds * frameRate.num) / frameRate.den));
  const videoSeconds = (frameCount * frameRate.den) / frameRate.num;
  const video = await encodeVideo(options, frameRate, frameCount);
  const firstPts = Number(video.packets[0]?.pts ?? 0n);
  const { frameSamples } = audioEncoders[options.audioCodec ?? 'aac'];
  const audio = await encodeAudio(options, {
    frameCount: Math.max(1, Math.round((videoSeconds * options.audioRate) / frameSamples)),
    delaySeconds: (firstPts * frameRate.den) / frameRate.num,
  });
  writeFlv(path, [video, audio], frameRate);
  freeTracks([video, audio]);
}

async function encodeVideo(options: ClipOptions, frameRate: IRational, frameCount: number): Promise<Track> {
  const timeBase = { num: frameRate.den, den: frameRate.num };
  const encoder = await openVideoEncoder(options, frameRate);
  const painter = new ClipPainter(options);
  const { width, height } = options;
  const packets: Packet[] = [];
  for (let index = 0; index < frameCount; index++) {
    const picture = painter.paint((index * timeBase.num) / timeBase.den);
    const frame = Frame.fromVideoBuffer(picture, { width, height, format: AV_PIX_FMT_YUV420P, timeBase });
    frame.pts = BigInt(index);
    packets.push(...encode(encoder, frame));
    frame.free();
  }
  packets.push(...encode(encoder, null));
  // With B-frames, x264 starts the DTS below 0.
  const firstDts = packets[0]?.dts ?? 0n;
  for (const packet of packets) shiftPacket(packet, -firstDts, 1);
  assertTrackLength('video', packets, frameCount, 1);
  return { encoder, timeBase, packets };
}

async function openVideoEncoder(options: ClipOptions, frameRate: IRational): Promise<CodecContext> {
  const { profile, bFrames } = options;
  if (profile === 'baseline' && bFrames > 0) throw new Error('The baseline profile has no B-frames');
  const videoCodec = options.videoCodec ?? 'h264';
  const name = videoEncoders[videoCodec];
  const codec = required(Codec.findEncoderByName(name), name);
  const gopFrames = Math.max(1, Math.round((options.gopSeconds * frameRate.num) / frameRate.den));
  const encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.width = options.width;
  encoder.height = options.height;
  encoder.pixelFormat = AV_PIX_FMT_YUV420P;
  encoder.timeBase = new Rational(frameRate.den, frameRate.num);
  encoder.framerate = new Rational(frameRate.num, frameRate.den);
  encoder.gopSize = gopFrames;
  if (videoCodec === 'h264' || videoCodec === 'hevc') encoder.maxBFrames = bFrames;
  encoder.threadCount = 1;
  encoder.colorRange = AVCOL_RANGE_MPEG;
  encoder.colorPrimaries = AVCOL_PRI_BT709;
  encoder.colorTrc = AVCOL_TRC_BT709;
  encoder.colorSpace = AVCOL_SPC_BT709;
  encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_BITEXACT);
  const settings = {
    h264: x264Settings,
    hevc: x265Settings,
    av1: svtAv1Settings,
    vp9: vp9Settings,
  }[videoCodec](options, gopFrames);
  // Not open2Sync: in node-av 6.1.1 it frees the dictionary twice, and the process crashes later.
  check(await encoder.open2(codec, Dictionary.fromObject(settings)), `open ${name}`);
  return encoder;
}

function x264Settings(
  { profile, preset, quality }: ClipOptions,
  gopFrames: number,
): Record<string, string | number> {
  return {
    preset,
    profile,
    crf: quality,
    'x264-params': joinParameters({
      keyint: gopFrames,
      'min-keyint': gopFrames,
      scenecut: 0,
      'open-gop': 0,
      'b-adapt': 0,
      threads: 1,
      'lookahead-threads': 1,
      // The fast presets turn these off, and x264 then declares a lower profile than asked for.
      cabac: profile === 'baseline' ? 0 : 1,
      '8x8dct': profile === 'high' ? 1 : 0,
    }),
  };
}

function x265Settings(
  { preset, quality, bFrames }: ClipOptions,
  gopFrames: number,
): Record<string, string | number> {
  return {
    preset,
    crf: quality,
    'x265-params': joinParameters({
      keyint: gopFrames,
      'min-keyint': gopFrames,
      scenecut: 0,
      'open-gop': 0,
      bframes: bFrames,
      'b-adapt': 0,
      pools: 'none',
      'frame-threads': 1,
      'log-level': 'error',
    }),
  };
}

/** Low delay: every picture is shown in the order in which it is decoded. */
function svtAv1Settings({ quality }: ClipOptions, gopFrames: number): Record<string, string | number> {
  return {
    preset: 12,
    crf: quality,
    'svtav1-params': joinParameters({ 'pred-struct': 1, keyint: gopFrames, scd: 0, lp: 1 }),
  };
}

function vp9Settings({ quality }: ClipOptions, gopFrames: number): Record<string, string | number> {
  return {
    deadline: 'realtime',
    'cpu-used': 8,
    crf: quality,
    'lag-in-frames': 0,
    'auto-alt-ref': 0,
    keyint_min: gopFrames,
  };
}

function joinParameters(parameters: Record<string, string | number>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(':');
}

interface AudioExtent {
  frameCount: number;
  delaySeconds: number;
}

async function encodeAudio(options: ClipOptions, { frameCount, delaySeconds }: AudioExtent): Promise<Track> {
  const { audioRate: sampleRate, channels, tone, audioCodec = 'aac' } = options;
  const { format, frameSamples } = audioEncoders[audioCodec];
  const loopSamples = frameCount * frameSamples;
  const sound = soundOf({ sampleRate, loopSamples, delaySeconds, tone });
  const encoder = await openAudioEncoder(options);
  const packets: Packet[] = [];
  for (let index = -audioLeadFrames; index < frameCount + audioTailFrames; index++) {
    const frame = audioFrame(sound, index * frameSamples, { format, frameSamples, sampleRate, channels });
    packets.push(...encode(encoder, frame));
    frame.free();
  }
  packets.push(...encode(encoder, null));
  // Encoders delay the sound by whole frames and parts of one.
  const firstPts = packets.find(({ pts }) => pts >= 0n)?.pts ?? 0n;
  const inLoop = packets.filter(({ pts }) => pts >= firstPts && pts < firstPts + BigInt(loopSamples));
  for (const packet of packets) if (!inLoop.includes(packet)) packet.free();
  for (const packet of inLoop) shiftPacket(packet, -firstPts, frameSamples);
  assertTrackLength('audio', inLoop, frameCount, frameSamples);
  return { encoder, timeBase: { num: 1, den: sampleRate }, packets: inLoop };
}

async function openAudioEncoder(options: ClipOptions): Promise<CodecContext> {
  const audioCodec = options.audioCodec ?? 'aac';
  const { encoder: name, format, frameSamples } = audioEncoders[audioCodec];
  const codec = required(Codec.findEncoderByName(name), name);
  const encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.sampleFormat = format;
  encoder.sampleRate = options.audioRate;
  encoder.channelLayout = avChannelLayoutDefault(options.channels);
  encoder.timeBase = new Rational(1, options.audioRate);
  encoder.bitRate = BigInt(options.audioBitRate);
  if (audioCodec === 'aac') encoder.profile = AV_PROFILE_AAC_LOW;
  if (audioCodec === 'flac') encoder.frameSize = frameSamples;
  encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_BITEXACT);
  const settings = audioCodec === 'aac' ? { aac_coder: 'fast' } : {};
  check(await encoder.open2(codec, Dictionary.fromObject(settings)), `open ${name}`);
  return encoder;
}

interface AudioShape {
  format: AVSampleFormat;
  frameSamples: number;
  sampleRate: number;
  channels: number;
}

function audioFrame(
  sound: (sampleNumber: number) => number,
  firstSample: number,
  { format, frameSamples, sampleRate, channels }: AudioShape,
): Frame {
  const isPlanar = format === AV_SAMPLE_FMT_FLTP;
  const isWhole = format === AV_SAMPLE_FMT_S16;
  const samples = new (isWhole ? Int16Array : Float32Array)(frameSamples * channels);
  for (let index = 0; index < frameSamples; index++) {
    const sample = sound(firstSample + index) * (isWhole ? 32_767 : 1);
    for (let channel = 0; channel < channels; channel++) {
      samples[isPlanar ? channel * frameSamples + index : index * channels + channel] = sample;
    }
  }
  const frame = Frame.fromAudioBuffer(Buffer.from(samples.buffer), {
    nbSamples: frameSamples,
    format,
    sampleRate,
    channelLayout: avChannelLayoutDefault(channels),
    timeBase: { num: 1, den: sampleRate },
  });
  frame.pts = BigInt(firstSample);
  return frame;
}

/** Sends one frame, or null for the end, and takes out all packets that are ready. */
function encode(encoder: CodecContext, frame: Frame | null): Packet[] {
  check(encoder.sendFrameSync(frame), 'encode');
  const packets: Packet[] = [];
  for (;;) {
    const packet = new Packet();
    packet.alloc();
    const result = encoder.receivePacketSync(packet);
    if (result === AVERROR_EAGAIN || result === AVERROR_EOF) {
      packet.free();
      return packets;
    }
    check(result, 'encode');
    packets.push(packet);
  }
}

function shiftPacket(packet: Packet, by: bigint, duration: number): void {
  packet.pts += by;
  packet.dts += by;
  packet.duration = BigInt(duration);
}

function assertTrackLength(name: string, packets: Packet[], count: number, duration: number): void {
  const even = packets.every((packet, index) => packet.dts === BigInt(index * duration));
  if (packets.length !== count || !even) {
    throw new Error(
      `The ${name} encoder gave ${packets.length} packets, not ${count} at an even pace from 0`,
    );
  }
}

function writeFlv(path: string, tracks: [video: Track, audio: Track], frameRate: IRational): void {
  const output = new FormatContext();
  check(output.allocOutputContext2(null, 'flv', path), 'set up FLV');
  output.setFlags(AVFMT_FLAG_BITEXACT);
  const streams = tracks.map(({ encoder, timeBase }) => {
    const stream = output.newStream();
    check(stream.codecpar.fromContext(encoder), 'describe a track');
    stream.timeBase = new Rational(timeBase.num, timeBase.den);
    return stream;
  });
  if (streams[0]) streams[0].avgFrameRate = new Rational(frameRate.num, frameRate.den);
  check(output.openOutputSync(), `open ${path}`);
  // An end of sequence would be in the way at the seam of a loop.
  check(output.writeHeaderSync(Dictionary.fromObject({ flvflags: 'no_sequence_end' })), 'write the header');
  for (const { packet, track, index } of interleave(tracks)) {
    const stream = required(streams[index] ?? null, 'stream');
    packet.streamIndex = index;
    packet.rescaleTs(track.timeBase, stream.timeBase);
    check(output.writeFrameSync(packet), 'write a packet');
  }
  check(output.writeTrailerSync(), 'write the trailer');
  output.closeOutputSync();
  output.freeContext();
}

/** All packets in the order of their DTS; video goes first where they are equal. */
function interleave(tracks: readonly Track[]) {
  return tracks
    .flatMap((track, index) =>
      track.packets.map((packet) => ({ packet, track, index, seconds: dtsSeconds(packet, track) })),
    )
    .sort((a, b) => a.seconds - b.seconds || a.index - b.index);
}

function dtsSeconds(packet: Packet, { timeBase }: Track): number {
  return (Number(packet.dts) * timeBase.num) / timeBase.den;
}

function freeTracks(tracks: readonly Track[]): void {
  for (const { encoder, packets } of tracks) {
    for (const packet of packets) packet.free();
    encoder.freeContext();
  }
}

/** 29.97 and its like stand for a whole rate times 1000/1001. */
function rationalRate(rate: number): IRational {
  return Number.isInteger(rate) ? { num: rate, den: 1 } : { num: Math.round(rate * 1.001) * 1000, den: 1001 };
}

function required<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`This FFmpeg has no ${what}`);
  return value;
}

function check(result: number, what: string): void {
  FFmpegError.throwIfError(result, what);
}
