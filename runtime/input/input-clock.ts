import { unwrapTimestamp } from '../media/timestamp.ts';
import type { Anchor, ClockReading, PacketClock, ReanchorCause } from './packet-clock.ts';

/** The clock settles on the least delayed packet of this window: at the start, and after a stall. */
const SETTLE_MS = 1_000;
/** After a stall, being later than before by more than this means that the encoder's clock stood still meanwhile. */
const MAX_LATE_AFTER_STALL_MS = 200;
/** A packet cannot come before it was made: one that seems to, by more than this, has a timestamp that is wrong. */
const MAX_EARLY_MS = 1_000;
/** The same, where its track leapt by more than this too: frames that are missing leap, but do not come early. */
const MAX_LEAP_MS = 100;
/** A track that goes back by more than this was restarted; less is a packet out of order. */
const MAX_BACK_MS = 100;
/** Where even the least delayed packet of a whole window is this late, the encoder's clock is what is wrong. */
const MAX_LATE_MS = 2_000;
/** Where a jump leaves less than this between the media before and behind it, the media itself went on. */
const MAX_CONTINUITY_GAP_MS = 500;
const MAX_CONTINUITY_EARLY_MS = 200;

// Drift: the least delay of each second, over ten seconds, steers the offset. 4 ms at a keyframe follow an encoder
// that is wrong by 400 ppm with a GOP of 10 s, and a step of 4 ms in the spacing of frames cannot be seen.
const DRIFT_WINDOW_SECONDS = 10;
const MAX_STEP_MS = 4;
const DEAD_BAND_MS = 2;

/** More re-anchors than this in ten seconds: the timestamps run away. */
const MAX_REANCHORS = 4;
const REANCHOR_WINDOW_MS = 10_000;

interface TrackTimes {
  time: number;
  interval: number;
}

/**
 * Maps an input's DTS to program time (docs/failover.md, "Program time"). Three rules:
 * the least delayed packets decide where the clock stands; it is steered slowly, at keyframes, by the least delay of the
 * last seconds; and where timestamps are not continuous it starts a new stretch at once.
 *
 *   settling (nobody shows the input) -[SETTLE_MS]▶ settled -[the input stalled and comes back]▶ settling
 */
export class InputClock implements PacketClock {
  private anchor: Anchor | null = null;
  /** When the clock may be relied on; null once it is. */
  private settlesAt: number | null = null;
  /** The first stretch is moved while it settles: nobody has seen it. Later ones have been seen. */
  private isFirst = true;
  private leastWhileSettling = Number.POSITIVE_INFINITY;
  private lastDts = 0;
  private readonly tracks = new Map<string, TrackTimes>();
  /** Least (arrival - dts) of each second, newest last. */
  private readonly delays: Array<{ second: number; least: number }> = [];
  /** The least of a whole window, as of the last full second; -Infinity before there was one. */
  private leastOfWindow = Number.NEGATIVE_INFINITY;
  private lastSteeredAt = 0;
  /** The last ones, as many as it takes to run away. */
  private readonly reanchoredAt: number[] = [];

  /** Whether M can be relied on. */
  get isSettled(): boolean {
    return this.anchor !== null && this.settlesAt === null;
  }

  /** The input comes back after a stall: looks anew where its clock stands, before anybody shows it. */
  settle(now: number): void {
    this.settlesAt = now + SETTLE_MS;
    this.leastWhileSettling = Number.POSITIVE_INFINITY;
  }

  /** Whether the timestamps jump about so much that no mapping holds. */
  isRunningAway(now: number): boolean {
    const [oldest = 0] = this.reanchoredAt;
    return this.reanchoredAt.length > MAX_REANCHORS && now - oldest < REANCHOR_WINDOW_MS;
  }

  /**
   * Where the last frame stood. For headers and data, which encoders stamp with 0 or whatever they like, and which
   * say nothing about the clock.
   */
  get last(): Pick<ClockReading, 'dts' | 'anchor'> | null {
    return this.anchor === null ? null : { dts: this.lastDts, anchor: this.anchor };
  }

