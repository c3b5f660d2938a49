import type { InputPacket } from '../../runtime/input/input-packet.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import type { SentFrame } from './simulated-encoder.ts';

/** What a viewer may be shown of a splice, in ms. */
export interface Budget {
  /** Largest step of each track: one frame of the slower source, and a step of the clock. */
  readonly video: number;
  readonly audio: number;
}

interface TrackState {
  last: number | null;
  headerIdentity: string | null;
}

const SETTLED_AFTER_MS = 1_000;
const SETTLED_TOLERANCE_MS = 5;

/**
 * Holds a program's output against what was promised to viewers, packet by packet. Knows each frame by its payload,
 * which a program passes on by reference.
 */
export class TimelineChecker {
  readonly breaches: string[] = [];
  frames = 0;
  extraFrames = 0;
  splices = 0;
  largestStep = { video: 0, audio: 0 };
  private readonly budget: Budget;
  private readonly now: () => number;
  private readonly sent = new Map<Buffer, SentFrame>();
  private readonly placed = new Map<Buffer, InputPacket>();
  private readonly tracks: Record<'video' | 'audio', TrackState> = {
    video: { last: null, headerIdentity: null },
    audio: { last: null, headerIdentity: null },
  };
  private readonly extras: Record<'video' | 'audio', TrackState> = {
    video: { last: null, headerIdentity: null },
    audio: { last: null, headerIdentity: null },
  };
  private awaitsKeyframe = true;
  private extraAwaitsKeyframe = true;
  private splicedAt = Number.NEGATIVE_INFINITY;
  private disturbedAt = Number.NEGATIVE_INFINITY;
  /** out - capture of the last frame of each track, since the last splice. */
  private lag: { video: number | null; audio: number | null } = { video: null, audio: null };

  constructor(budget: Budget, now: () => number) {
    this.budget = budget;
    this.now = now;
  }

  noteSent(frame: SentFrame): void {
    this.sent.set(frame.packet.payload, frame);
  }

  /** An input has placed a packet on program time. */
  notePlaced(p: InputPacket): void {
    if (p.packet.config === null) this.placed.set(p.packet.payload, p);
  }

  /** An encoder's timestamps were made to jump now: its clock needs a moment. */
  noteDisturbance(): void {
    this.disturbedAt = this.now();
    this.lag = { video: null, audio: null };
  }

  check(packet: ProgramPacket): void {
    if (packet.kind === 'splice') {
      this.splices += 1;
      this.splicedAt = this.now();
      this.awaitsKeyframe = true;
      this.extraAwaitsKeyframe = true;
      this.lag = { video: null, audio: null };
    } else if (packet.kind === 'header') this.checkHeader(packet);
    else if (packet.kind === 'frame') this.checkFrame(packet);
    else if (packet.kind === 'extra') this.checkExtra(packet);
  }

  /** Extra tracks are promised the same: order, headers, a keyframe first, and no hole where both sources have them. */
  private checkExtra({ time, cts, payload, extra }: Extract<ProgramPacket, { kind: 'extra' }>): void {
    const { medium, keyframe, config } = extra;
    const state = this.extras[medium];
    if (config !== null) {
      if (state.headerIdentity === config.identity) this.report('an identical extra header was sent twice');
      state.headerIdentity = config.identity;
      return;
    }
    this.extraFrames += 1;
    this.placed.delete(payload);
    if (state.headerIdentity === null) this.report(`extra ${medium} before its header`);
    if (cts < 0) this.report('PTS before DTS on an extra track');
    if (medium === 'video' && this.extraAwaitsKeyframe && !keyframe) {
      this.report('the first picture of an extra track after a splice is no keyframe');
    }
    if (medium === 'video') this.extraAwaitsKeyframe = false;
    const step = state.last === null ? 1 : time - state.last;
    if (step < 1) this.report(`extra ${medium} DTS went from ${state.last} by ${step}`);
    if (step > this.budget[medium]) this.report(`extra ${medium} hole: a step of ${step} ms`);
    state.last = time;
  }

  private checkHeader(packet: Extract<ProgramPacket, { kind: 'header' }>): void {
    const state = this.tracks[packet.track];
    if (state.headerIdentity === packet.config.identity) this.report('an identical header was sent twice');
    state.headerIdentity = packet.config.identity;
  }

  private checkFrame(packet: Extract<ProgramPacket, { kind: 'frame' }>): void {
    this.frames += 1;
    const { track, time } = packet;
    const state = this.tracks[track];
    if (!Number.isInteger(time)) this.report(`${track} at a fraction of a millisecond`);
    if (state.headerIdentity === null) this.report(`${track} frame before its header`);
    if (packet.cts < 0) this.report('PTS before DTS');
    if (track === 'video') {
      if (this.awaitsKeyframe && !packet.keyframe)
        this.report('the first video after a splice is no keyframe');
      this.awaitsKeyframe = false;
    }
    if (state.last !== null) {
      const step = time - state.last;
      this.largestStep[track] = Math.max(this.largestStep[track], step);
      if (step < 1) this.report(`${track} DTS went from ${state.last} by ${step}`);
      if (step > this.budget[track]) this.report(`${track} hole: a step of ${step} ms`);
    }
    state.last = time;
    this.checkPlace(packet);
  }

  /** A second after a splice, everything stands where the input's clock puts it, and sound stands with its picture. */
  private checkPlace({ track, time, payload }: Extract<ProgramPacket, { kind: 'frame' }>): void {
    const isSettled =
      this.now() - this.splicedAt > SETTLED_AFTER_MS && this.now() - this.disturbedAt > SETTLED_AFTER_MS;
    const placed = this.placed.get(payload);
    const sent = this.sent.get(payload);
    this.placed.delete(payload);
    this.sent.delete(payload);
    if (!isSettled || placed === undefined || sent === undefined) return;
    const own = placed.dts + placed.anchor.offset;
    if (Math.abs(time - own) > SETTLED_TOLERANCE_MS) {
      this.report(`${track} is ${time - own} ms off program time, a second after the splice`);
    }
    this.lag[track] = time - sent.capturedAt;
    const { video, audio } = this.lag;
    if (video !== null && audio !== null && Math.abs(video - audio) > SETTLED_TOLERANCE_MS) {
      this.report(`sound is ${Math.round(audio - video)} ms off its picture`);
    }
  }

  private report(text: string): void {
    if (this.breaches.length < 20) this.breaches.push(`${Math.round(this.now())}: ${text}`);
  }
}
