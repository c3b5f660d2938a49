import { gzipSync } from 'node:zlib';
import type { Cancel, Clock } from '../media/clock.ts';
import type { Program, ProgramListener } from '../program/program.ts';
import type { ProgramPacket } from '../program/program-packet.ts';
import { HlsAudience } from './hls-audience.ts';
import { playlistOf } from './playlist.ts';
import { SegmentWindow, targetSeconds, type WindowOptions } from './segment-window.ts';
import { Segmenter } from './segmenter.ts';

export interface HlsStreamOptions extends WindowOptions {
  /** More requests than this do not wait at a time. */
  readonly maxWaiting: number;
  readonly clock: Clock;
  /** The number of viewers has changed: before the first one gets anything. */
  readonly onAudience: () => void;
}

interface Waiting {
  readonly isSo: () => boolean;
  readonly done: (isSo: boolean) => void;
  readonly cancelTimeout: Cancel;
}

/** One program as HLS: its last segments, its playlist, and the requests that wait for what comes next. */
export class HlsStream implements ProgramListener {
  readonly audience: HlsAudience;
  readonly window: SegmentWindow;
  private readonly options: HlsStreamOptions;
  private readonly segmenter: Segmenter;
  private readonly waiting = new Set<Waiting>();
  /** The playlist, until it changes. */
  private readonly encoded: { plain: Buffer | null; gzip: Buffer | null } = { plain: null, gzip: null };
  private isCheckDue = false;

  constructor(program: Pick<Program, 'subscribe'>, options: HlsStreamOptions) {
    this.options = options;
    this.window = new SegmentWindow(options);
    this.segmenter = new Segmenter(options, {
      begin: (start) => this.change(() => this.window.begin(start)),
      part: (part) => this.change(() => this.window.part(part)),
      end: () => this.change(() => this.window.end()),
    });
    this.audience = new HlsAudience(this.waitMs, options.onAudience);
    program.subscribe(this);
  }

  get viewers(): number {
    return this.audience.size;
  }

  /** Longer than this no request waits (RFC 8216bis, 6.2.5.2). */
  get waitMs(): number {
    return 3_000 * targetSeconds(this.options);
  }

  /** Players can begin. */
  get isReady(): boolean {
    return this.window.listed.some(({ isComplete }) => isComplete);
  }

  packet(packet: ProgramPacket): void {
    this.segmenter.packet(packet);
    // Even a segment alone is more than may be held.
    if (this.window.heldBytes > this.options.limitBytes) {
      this.segmenter.rejoin();
      this.change(() => this.window.clear());
    }
  }

  /** The program rests: whoever comes next begins with what it puts out when it wakes. */
  reset(): void {
    this.segmenter.reset();
    this.change(() => this.window.clear());
  }

  /** Made once for all who ask before it changes. */
  playlist(coding: 'plain' | 'gzip'): Buffer {
    const { encoded } = this;
    encoded.plain ??= Buffer.from(playlistOf(this.window, this.options));
    if (coding === 'plain') return encoded.plain;
    encoded.gzip ??= gzipSync(encoded.plain);
    return encoded.gzip;
  }

  /** Whether the playlist has part `part` of segment `number`, or anything behind it; without `part`, the whole segment. */
  reaches(number: number, part: number | null): boolean {
    const { last } = this.window;
    if (last === undefined) return false;
    if (part === null) return last.number > number || (last.number === number && last.isComplete);
    const here = this.window.segment(number);
    // Behind the last part of a complete segment comes the first one of the next.
    return last.number > number
      ? last.number > number + 1 || last.parts.length > 0 || (here?.parts.length ?? 0) > part
      : (here?.parts.length ?? 0) > part;
  }

  /** It is announced as the next part, and not there yet. */
  isComing(number: number, part: number): boolean {
    const { last } = this.window;
    return last?.number === number && !last.isComplete && last.parts.length === part;
  }

  /**
   * Calls `done` with true once `isSo`, and with false after `waitMs`, or at once where too many wait. Never after it was
   * cancelled.
   */
  wait(isSo: () => boolean, done: (isSo: boolean) => void): Cancel {
    if (isSo() || this.waiting.size >= this.options.maxWaiting) {
      done(isSo());
      return () => {};
    }
    const waiting: Waiting = {
      isSo,
      done,
      cancelTimeout: this.options.clock.after(this.waitMs, () => this.finish(waiting, false)),
    };
    this.waiting.add(waiting);
    return () => {
      waiting.cancelTimeout();
      this.waiting.delete(waiting);
    };
  }

  /** Ends all waits. */
  close(): void {
    for (const waiting of [...this.waiting]) this.finish(waiting, false);
  }

  /** Those who wait are answered at the end of the turn, when a segment that ends has been followed by the next. */
  private change(task: () => void): void {
    task();
    this.encoded.plain = null;
    this.encoded.gzip = null;
    if (this.isCheckDue || this.waiting.size === 0) return;
    this.isCheckDue = true;
    this.options.clock.soon(() => {
      this.isCheckDue = false;
      for (const waiting of [...this.waiting]) if (waiting.isSo()) this.finish(waiting, true);
    });
  }

  private finish(waiting: Waiting, isSo: boolean): void {
    if (!this.waiting.delete(waiting)) return;
    waiting.cancelTimeout();
    waiting.done(isSo);
  }
}
