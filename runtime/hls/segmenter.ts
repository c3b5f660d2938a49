import type { AudioConfig, VideoConfig } from '../media/packet.ts';
import type { ProgramPacket } from '../program/program-packet.ts';
import { fragment, initSegment, type Sample, type TimedSample } from './fmp4.ts';
import { isPackaged, mediaOf } from './sample-entry.ts';

type Frame = Extract<ProgramPacket, { kind: 'frame' }>;
type TrackName = 'video' | 'audio';

/** Takes segments as they are made: `begin`, then at least one `part`, then `end`. */
export interface SegmentSink {
  begin(segment: SegmentStart): void;
  part(part: Part): void;
  end(): void;
}

export interface SegmentStart {
  readonly number: number;
  /** Program time, ms. */
  readonly startMs: number;
  readonly init: Buffer;
  /** Its media does not go on where that of the segment before it ended, or is of other codecs. */
  readonly isDiscontinuity: boolean;
}

export interface Part {
  /** A movie fragment. */
  readonly bytes: Buffer;
  readonly durationMs: number;
  /** Holds a place where decoding can start. */
  readonly isIndependent: boolean;
}

export interface SegmenterOptions {
  readonly segmentMs: number;
  readonly partMs: number;
}

/** A track that stays away for so long is not waited for: it does not lead, and its last frame ends. */
const SILENT_MS = 1_000;
/** What a frame lasts of which nothing is known. */
const UNKNOWN_FRAME_MS = 20;
/** No segment has as many parts: the fragments' numbers rise from part to part and from segment to segment. */
const FRAGMENT_NUMBERS = 1_024;
/** Pictures of a source whose first one is shown late make up for it: so much of their distances is left. */
const CATCH_UP = 1 / 8;
/** No part of pictures that a switch ends is shorter: as a frame usually is, and longer than a frame of sound. */
const LEAST_PART_MS = 33;
/** The sound of a part begins no later behind its pictures, but after a switch. */
const FRAME_OF_SOUND_MS = 24;

interface OpenSegment {
  readonly number: number;
  readonly startMs: number;
  /** The track whose frames say where segments and parts end. */
  readonly lead: TrackName;
  /** The program time that it may not go beyond. */
  readonly limitMs: number;
  parts: number;
  partStartMs: number;
}

/**
 * Cuts a program's packets into segments and parts, by program time alone, so that hosts that put out the same packets
 * cut them alike (docs/hls.md):
 *
 * - Segment n begins with the first keyframe at or after n * segmentMs. If there is none before (n + 1) * segmentMs, it
 *   begins with the last frame before that. So no segment is longer than 2 * segmentMs, and numbers are consecutive.
 * - Another codec configuration, a hole, and pictures that come or go end a segment early: a break. The next one has the
 *   next number, and is longer, until numbers and program time are in step again. It is a discontinuity, unless only the
 *   configuration is another: players then go on with the same timeline, to the millisecond.
 * - A part ends before it would be longer than partMs. The last one of a segment may be shorter, but for one that a switch ends: that
 *   lasts as long as a frame, also where a source is cut off 1 ms after a part has ended, and the next pictures give way to it, in steps
 *   of 1 ms. hls.js looks for what comes next by time, and is off by as much as the sound of a part begins behind its pictures: what is
 *   shorter than that, it passes over, or stands still behind. So a segment that is broken off as soon as it has begun lasts longer
 *   than the part before it was late with its sound.
 *
 * Who begins in mid-stream cannot know whether a keyframe is the first of its multiple, and waits for the next multiple.
 * A frame is held until the next one tells how long it lasts.
 */
