import { DrainWatch } from '../rtmp/drain-watch.ts';
import type { Batch } from './batch.ts';
import type { PacketFormat } from './packet-format.ts';

// States of a viewer:   waiting -[join or first entry batch]▶ flowing -[queue over its bound]▶ skipping
//                       skipping -[queue drained, at an entry batch]▶ flowing
//                       flowing -[select another format]▶ changing (flows in the old one) -[at an entry batch]▶ flowing
//                       any -[select nothing]▶ paused -[select a format]▶ skipping
//                       any -[stuck for STUCK ms, or the socket closes]▶ closed

/** The socket under a viewer, whatever it speaks. */
export interface ViewerSink {
  readonly address: string;
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly pendingBytes: number;
  write(bytes: Buffer): void;
  close(reason: string, cause: CloseCause): void;
  /** The program was not on air when this viewer came, and is now. Called before the first bytes. */
  onAir?(): void;
}

/** Writes what a viewer gets first in a way of its own; false once that is over, and bytes go to the sink as they are. */
export type Opening = (bytes: Buffer) => boolean;

/** Why a viewer is closed, as protocols tell it apart: it does not keep up, or there is nothing left to serve it. */
export type CloseCause = 'turned-out' | 'going-away';

export interface ViewerLimits {
  readonly queueLimitBytes: number;
  readonly stuckTimeoutMs: number;
}

/** A skipping viewer flows again once its queue is down to this share of its bound. */
const RESUME_SHARE = 0.25;
/** What a viewer holds of the headers whose format has changed. */
const NO_HEADERS = -1;

/** One viewer's place in a program: what it has been sent, and what is done when it does not keep up. */
export class ViewerQueue {
  /** How often it skipped to a keyframe. */
  skips = 0;
  private format: PacketFormat;
  readonly sink: ViewerSink;
  private readonly limits: ViewerLimits;
  private state: 'waiting' | 'flowing' | 'skipping' | 'changing' | 'paused' = 'waiting';
  /** Nothing was on air when it came, and nothing has been since. */
  private isEarly = true;
  /** The one it wants, from the next entry batch on. */
  private nextFormat: PacketFormat;
  private headersVersion = 0;
  private readonly drain: DrainWatch;
  /** Null once it is over: a way through it for all bytes is 6 % of what a viewer costs (docs/performance.md). */
  private opening: Opening | null;

  constructor(options: {
    readonly sink: ViewerSink;
    readonly format: PacketFormat;
    readonly limits: ViewerLimits;
    readonly now: number;
    readonly opening: Opening | null;
  }) {
    this.sink = options.sink;
    this.format = options.format;
    this.nextFormat = options.format;
    this.limits = options.limits;
    this.drain = new DrainWatch(options.now);
    this.opening = options.opening;
  }

  /** What was handed to its socket. */
  get writtenBytes(): number {
    return this.drain.writtenBytes;
  }

  /** Hands over the headers and the GOP in the air, to a viewer that just came. */
  join(headers: Batch, gop: Batch | null): void {
    this.isEarly = false;
    this.write(headers);
    if (gop === null) return;
    if (this.fits(gop)) {
      this.write(gop);
      this.state = 'flowing';
    }
  }

  /** Takes a batch, or drops it where the viewer does not keep up. `headers` are those in force now. */
  send(batch: Batch, headers: Batch): void {
    if (this.flow(batch)) return;
    if (this.state === 'flowing') this.skip();
    else this.begin(batch, headers);
  }

  /** Takes a batch where the viewer simply flows, and has room for it. False: it has not taken it. */
  flow(batch: Batch): boolean {
    if (this.state !== 'flowing' || !this.fits(batch)) return false;
    this.write(batch);
    return true;
  }

  /** What it wants from now on: nothing, at once; or another format, from the next entry batch on, with its headers. */
  select(format: PacketFormat | null): void {
    if (format !== null) this.nextFormat = format;
    if (format === null) this.state = 'paused';
    else if (this.state === 'paused') this.state = 'skipping';
    else if (this.state === 'flowing') this.state = 'changing';
  }

  /** Closes a viewer that has taken nothing for too long. Called about once a second. */
  checkStuck(now: number): void {
    const { stuckTimeoutMs } = this.limits;
    if (this.drain.stuckMs(this.sink.pendingBytes, now) >= stuckTimeoutMs) {
      this.sink.close(`stuck: took nothing for ${stuckTimeoutMs} ms`, 'turned-out');
    }
  }

  /** Takes a batch that does not simply flow: it may be where the viewer begins. */
  private begin(batch: Batch, headers: Batch): void {
    if (this.isEarly) this.sink.onAir?.();
    this.isEarly = false;
    const flows = this.state === 'changing';
    if (flows && !this.fits(batch)) this.skip();
    else if (flows && !batch.isEntry) this.write(batch);
    else if (batch.isEntry && this.isReady()) this.enter(batch, headers);
  }

  private enter(batch: Batch, headers: Batch): void {
    this.state = 'flowing';
    if (this.format !== this.nextFormat) this.headersVersion = NO_HEADERS;
    this.format = this.nextFormat;
    if (this.headersVersion !== batch.baseVersion) this.write(headers);
    this.write(batch);
  }

  private isReady(): boolean {
    if (this.state === 'skipping') {
      return this.sink.pendingBytes <= this.limits.queueLimitBytes * RESUME_SHARE;
    }
    return this.state !== 'paused';
  }

  private skip(): void {
    this.state = 'skipping';
    this.skips += 1;
  }

  /** One batch always fits into an empty queue: who keeps up is not punished for a keyframe beyond the bound. */
  private fits(batch: Batch): boolean {
    const { pendingBytes } = this.sink;
    return (
      pendingBytes === 0 || pendingBytes + batch.bytes(this.format).length <= this.limits.queueLimitBytes
    );
  }

  private write(batch: Batch): void {
    const bytes = batch.bytes(this.format);
    if (bytes.length === 0) return;
    this.headersVersion = batch.headersVersion;
    this.drain.wrote(bytes.length);
    if (this.opening === null) this.sink.write(bytes);
    else if (!this.opening(bytes)) this.opening = null;
  }
}
