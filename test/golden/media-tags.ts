import type { MediaPacket } from '../../runtime/media/packet.ts';
import { bytes } from './bytes.ts';
import {
  AVC_PPS,
  AVC_SPS,
  aacConfigs,
  avcRecord,
  HEVC_PPS,
  HEVC_SPS,
  HEVC_VPS,
  hevcRecord,
} from './codec-configs.ts';

export interface MediaTagCase {
  readonly name: string;
  readonly track: 'video' | 'audio';
  /** The body of a message or an FLV tag. */
  readonly bytes: Buffer;
  /** What is read from it beyond the track; null where it carries nothing. A sequence header by its codec. */
  readonly message:
    | (Partial<Pick<MediaPacket, 'keyframe' | 'cts' | 'ctsOffset'>> & {
        readonly codec?: string;
        /** Of a codec without sequence headers, by what the frame says. */
        readonly implied?: string;
        /** What goes with the default track, beside its frames. */
        readonly beside?: string;
      })
    | null;
}

const AVC_RECORD = avcRecord([AVC_SPS], [AVC_PPS]).toString('hex');
const HEVC_RECORD = hevcRecord([HEVC_VPS, HEVC_SPS, HEVC_PPS]).toString('hex');
const LC = aacConfigs.lc48.bytes.toString('hex');

function video(name: string, text: string, message: MediaTagCase['message']): MediaTagCase {
  return { name, track: 'video', bytes: bytes(text), message };
}

function audio(name: string, text: string, message: MediaTagCase['message']): MediaTagCase {
  return { name, track: 'audio', bytes: bytes(text), message };
}