export class Segmenter {
  private readonly options: SegmenterOptions;
  private readonly sink: SegmentSink;
  private readonly tracks = { video: new TrackSamples(), audio: new TrackSamples() };
  private video: VideoConfig | null = null;
  private audio: AudioConfig | null = null;
  private init: Buffer | null = null;
  private open: OpenSegment | null = null;
  /** How the last segment ended; null where what comes has nothing to do with it. */
  private ended: { readonly endMs: number; readonly lead: TrackName; readonly codecs: string } | null = null;
  private lastNumber = Number.NEGATIVE_INFINITY;
  /** The multiple in which it began to listen; null before the first frame. */
  private joinedAt: number | null = null;
  private isJoining = true;
  /** No picture comes before this. */
  private floorMs = Number.NEGATIVE_INFINITY;
  private lastVideoMs = Number.NEGATIVE_INFINITY;
  /** By how much the sound of the last part begins behind its pictures. */
  private soundLateMs = 0;
  /** Another source has begun, and its first picture has not come. */
  private isSpliced = false;
  /** When the first picture of the source was due, and how much later it was shown. */
  private late = { dueMs: 0, lateMs: 0 };

  constructor(options: SegmenterOptions, sink: SegmentSink) {
    this.options = options;
    this.sink = sink;
  }

  packet(packet: ProgramPacket): void {
    if (packet.kind === 'header') this.configure(packet);
    else if (packet.kind === 'frame') this.frame(packet);
    else if (packet.kind === 'splice') this.isSpliced = true;
  }

  /** What comes next has nothing to do with what came before, headers included. The open segment is not completed. */
  reset(): void {
    this.rejoin();
    this.video = null;
    this.audio = null;
    this.init = null;
  }

  /** Leaves the open segment as it is, and begins anew with the next multiple. */
  rejoin(): void {
    this.open = null;
    this.ended = null;
    this.floorMs = Number.NEGATIVE_INFINITY;
    this.isJoining = true;
    this.joinedAt = null;
    this.lastVideoMs = Number.NEGATIVE_INFINITY;
    for (const track of Object.values(this.tracks)) track.clear();
  }

  private configure({ config, time }: Extract<ProgramPacket, { kind: 'header' }>): void {
    this.breakOff(time);
    this.init = null;
    const usable = isPackaged(config);
    if (config.track === 'video') this.video = usable ? config : null;
    else this.audio = usable ? config : null;
  }

  private frame(frame: Frame): void {
    const { track, payload, ctsOffset } = frame;
    const time = track === 'video' ? this.placeOf(frame) : frame.time;
    const config = this[track];
    if (config === null) return;
    const due = frame.time + frame.cts;
    const cts = Math.max(0, (track === 'video' ? this.shownAt(due, time) : due) - time);
    const isSync = track === 'audio' || frame.keyframe;
    const sample = { time, cts, isSync, data: mediaOf(config, payload, ctsOffset) };
    if (track === 'video') {
      this.lastVideoMs = time;
      this.floorMs = time + 1;
    }
    const lead = this.leadAt(time);
    if (track === lead) this.cutBefore(sample, lead);
    this.tracks[track].push(sample);
    // What the segments have that it comes too late for.
    if (this.isJoining) this.tracks[track].taken = [];
  }

  /** When a picture is decoded: the first one of another source leaves the segment that it ends a last part that is long enough. */
  private placeOf({ time }: Frame): number {
    const placed = Math.max(time, this.floorMs);
    const { open } = this;
    return this.isSpliced && open !== null && this.multipleOf(placed) > open.number
      ? this.longEnough(open, placed)
      : placed;
  }

  /** Where a segment ends that would at `endMs`. Sound alone has no frames that short. */
  private longEnough({ lead, partStartMs, limitMs }: OpenSegment, endMs: number): number {
    const heldMs = this.tracks.video.held?.time ?? partStartMs;
    const isAlone = endMs - partStartMs > this.options.partMs || endMs >= limitMs;
    return lead === 'video' ? Math.max(endMs, (isAlone ? heldMs : partStartMs) + LEAST_PART_MS) : endMs;
  }

