import { expect } from '@jest/globals';
import { type PlayedStream, playStream } from '../../runtime/cli/stream-source.ts';
import { ViewerReporter } from '../../runtime/cli/viewer-report.ts';
import { LEAD_IN_MS } from '../../runtime/codec/flv-lead-in.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { unwrapTimestamp } from '../../runtime/media/timestamp.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';

/** A place in a track where media are missing. */
export interface Hole {
  readonly track: 'video' | 'audio';
  readonly holeMs: number;
  /** What is on air behind it. */
  readonly source: string;
}

/** Three frames of video: more than inputs' clocks differ by at a splice. */
const HOLE_MS = 100;

/** A player that keeps account, and notes each hole with its place. */
export class LoopViewer {
  readonly reporter = new ViewerReporter(clock.now());
  readonly holes: Hole[] = [];
  /** Why the stream ended; null while it goes on. */
  ended: string | null = null;
  /** Frames since what is on air was announced. */
  frames = 0;
  /** When the first frame of what is on air came, ms since the epoch. */
  firstFrameAt: number | null = null;
  private readonly first: string;
  private readonly last: { video: number | null; audio: number | null } = { video: null, audio: null };
  private stream: PlayedStream | null = null;

  /** `first`: what is on air when it joins. Only splices are announced. */
  constructor(first: string) {
    this.first = first;
  }

  async play(url: string): Promise<this> {
    this.stream = await playStream(url, clock, {
      packet: (packet) => this.packet(packet),
      data: (name, value) => {
        const before = this.source;
        this.reporter.data(name, value, clock.now());
        if (this.source === before) return;
        this.frames = 0;
        this.firstFrameAt = null;
      },
    });
    void this.stream.closed.then((reason) => {
      this.ended = reason;
    });
    return this;
  }

  get source(): string {
    return this.reporter.source ?? this.first;
  }

  /** Whether it has seen at least so many frames of a source. */
  sees(source: string, frames: number): boolean {
    return this.source === source && this.frames >= frames;
  }

  leave(): void {
    this.stream?.close();
  }

  private packet(packet: MediaPacket): void {
    const now = clock.now();
    this.reporter.packet(packet, now);
    if (packet.track === 'data' || packet.track === 'extra' || packet.config !== null) return;
    this.frames += 1;
    this.firstFrameAt ??= now;
    const { track, timestamp } = packet;
    const last = this.last[track];
    const time = last === null ? timestamp : unwrapTimestamp(timestamp, last);
    this.last[track] = time;
    // Over HTTP the first picture is dated early.
    const isSecondPicture = track === 'video' && this.reporter.report.video.frames === 2;
    const allowedMs = isSecondPicture ? HOLE_MS + LEAD_IN_MS : HOLE_MS;
    const holeMs = last === null ? 0 : time - last;
    if (holeMs > allowedMs) this.holes.push({ track, holeMs, source: this.source });
  }
}

/** Nobody was cut off, and what arrived was whole and in order. */
export function expectUnbroken(viewers: readonly LoopViewer[]): void {
  for (const { ended, reporter } of viewers) {
    expect(ended).toBeNull();
    const report = reporter.summary(clock.now());
    expect(report).toMatchObject({ framesBeforeHeaders: 0, splicesWithoutKeyframe: 0 });
    for (const { outOfOrder, ptsBeforeDts } of [report.video, report.audio]) {
      expect({ outOfOrder, ptsBeforeDts }).toEqual({ outOfOrder: 0, ptsBeforeDts: 0 });
    }
  }
}
