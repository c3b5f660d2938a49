import { type InputPacket, NO_HEADERS, programTime } from '../input/input-packet.ts';
import { beginning, type Gop } from '../input/warm-buffer.ts';
import { type CodecConfig, isHeader, type Metadata, type VideoConfig } from '../media/packet.ts';
import { withParameterSets } from '../media/parameter-sets.ts';
import { ExtraTracks } from './extra-tracks.ts';
import type { ProgramPacket } from './program-packet.ts';

/** What a splicer reads of the input that it enters. */
export interface SpliceSource {
  readonly name: string;
  readonly metadata: Metadata | null;
  readonly buffer: {
    readonly gops: readonly Gop[];
    lastBeginningBy(time: number): Gop | undefined;
  };
}

/** What the viewer's media timeline shows of a splice, in ms. Null while the track has not gone on. */
export interface SpliceMeasure {
  /** Media time that is missing, beyond the usual distance of two frames. */
  videoHoleMs: number | null;
  audioHoleMs: number | null;
  /** Frames that were squeezed into steps of 1 ms. */
  squeezedFrames: number;
}

/**
 * A keyframe that is younger may have come to one host and not yet to another when they lose the same source: both begin
 * with the one before it, and put out the same.
 */
const ENTRY_MARGIN_MS = 100;

interface TrackState {
  /** Last time that was put out. */
  last: number;
  /** The usual distance of two frames. */
  interval: number;
  /** What it had reached when the current source was entered. */
  floor: number;
  /** M of the current source's last frame; -Infinity before its first. */
  own: number;
  sentIdentity: string | null;
}

/**
 * Joins inputs into one program (docs/failover.md, "Program time"). One rule places every frame:
 *
 *     out(track) = max(last out(track) + 1, M(dts))
 *
 * A source is entered at a keyframe of its recent past that lies at or before what viewers have seen. Video from there up
 * to what they have seen comes in steps of 1 ms, and is there only to make the rest decodable; sound up to there is left
 * out; what follows stands at its own time, so nothing is missing and nothing is late.
 */
export class Splicer {
  measure: SpliceMeasure = { videoHoleMs: null, audioHoleMs: null, squeezedFrames: 0 };
  private readonly put: (packet: ProgramPacket) => void;
  private readonly video: TrackState = newTrack();
  private readonly audio: TrackState = newTrack();
  private readonly extras: ExtraTracks;
  private awaitsKeyframe = true;
  private endsWithKeyframe = false;
  /** That of the last video header. */
  private videoConfig: VideoConfig | null = null;
  /** The configuration that must stand in front of the next keyframe. */
  private inBandDue: VideoConfig | null = null;
  private metadataSent = '';

  constructor(put: (packet: ProgramPacket) => void) {
    this.put = put;
    this.extras = new ExtraTracks(put);
  }

  /** Program time up to which viewers have seen pictures (or, without any, heard sound); -Infinity at the start. */
  get reached(): number {
    return this.video.last === Number.NEGATIVE_INFINITY ? this.audio.last : this.video.last;
  }

  reachedOn(track: 'video' | 'audio'): number {
    return this[track].last;
  }

  /**
   * Changes to another source. `entry` is the GOP to begin with; without one it is chosen: the last that begins at or
   * before what viewers have seen, or else the earliest there is, and the hole is measured.
   */
  enter(source: SpliceSource, entry = this.chooseEntry(source)): void {
    this.measure = { videoHoleMs: null, audioHoleMs: null, squeezedFrames: 0 };
    this.awaitsKeyframe = true;
    for (const track of [this.video, this.audio]) {
      track.floor = track.last;
      track.own = Number.NEGATIVE_INFINITY;
    }
    const time = Math.max(
      this.reached + 1,
      entry === undefined ? Number.NEGATIVE_INFINITY : beginning(entry),
    );
    if (Number.isFinite(time)) this.put({ kind: 'splice', time, source: source.name });
    if (source.metadata !== null) this.putMetadata(source.metadata, time);
    const { video, audio, extras } = entry?.headers ?? NO_HEADERS;
    if (video !== null) {
      this.putHeader(video, time);
      // Two IDR pictures in a row must differ in their id (H.264, 7.4.3), and those of two encoders may not: VLC then
      // takes them for one, unless parameter sets part them.
      if (this.endsWithKeyframe) this.inBandDue = video;
    }
    if (audio !== null) this.putHeader(audio, time);
    this.extras.enter(extras, time, { video: this.video.last, audio: this.audio.last });
    if (entry === undefined) return;
    let hasBegun = false;
    for (const gop of source.buffer.gops) {
      hasBegun ||= gop === entry;
      for (const p of gop.packets) if (hasBegun || this.isSoundToFillWith(p)) this.packet(p);
    }
  }