  /**
   * When a picture is shown that is due then, and decoded at `time`. Players have pictures of the source before that are due behind the
   * first one of another source. MSE would take those out for its sake, with all that was decoded behind them (Media Source
   * Extensions, 3.5.8): a hole of several pictures, across which Chromium does not always play. So those that no part has yet are shown
   * before it, and it is shown behind the others; the next ones make up for that.
   */
  private shownAt(due: number, time: number): number {
    if (this.isSpliced) this.beginAnother(due, time);
    const { dueMs, lateMs } = this.late;
    const since = due - dueMs;
    return since < 0 || since * (1 - CATCH_UP) > lateMs ? due : dueMs + lateMs + since * CATCH_UP;
  }

  private beginAnother(due: number, time: number): void {
    const { video } = this.tracks;
    const firstMs = Math.max(due, time, video.shownMs + 1 + video.countBehind(due));
    video.showBefore(firstMs);
    this.late = { dueMs: due, lateMs: firstMs - due };
    this.isSpliced = false;
  }

  private leadAt(time: number): TrackName {
    return this.video !== null && time - this.lastVideoMs <= SILENT_MS ? 'video' : 'audio';
  }

  /** Ends what has to end before the lead track's next frame is added. */
  private cutBefore(next: Sample, lead: TrackName): void {
    const held = this.tracks[lead].held;
    if (held === null || this.open?.lead !== lead || next.time - held.time > this.options.partMs) {
      this.breakOff(next.time);
      this.begin(next, lead);
      return;
    }
    if (next.time >= this.open.limitMs) {
      this.end(held.time);
      this.openAt(held.time, lead, false);
    }
    this.cutPart(this.open, held.time, next.time);
    if (next.isSync && this.multipleOf(next.time) > this.open.number) {
      this.tracks[lead].complete(next.time);
      this.end(next.time);
      this.openAt(next.time, lead, false);
    }
  }

  private cutPart(open: OpenSegment, heldMs: number, nextMs: number): void {
    const { partMs } = this.options;
    if (nextMs - open.partStartMs > partMs) this.putPart(open, heldMs);
    if (nextMs - open.partStartMs === partMs) {
      this.tracks[open.lead].complete(nextMs);
      this.putPart(open, nextMs);
    }
  }

  /** The first segment, or the first one after a break. */
  private begin(first: Sample, lead: TrackName): void {
    if (this.isJoining) {
      const multiple = this.multipleOf(first.time);
      this.joinedAt ??= multiple;
      if (!first.isSync || multiple <= this.joinedAt) return;
      this.isJoining = false;
      this.tracks[lead].clear();
    }
    this.openAt(first.time, lead, this.lastNumber !== Number.NEGATIVE_INFINITY && !this.goesOn(first, lead));
  }

  private goesOn(first: Sample, lead: TrackName): boolean {
    const { ended } = this;
    return ended?.endMs === first.time && ended.lead === lead && ended.codecs === this.codecs;
  }

  private get codecs(): string {
    return `${this.video?.codec} ${this.audio?.codec}`;
  }

  private openAt(startMs: number, lead: TrackName, isDiscontinuity: boolean): void {
    const { segmentMs } = this.options;
    const number = Math.max(this.lastNumber + 1, this.multipleOf(startMs));
    this.lastNumber = number;
    const limitMs = Math.min(startMs, number * segmentMs) + 2 * segmentMs;
    this.open = { number, startMs, lead, limitMs, parts: 0, partStartMs: startMs };
    this.init ??= initSegment({ video: this.video, audio: this.audio });
    this.sink.begin({ number, startMs, init: this.init, isDiscontinuity });
  }

  /** The media ends here: with what is held, as long as frames usually are, or up to `nextMs` if that is near. */
  private breakOff(nextMs: number): void {
    const { open } = this;
    if (open === null) return;
    const lead = this.tracks[open.lead];
    const heldMs = lead.held?.time ?? open.partStartMs;
    const { partMs } = this.options;
    const isNear = nextMs > heldMs && nextMs - heldMs <= partMs;
    const isLate = open.lead === 'video' && open.parts === 0 && this.soundLateMs > FRAME_OF_SOUND_MS;
    const leastMs = isLate ? open.startMs + this.soundLateMs + LEAST_PART_MS : heldMs;
    const endMs = this.longEnough(open, Math.max(leastMs, isNear ? nextMs : heldMs + lead.usualMs));
    this.floorMs = endMs;
    if (endMs - open.partStartMs > partMs) this.putPart(open, heldMs);
    lead.complete(endMs);
    for (const track of Object.values(this.tracks)) track.complete();
    this.tracks.video.showBefore(endMs);
    this.end(endMs);
    for (const track of Object.values(this.tracks)) track.clear();
  }

