import { createHash } from 'node:crypto';
import type { Part, SegmentSink, SegmentStart } from './segmenter.ts';

/** An init segment, named by its content: it can be kept for ever, and hosts that show the same name it the same. */
export interface Init {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly tag: string;
  readonly bytes: Buffer;
}

export interface Segment {
  readonly number: number;
  /** The end of its name and of those of its parts, so that nobody guesses them; empty where anybody may. */
  readonly tag: string;
  readonly startMs: number;
  /** In force for it. */
  readonly init: Init;
  readonly isDiscontinuity: boolean;
  /** The program put nothing out for as long as this number stands for. */
  readonly isGap: boolean;
  readonly parts: readonly Part[];
  readonly durationMs: number;
  readonly isComplete: boolean;
}

export interface WindowOptions {
  readonly segmentMs: number;
  readonly partMs: number;
  /** The least number of complete segments in the playlist. */
  readonly segments: number;
  /** More than this of one program is not held: the oldest go. */
  readonly limitBytes: number;
  /** What is added to a name so that nobody guesses it, the same on all hosts. Default: nothing. */
  readonly tagOf?: ((name: string) => string) | null;
}

/** However short they are, no more segments are in a playlist. */
const MAX_LISTED = 100;
/** More missing segments than this are no gap: nobody was there to see what was before. */
const MAX_GAPS = 10;

/** No segment lasts longer (docs/hls.md), so this is the target duration, in seconds (RFC 8216bis, 4.4.3.1). */
export function targetSeconds({ segmentMs }: Pick<WindowOptions, 'segmentMs'>): number {
  return Math.ceil((2 * segmentMs) / 1_000);
}

/**
 * The last segments of one program: those in the playlist, and as many that have left it, for players that are behind.
 * Whether one is in the playlist depends on those behind it alone, so its first number never falls.
 */
export class SegmentWindow implements SegmentSink {
  /** Discontinuities that have left the playlist (RFC 8216bis, 4.4.3.3). */
  discontinuitySequence = 0;
  private readonly options: WindowOptions;
  private kept: MutableSegment[] = [];
  /** How many of `kept` have left the playlist. */
  private left = 0;
  private bytes = 0;

  constructor(options: WindowOptions) {
    this.options = options;
  }

  /** What is in the playlist; the last one may not be complete. */
  get listed(): readonly Segment[] {
    return this.kept.slice(this.left);
  }

  get last(): Segment | undefined {
    return this.kept.at(-1);
  }

  /** Bytes of all segments that are held, each with its init segment. */
  get heldBytes(): number {
    return this.bytes;
  }

  segment(number: number): Segment | undefined {
    // Numbers are consecutive.
    return this.kept[number - (this.kept[0]?.number ?? 0)];
  }

  init(id: string): Init | undefined {
    return this.kept.find(({ init }) => init.id === id)?.init;
  }

  begin({ number, startMs, init, isDiscontinuity }: SegmentStart): void {
    this.fillGap(number);
    const inForce = this.last?.init;
    this.kept.push({
      number,
      tag: this.tagOf(`segment-${number}`),
      startMs,
      init: inForce?.bytes === init ? inForce : this.newInit(init),
      isDiscontinuity,
      isGap: false,
      parts: [],
      durationMs: 0,
      isComplete: false,
    });
    this.bytes += init.length;
  }

  part(part: Part): void {
    const open = this.kept.at(-1);
    if (open === undefined) return;
    open.parts.push(part);
    open.durationMs += part.durationMs;
    this.bytes += part.bytes.length;
    while (this.bytes > this.options.limitBytes && this.kept.length > 1) this.dropOldest();
  }

  end(): void {
    const open = this.kept.at(-1);
    if (open !== undefined) open.isComplete = true;
    this.leavePlaylist();
  }

  /** Nothing that is held goes on: the next segment begins a new list, with numbers that go on. */
  clear(): void {
    while (this.kept.length > 0) this.dropOldest();
  }

  /** A number for which there is no media still has its place in the list (RFC 8216bis, 4.4.4.7). */
  private fillGap(next: number): void {
    const { last, options } = this;
    if (last === undefined) return;
    if (next - last.number > MAX_GAPS) {
      this.clear();
      return;
    }
    for (let number = last.number + 1; number < next; number += 1) {
      this.kept.push({
        number,
        tag: this.tagOf(`segment-${number}`),
        startMs: number * options.segmentMs,
        init: last.init,
        isDiscontinuity: false,
        isGap: true,
        parts: [],
        durationMs: options.segmentMs,
        isComplete: true,
      });
      this.bytes += last.init.bytes.length;
      this.leavePlaylist();
    }
  }

  /** A playlist holds three target durations, or more (RFC 8216bis, 6.2.2), and no less than `segments`. */
  private leavePlaylist(): void {
    const leastMs = 3_000 * targetSeconds(this.options);
    let listedMs = this.kept.slice(this.left).reduce((sum, { durationMs }) => sum + durationMs, 0);
    for (;;) {
      const first = this.kept[this.left];
      const count = this.kept.length - this.left;
      if (first === undefined || count <= this.options.segments) break;
      if (listedMs - first.durationMs < leastMs && count <= MAX_LISTED) break;
      this.leave(first);
      listedMs -= first.durationMs;
    }
    while (this.left > this.kept.length - this.left) this.dropOldest();
  }

  private newInit(bytes: Buffer): Init {
    const id = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    return { id, tag: this.tagOf(`init-${id}`), bytes };
  }

  private tagOf(name: string): string {
    return this.options.tagOf?.(name) ?? '';
  }

  private leave({ isDiscontinuity }: Segment): void {
    this.left += 1;
    if (isDiscontinuity) this.discontinuitySequence += 1;
  }

  private dropOldest(): void {
    const oldest = this.kept[0];
    if (oldest === undefined) return;
    if (this.left === 0) this.leave(oldest);
    this.kept.shift();
    this.left -= 1;
    this.bytes -= oldest.parts.reduce((sum, { bytes }) => sum + bytes.length, oldest.init.bytes.length);
  }
}

type MutableSegment = Omit<Segment, 'parts' | 'durationMs' | 'isComplete'> & {
  readonly parts: Part[];
  durationMs: number;
  isComplete: boolean;
};
