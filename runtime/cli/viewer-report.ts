import type { AmfValue } from '../codec/amf0.ts';
import { asSpliceCuePoint } from '../codec/data-message.ts';
import { LEAD_IN_MS } from '../codec/flv-lead-in.ts';
import type { CodecConfig, MediaPacket } from '../media/packet.ts';
import { unwrapTimestamp } from '../media/timestamp.ts';

/** What one track looked like to a viewer. Times in ms. */
export interface TrackReport {
  frames: number;
  bytes: number;
  /** The usual distance of two frames on the media timeline. */
  frameMs: number;
  largestStepMs: number;
  /** Missing media time: the largest step, beyond the usual one. */
  holeMs: number;
  /** How long ago the last frame came, on the wall clock. */
  silentMs: number;
  /** Frames whose DTS was not above the one before. */
  outOfOrder: number;
  /** Frames to be shown before they can be decoded. */
  ptsBeforeDts: number;
  codecs: string[];
}

export interface ViewerReport {
  elapsedMs: number;
  bytes: number;
  kbps: number;
  frameRate: number;
  /** From joining to the first video keyframe; null before there was one. */
  firstKeyframeMs: number | null;
  /** Splices as the program announced them, with their place on the media timeline. */
  switches: Array<{ source: string; timestamp: number; atMs: number }>;
  /** The longest that nothing arrived, on the wall clock. */
  largestGapMs: number;
  /** Splices whose first video frame was no keyframe. */
  splicesWithoutKeyframe: number;
  /** Frames that came before the header that they need. */
  framesBeforeHeaders: number;
  video: TrackReport;
  audio: TrackReport;
  /** The codec of each track beyond the default ones, by `video 1`; empty where its header has not come. */
  extraTracks: Record<string, string>;
}

/** A squeezed frame's step says nothing about the usual distance of frames. */
const SQUEEZED_STEP_MS = 2;

/** Watches a stream as a player would get it, and keeps account of all that a viewer could notice. */
export class ViewerReporter {
  /** The source that the last splice announced. */
  source: string | null = null;
  readonly report: ViewerReport;
  private readonly startedAt: number;
  private lastArrival: number | null = null;
  private readonly lastOn: { video: number | null; audio: number | null } = { video: null, audio: null };
  private readonly last = new Map<string, number>();
  private firstCts = 0;
  private readonly steps = { video: new Map<number, number>(), audio: new Map<number, number>() };
  private awaitsKeyframe = false;
  private impliedIdentity: string | null = null;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
    this.report = {
      elapsedMs: 0,
      bytes: 0,
      kbps: 0,
      frameRate: 0,
      firstKeyframeMs: null,
      switches: [],
      largestGapMs: 0,
      splicesWithoutKeyframe: 0,
      framesBeforeHeaders: 0,
      video: newTrackReport(),
      audio: newTrackReport(),
      extraTracks: {},
    };
  }

  data(name: string, value: AmfValue, now: number): void {
    const cuePoint = asSpliceCuePoint(name, value);
    if (cuePoint === null) return;
    const { source, timestamp } = cuePoint;
    // The first one says what a program began with.
    if (this.source !== null || this.lastArrival !== null) {
      this.report.switches.push({ source, timestamp, atMs: Math.round(now - this.startedAt) });
      this.awaitsKeyframe = true;
    }
    this.source = source;
  }

  packet(packet: MediaPacket, now: number): void {
    const { report } = this;
    if (packet.track === 'data') return;
    if (packet.track === 'extra') {
      this.noteExtra(packet);
      return;
    }
    const track = report[packet.track];
    if (packet.config !== null) {
      this.noteCodec(packet.config);
      return;
    }
    if (packet.implied !== undefined) this.noteCodec(packet.implied);
    this.noteArrival(packet, now);
    this.lastOn[packet.track] = now;
    track.frames += 1;
    track.bytes += packet.payload.length;
    if (track.codecs.length === 0) report.framesBeforeHeaders += 1;
    if (packet.cts < 0) track.ptsBeforeDts += 1;
    if (packet.track === 'video') this.noteVideo(packet, now);
    this.noteStep(packet.track, packet.timestamp);
  }

  /** The report as of `now`. */
  summary(now: number): ViewerReport {
    const { report } = this;
    report.elapsedMs = Math.round(now - this.startedAt);
    // A stream that has gone silent has a gap that no packet ends.
    this.noteGap(now);
    const seconds = Math.max(report.elapsedMs, 1) / 1_000;
    report.kbps = Math.round((report.bytes * 8) / 1_000 / seconds);
    report.frameRate = Math.round((report.video.frames / seconds) * 10) / 10;
    for (const track of ['video', 'audio'] as const) {
      const state = report[track];
      state.frameMs = mostFrequent(this.steps[track]);
      state.holeMs = Math.max(0, state.largestStepMs - state.frameMs);
      state.silentMs = Math.round(now - (this.lastOn[track] ?? now));
    }
    return report;
  }

  private noteCodec(config: CodecConfig): void {
    // Each frame of a codec without headers says the same.
    const isImplied = config.payload.length === 0;
    if (isImplied && config.identity === this.impliedIdentity) return;
    this.impliedIdentity = isImplied ? config.identity : null;
    this.report[config.track].codecs.push(describe(config));
  }

  private noteExtra({ extra }: MediaPacket): void {
    if (extra === undefined || extra.trackId === 0) return;
    const name = `${extra.medium} ${extra.trackId}`;
    this.report.extraTracks[name] ??= '';
    if (extra.config !== null) this.report.extraTracks[name] = describe(extra.config);
  }

  private noteArrival(packet: MediaPacket, now: number): void {
    const { report } = this;
    report.bytes += packet.payload.length;
    this.noteGap(now);
    this.lastArrival = now;
  }

  private noteGap(now: number): void {
    if (this.lastArrival === null) return;
    this.report.largestGapMs = Math.max(this.report.largestGapMs, Math.round(now - this.lastArrival));
  }

  private noteVideo(packet: MediaPacket, now: number): void {
    if (this.report.video.frames === 1) this.firstCts = packet.cts;
    if (packet.keyframe) this.report.firstKeyframeMs ??= Math.round(now - this.startedAt);
    if (this.awaitsKeyframe && !packet.keyframe) this.report.splicesWithoutKeyframe += 1;
    this.awaitsKeyframe = false;
  }

  private noteStep(name: 'video' | 'audio', timestamp: number): void {
    const track = this.report[name];
    const last = this.last.get(name);
    const time = last === undefined ? timestamp : unwrapTimestamp(timestamp, last);
    this.last.set(name, time);
    if (last === undefined) return;
    const step = time - last - this.leadInBefore(name, time - last);
    if (step <= 0) track.outOfOrder += 1;
    track.largestStepMs = Math.max(track.largestStepMs, step);
    if (step > SQUEEZED_STEP_MS) this.steps[name].set(step, (this.steps[name].get(step) ?? 0) + 1);
  }

  /** Behind the first picture, over HTTP, nothing is missing: it is dated early. */
  private leadInBefore(name: 'video' | 'audio', stepMs: number): number {
    const isSecondPicture = name === 'video' && this.report.video.frames === 2;
    return isSecondPicture && this.firstCts >= LEAD_IN_MS && stepMs > LEAD_IN_MS ? LEAD_IN_MS : 0;
  }
}