  private end(endMs: number): void {
    if (this.open === null) return;
    this.putPart(this.open, endMs);
    this.ended = { endMs, lead: this.open.lead, codecs: this.codecs };
    this.open = null;
    this.sink.end();
  }

  private putPart(open: OpenSegment, endMs: number): void {
    const { video, audio } = this.tracks;
    const lead = this.tracks[open.lead].taken;
    if (lead.length === 0) return;
    const other = open.lead === 'video' ? audio : video;
    if (other.held !== null && endMs - other.held.time > SILENT_MS) other.complete();
    const number = (open.number * FRAGMENT_NUMBERS + open.parts) % 2 ** 32;
    const bytes = fragment({ video: video.taken, audio: audio.taken }, number);
    for (const { time, cts } of video.taken) video.shownMs = Math.max(video.shownMs, time + cts);
    this.soundLateMs = Math.max(0, (audio.taken[0]?.time ?? open.partStartMs) - open.partStartMs);
    const isIndependent = lead.some(({ isSync }) => isSync);
    this.sink.part({ bytes, durationMs: endMs - open.partStartMs, isIndependent });
    open.parts += 1;
    open.partStartMs = endMs;
    video.taken = [];
    audio.taken = [];
  }

  private multipleOf(time: number): number {
    return Math.floor(time / this.options.segmentMs);
  }
}

/** The frames of one track that no part has yet. */
class TrackSamples {
  /** Their durations are known. */
  taken: TimedSample[] = [];
  /** The last one: how long it lasts, the next one tells. */
  held: Sample | null = null;
  usualMs = UNKNOWN_FRAME_MS;
  /** The last that is shown of those that are in parts. */
  shownMs = Number.NEGATIVE_INFINITY;

  push(sample: Sample): void {
    this.complete(sample.time);
    this.held = sample;
  }

  /** The held one ends here; without a time, after as long as frames last on this track. */
  complete(endMs?: number): void {
    if (this.held === null) return;
    const durationMs = endMs === undefined ? this.usualMs : endMs - this.held.time;
    this.taken.push({ ...this.held, durationMs });
    this.usualMs = durationMs;
    this.held = null;
  }

  /** How many are shown at `endMs` or later. */
  countBehind(endMs: number): number {
    return this.all.filter(({ time, cts }) => time + cts >= endMs).length;
  }

  private get all(): readonly Sample[] {
    return this.held === null ? this.taken : [...this.taken, this.held];
  }

  /**
   * Moves up what would be shown at `endMs` or later, in the order in which it would be. hls.js takes the pictures' times for
   * those of a part: where its only picture is shown beyond its end, it looks for the next part in vain.
   */
  showBefore(endMs: number): void {
    // What is in parts is shown before them.
    const stepMs = endMs > this.shownMs ? Math.min(1, (endMs - this.shownMs) / (this.all.length + 1)) : 1;
    let nextMs = endMs;
    for (const sample of this.all.toSorted((a, b) => b.time + b.cts - a.time - a.cts)) {
      if (sample.time + sample.cts < nextMs) return;
      nextMs = Math.max(sample.time, nextMs - stepMs);
      const cts = nextMs - sample.time;
      if (sample === this.held) this.held = { ...sample, cts };
      else this.taken = this.taken.map((one) => (one === sample ? { ...one, cts } : one));
    }
  }

  clear(): void {
    this.taken = [];
    this.held = null;
    this.usualMs = UNKNOWN_FRAME_MS;
  }
}