/** Video and audio headers (FLV 10.1, E.4.2.1 and E.4.3.1; Enhanced RTMP v2). */
export const mediaTags: readonly MediaTagCase[] = [
  video('AVC sequence header', `17 00 000000 ${AVC_RECORD}`, { codec: 'avc' }),
  video('AVC sequence header marked as no keyframe', `27 00 000000 ${AVC_RECORD}`, { codec: 'avc' }),
  video('AVC keyframe', '17 01 000000 00000001 65', { keyframe: true, ctsOffset: 2 }),
  video('AVC frame', '27 01 000028 00000001 41', { cts: 40, ctsOffset: 2 }),
  video('AVC frame with a negative CTS', '27 01 ffffd8 00000001 41', { cts: -40, ctsOffset: 2 }),
  video('AVC frame with the lowest CTS', '27 01 800000 00000001 41', { cts: -0x800000, ctsOffset: 2 }),
  video('AVC frame with the highest CTS', '27 01 7fffff 00000001 41', { cts: 0x7fffff, ctsOffset: 2 }),
  video('AVC disposable frame', '37 01 000000 00000001 01', { ctsOffset: 2 }),
  video('AVC keyframe made by a server', '47 01 000000 00000001 65', { ctsOffset: 2 }),
  video('AVC end of sequence', '17 02 000000', null),
  video('AVC of an unknown packet type', '17 03 000000 00', null),
  video('AVC frame of no bytes', '27 01 000000', null),
  video('AVC header cut short', '17 01 0000', null),
  video('legacy HEVC sequence header (codec 12)', `1c 00 000000 ${HEVC_RECORD}`, { codec: 'hevc' }),
  video('legacy HEVC keyframe', '1c 01 000021 00000001 26', { keyframe: true, cts: 33, ctsOffset: 2 }),
  video('legacy HEVC frame with a negative CTS', '2c 01 fffffe 00000001 02', { cts: -2, ctsOffset: 2 }),
  video('seek command', '57 00', null),
  video('seek command of another codec', '52 00', null),
  video('nothing', '', null),
  video('Sorenson H.263 keyframe: passed on whole', '12 00000084', { keyframe: true }),
  video('VP6 frame: passed on whole', '24 00', {}),
  video("Enhanced 'hvc1' sequence start", `90 'hvc1' ${HEVC_RECORD}`, { codec: 'hevc' }),
  video("Enhanced 'hvc1' coded frames, keyframe", "91 'hvc1' 000021 00000001 26", {
    keyframe: true,
    cts: 33,
    ctsOffset: 5,
  }),
  video("Enhanced 'hvc1' coded frames, negative CTS", "a1 'hvc1' ffffdf 00000001 02", {
    cts: -33,
    ctsOffset: 5,
  }),
  video("Enhanced 'hvc1' coded frames X: no CTS", "a3 'hvc1' 7fffff01 02", {}),
  video("Enhanced 'hvc1' coded frames X, keyframe", "93 'hvc1' 00000001 26", { keyframe: true }),
  video("Enhanced 'hvc1' coded frames cut in the CTS", "91 'hvc1' 0000", null),
  video("Enhanced 'hvc1' sequence end", "92 'hvc1'", null),
  video("Enhanced 'hvc1' metadata", "94 'hvc1' 02 0009 'colorInfo' 05", { beside: 'metadata' }),
  video('Enhanced metadata of frame type 5 (FFmpeg)', "d4 'av01' 02 0009 'colorInfo' 05", {
    beside: 'metadata',
  }),
  video('Enhanced MPEG-2 TS sequence start', "95 'av01' 80048100 0c00", { codec: 'av01' }),
  video('Enhanced packet type of the future', "98 'hvc1' 00", null),
  video("Enhanced 'avc1' sequence start", `90 'avc1' ${AVC_RECORD}`, { codec: 'avc' }),
  video("Enhanced 'avc1' coded frames", "a1 'avc1' fffffb 00000001 41", { cts: -5, ctsOffset: 5 }),
  video("Enhanced 'vvc1' coded frames", "a1 'vvc1' 000005 00", { cts: 5, ctsOffset: 5 }),
  video("Enhanced 'av01' sequence start", "90 'av01' 81050c00", { codec: 'av1' }),
  video("Enhanced 'vp09' sequence start", "90 'vp09' 01000000 000b820101010000", { codec: 'vp9' }),
  video("Enhanced 'vp08' sequence start", "90 'vp08' 000b820101010000", { codec: 'vp8' }),
  video("Enhanced 'vvc1' sequence start: kept whole", "90 'vvc1' 00", { codec: 'vvc1' }),
  video("Enhanced 'av01' coded frames have no CTS", "91 'av01' ffffff 00", { keyframe: true }),
  video("Enhanced 'vp09' frame", "a1 'vp09' 00", {}),
  video("Enhanced 'vp09' frame of no bytes", "a1 'vp09'", null),
  video('Enhanced command', 'd1 00', null),
  video('Enhanced FourCC cut short', "90 'hvc'", null),
  audio('AAC sequence header', `af 00 ${LC}`, { codec: 'aac' }),
  audio('AAC sequence header again', `af 00 ${LC}`, { codec: 'aac' }),
  audio('AAC frame', 'af 01 2110', {}),
  audio('AAC frame of no bytes (muted microphone)', 'af 01', null),
  audio('AAC sequence header of no bytes', 'af 00', null),
  audio('AAC header cut short', 'af', null),
  audio('nothing', '', null),
  audio('MP3 frame cut short: passed on whole', '2f fffb90', {}),
  audio('MP3 frame', '2f fffb7464', { implied: 'mp3' }),
  audio('G.711 frame', '72 d5', { implied: 'g711a' }),
  audio('Nellymoser frame: passed on whole', '62 00', {}),
  audio('Speex of no bytes', 'b2', { implied: 'speex' }),
  audio("Enhanced 'mp4a' sequence start", `90 'mp4a' ${LC}`, { codec: 'aac' }),
  audio("Enhanced 'mp4a' coded frames", "91 'mp4a' 2110", {}),
  audio("Enhanced 'mp4a' coded frames of no bytes", "91 'mp4a'", null),
  audio("Enhanced 'mp4a' sequence end", "92 'mp4a'", null),
  audio("Enhanced 'Opus' sequence start", "90 'Opus' 'OpusHead' 0102", { codec: 'opus' }),
  audio("Enhanced 'Opus' sequence start of no bytes", "90 'Opus'", { codec: 'opus' }),
  audio("Enhanced 'fLaC' sequence start", "90 'fLaC' 'fLaC' 80000022", { codec: 'flac' }),
  audio("Enhanced 'ac-3' sequence start: there is none (FFmpeg)", "90 'ac-3'", null),
  audio("Enhanced 'ac-3' frame", "91 'ac-3' 0b77d7520c4043e1", { implied: 'ac3' }),
  audio("Enhanced 'ec-3' frame", "91 'ec-3' 0b7700bf3487c000", { implied: 'eac3' }),
  audio("Enhanced '.mp3' frame", "91 '.mp3' fffb7464", { implied: 'mp3' }),
  audio("Enhanced 'Opus' channels", "94 'Opus' 01 02 00000003", { beside: 'channels' }),
  audio("Enhanced 'alac' sequence start: kept whole", "90 'alac' 00", { codec: 'alac' }),
  audio("Enhanced 'Opus' coded frames", "91 'Opus' fc", {}),
  audio('Enhanced FourCC cut short', "91 'mp4'", null),
];