function newTrackReport(): TrackReport {
  return {
    frames: 0,
    bytes: 0,
    frameMs: 0,
    largestStepMs: 0,
    holeMs: 0,
    silentMs: 0,
    outOfOrder: 0,
    ptsBeforeDts: 0,
    codecs: [],
  };
}

function mostFrequent(counts: ReadonlyMap<number, number>): number {
  let [best, most] = [0, 0];
  for (const [step, count] of counts) if (count > most) [best, most] = [step, count];
  return best;
}

function describe(config: CodecConfig): string {
  const { codec, profile } = config;
  const figures =
    config.track === 'video'
      ? [config.width === 0 ? '' : `${config.width}x${config.height}`]
      : [`${config.sampleRate} Hz`, `${config.channels} ch`];
  return [codec, profile, ...figures].filter((part) => part !== '').join(' ');
}

/** A viewer may lose this much wall clock to a switch, beyond what the detection of a stall takes. */
export const SWITCH_BUDGET_MS = 150;

/** What in a report breaks the promise, in words; empty where all is well. `gapBudgetMs`: see SWITCH_BUDGET_MS. */
export function breaches(report: ViewerReport, gapBudgetMs: number): string[] {
  const found: string[] = [];
  for (const name of ['video', 'audio'] as const) {
    const track = report[name];
    if (track.frames === 0) continue;
    if (track.holeMs > track.frameMs) found.push(`${name}: ${track.holeMs} ms of media are missing`);
    if (track.silentMs > gapBudgetMs && report.largestGapMs <= gapBudgetMs) {
      found.push(`${name}: ended ${track.silentMs} ms before the rest`);
    }
    if (track.outOfOrder > 0) found.push(`${name}: ${track.outOfOrder} frames out of DTS order`);
    if (track.ptsBeforeDts > 0)
      found.push(`${name}: ${track.ptsBeforeDts} frames with a PTS before their DTS`);
  }
  if (report.video.frames + report.audio.frames === 0) found.push('no media arrived');
  if (report.splicesWithoutKeyframe > 0) {
    found.push(`${report.splicesWithoutKeyframe} splices without a keyframe`);
  }
  if (report.framesBeforeHeaders > 0) {
    found.push(`${report.framesBeforeHeaders} frames before their headers`);
  }
  if (report.largestGapMs > gapBudgetMs) {
    found.push(`nothing arrived for ${report.largestGapMs} ms, ${gapBudgetMs} allowed`);
  }
  return found;
}