  /** Reads the clock for one frame that arrived at `now`. `steer`: a keyframe, where the offset may change. */
  read(track: string, timestamp: number, steer: boolean, now: number): ClockReading {
    if (this.anchor === null) {
      this.anchor = { offset: Math.floor(now - timestamp) };
      this.lastDts = timestamp;
      this.settle(now);
    }
    const dts = unwrapTimestamp(timestamp, this.lastDts);
    this.lastDts = dts;
    const before = this.anchor.offset;
    const cause = this.reanchor(track, dts, now) ?? this.settleOn(dts, now);
    this.noteDelay(dts, now);
    if (steer && cause === null) this.steer(now);
    this.noteTime(track, dts + this.anchor.offset);
    const { anchor } = this;
    return { dts, anchor, reanchored: cause && { cause, byMs: anchor.offset - before } };
  }

  private reanchor(track: string, dts: number, now: number): ReanchorCause | null {
    const anchor = this.anchor as Anchor;
    const last = this.tracks.get(track);
    const time = dts + anchor.offset;
    let cause: ReanchorCause | null = null;
    const early = time - now;
    const leap = last === undefined ? 0 : time - last.time - last.interval;
    if (early > MAX_EARLY_MS || (early > MAX_LEAP_MS && leap > MAX_LEAP_MS)) cause = 'jumped-ahead';
    else if (last !== undefined && last.time - time > MAX_BACK_MS) cause = 'went-back';
    else if (this.leastOfWindow - anchor.offset > MAX_LATE_MS) cause = 'fell-behind';
    if (cause === null) return null;

    const continued = last === undefined ? now : last.time + last.interval;
    const mediaWentOn = now - continued < MAX_CONTINUITY_GAP_MS && continued - now < MAX_CONTINUITY_EARLY_MS;
    this.startStretch(Math.floor(mediaWentOn ? continued : now) - dts);
    this.reanchoredAt.push(now);
    if (this.reanchoredAt.length > MAX_REANCHORS + 1) this.reanchoredAt.shift();
    return cause;
  }

  /** While it settles, and at the end of that. */
  private settleOn(dts: number, now: number): ReanchorCause | null {
    if (this.settlesAt === null || this.anchor === null) return null;
    this.leastWhileSettling = Math.min(this.leastWhileSettling, Math.floor(now - dts));
    if (this.isFirst) this.anchor.offset = Math.min(this.anchor.offset, this.leastWhileSettling);
    if (now < this.settlesAt) return null;
    this.settlesAt = null;
    this.isFirst = false;
    if (this.leastWhileSettling - this.anchor.offset <= MAX_LATE_AFTER_STALL_MS) return null;
    this.startStretch(this.leastWhileSettling);
    return 'fell-behind';
  }

  private startStretch(offset: number): void {
    this.anchor = { offset };
    this.delays.length = 0;
    this.leastOfWindow = Number.NEGATIVE_INFINITY;
    this.tracks.clear();
  }

  private noteDelay(dts: number, now: number): void {
    const second = Math.floor(now / 1_000);
    const newest = this.delays.at(-1);
    if (newest?.second === second) newest.least = Math.min(newest.least, now - dts);
    else {
      this.leastOfWindow = this.leastDelay(DRIFT_WINDOW_SECONDS);
      this.delays.push({ second, least: now - dts });
      if (this.delays.length > DRIFT_WINDOW_SECONDS) this.delays.shift();
    }
  }

  /** The least (arrival - dts) on record; -Infinity where there are fewer than `seconds` of it. */
  private leastDelay(seconds: number): number {
    if (this.delays.length < seconds) return Number.NEGATIVE_INFINITY;
    return this.delays.reduce((least, delay) => Math.min(least, delay.least), Number.POSITIVE_INFINITY);
  }

  private steer(now: number): void {
    const anchor = this.anchor as Anchor;
    if (!this.isSettled || now - this.lastSteeredAt < 1_000) return;
    const error = this.leastDelay(DRIFT_WINDOW_SECONDS / 2) - anchor.offset;
    if (!Number.isFinite(error) || Math.abs(error) <= DEAD_BAND_MS) return;
    this.lastSteeredAt = now;
    const step = Math.round(Math.max(-MAX_STEP_MS, Math.min(MAX_STEP_MS, error)));
    this.anchor = { offset: anchor.offset + step };
  }

  private noteTime(track: string, time: number): void {
    const last = this.tracks.get(track);
    if (last === undefined) this.tracks.set(track, { time, interval: 0 });
    else {
      // A frame's usual interval, for the place of the packet behind a jump.
      if (time > last.time) last.interval = time - last.time;
      last.time = time;
    }
  }
}