  /** One packet of the source that is on air. */
  packet(p: InputPacket): void {
    const { track, config } = p.packet;
    if (config !== null) this.putHeader(config, Math.max(this[config.track].last, programTime(p)));
    else if (track === 'video') this.putVideo(p);
    else if (track === 'audio') this.putAudio(p);
    else if (track === 'extra') this.extras.packet(p);
    else if (programTime(p) > Math.max(this.video.floor, this.audio.floor)) {
      this.put({ kind: 'data', time: programTime(p), payload: p.packet.payload });
    }
  }

  putMetadata(metadata: Metadata, time = this.reached): void {
    if (!Number.isFinite(time)) return;
    const text = JSON.stringify(metadata);
    if (text === this.metadataSent) return;
    this.metadataSent = text;
    this.put({ kind: 'metadata', time, metadata });
  }

  private chooseEntry({ buffer }: SpliceSource): Gop | undefined {
    if (this.reached === Number.NEGATIVE_INFINITY) return buffer.gops.at(-1);
    return (
      buffer.lastBeginningBy(this.reached - ENTRY_MARGIN_MS) ??
      buffer.lastBeginningBy(this.reached) ??
      buffer.gops[0]
    );
  }

  /** Sound in front of the entry keyframe may be what viewers have not heard: where it lagged behind the pictures. */
  private isSoundToFillWith({ packet }: InputPacket): boolean {
    const isSound = packet.track === 'audio' || packet.extra?.medium === 'audio';
    return isSound && !isHeader(packet) && Number.isFinite(this.audio.floor);
  }

  private putVideo(p: InputPacket): void {
    const { keyframe, cts, ctsOffset, payload, modEx } = p.packet;
    if (this.awaitsKeyframe && !keyframe) return;
    this.awaitsKeyframe = false;
    this.endsWithKeyframe = keyframe;
    const due = keyframe ? this.inBandDue : null;
    if (due !== null) this.inBandDue = null;
    const own = programTime(p);
    const time = Math.max(this.video.last + 1, own);
    if (time > own) this.measure.squeezedFrames += 1;
    this.measure.videoHoleMs ??= holeBefore(this.video, own);
    advance(this.video, own, time);
    this.put({
      kind: 'frame',
      track: 'video',
      time,
      // A squeezed frame is shown when it was due, or at once if that has passed: PTS >= DTS either way.
      cts: Math.max(0, own + cts - time),
      ctsOffset,
      keyframe,
      payload: due === null ? payload : withParameterSets(p.packet, due),
      ...(modEx && { modEx }),
      ...(keyframe && due === null && this.videoConfig && { config: this.videoConfig }),
    });
  }

  private putAudio(p: InputPacket): void {
    const own = programTime(p);
    if (own <= this.audio.floor) {
      this.audio.own = own;
      return;
    }
    this.measure.audioHoleMs ??= holeBefore(this.audio, own);
    const time = Math.max(this.audio.last + 1, own);
    advance(this.audio, own, time);
    const { ctsOffset, payload, implied, modEx } = p.packet;
    if (implied !== undefined) this.putHeader(implied, time);
    const frame = { time, cts: 0, ctsOffset, keyframe: false, payload, ...(modEx && { modEx }) };
    this.put({ kind: 'frame', track: 'audio', ...frame });
  }

  /** Sends a codec configuration, unless viewers have the same one. */
  private putHeader(config: CodecConfig, time: number): void {
    const state = this[config.track];
    if (config.track === 'video') this.videoConfig = config;
    if (config.identity === state.sentIdentity) return;
    if (config.track === 'video' && state.sentIdentity !== null) this.inBandDue = config;
    state.sentIdentity = config.identity;
    this.put({ kind: 'header', track: config.track, time, config });
  }
}

function newTrack(): TrackState {
  const never = Number.NEGATIVE_INFINITY;
  return { last: never, interval: 0, floor: never, own: never, sentIdentity: null };
}

/**
 * Missing media time in front of the first frame beyond the floor; null while frames are not beyond it yet. Where the
 * source has a frame at or before the floor, its own distance of frames is all there is.
 */
function holeBefore({ floor, interval, own }: TrackState, next: number): number | null {
  if (floor === Number.NEGATIVE_INFINITY || own > floor) return 0;
  if (next <= floor) return null;
  return own === Number.NEGATIVE_INFINITY ? Math.max(0, next - floor - interval) : 0;
}

function advance(state: TrackState, own: number, time: number): void {
  // Squeezed frames say nothing about the usual distance.
  if (time === own && own - state.last < 1_000) state.interval = own - state.last;
  state.own = own;
  state.last = time;
}
