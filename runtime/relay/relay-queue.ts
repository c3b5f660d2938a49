import { DrainWatch } from '../rtmp/drain-watch.ts';
import type { RelayBatch } from './relay-batch.ts';

/** The connection to one host, whoever opened it. */
export interface RelaySink {
  readonly address: string;
  readonly messageStreamId: number;
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly pendingBytes: number;
  write(bytes: Buffer): void;
  close(reason: string): void;
}

export interface RelayLimits {
  readonly queueLimitBytes: number;
  readonly stuckTimeoutMs: number;
}

/** A host that was behind goes on once its queue is down to this share of its bound. */
const RESUME_SHARE = 0.25;

/**
 * One host's place in a relay: what it has been sent, and what is done when the way there does not keep up.
 *
 *   waiting (for the publication to be fit to be shown) -[begin]▶ flowing -[queue over its bound]▶ skipping
 *   waiting -[begin, queue over its bound]▶ skipping
 *   skipping -[queue drained, at a keyframe]▶ flowing;   flowing, skipping -[another publication]▶ waiting
 */
export class RelayQueue {
  skips = 0;
  readonly sink: RelaySink;
  private readonly limits: RelayLimits;
  private readonly drain: DrainWatch;
  private state: 'waiting' | 'flowing' | 'skipping' = 'waiting';

  constructor(sink: RelaySink, limits: RelayLimits, now: number) {
    this.sink = sink;
    this.limits = limits;
    this.drain = new DrainWatch(now);
  }

  get writtenBytes(): number {
    return this.drain.writtenBytes;
  }

  /** Another publication: what follows of the last one is not for it. */
  wait(): void {
    this.state = 'waiting';
  }

  /**
   * Hands over the recent past; what comes next goes on from there. One that is behind begins at a keyframe instead, and gets
   * `mark`, so that it does not take what it has of another publication for this one's.
   */
  begin(past: RelayBatch, mark: RelayBatch): void {
    if (this.fits(past)) {
      this.write(past);
      this.state = 'flowing';
    } else {
      this.write(mark);
      this.state = 'skipping';
      this.skips += 1;
    }
  }

  /** There is no past to hand over: it begins at the next keyframe. */
  skip(): void {
    this.state = 'skipping';
  }

  /** `preamble`: what somebody needs who begins with this batch; null where nobody can. */
  send(batch: RelayBatch, preamble: RelayBatch | null): void {
    if (this.state === 'waiting') return;
    if (this.state === 'skipping') {
      if (preamble === null || this.sink.pendingBytes > this.limits.queueLimitBytes * RESUME_SHARE) return;
      this.state = 'flowing';
      this.write(preamble);
    } else if (!this.fits(batch)) {
      this.state = 'skipping';
      this.skips += 1;
      return;
    }
    this.write(batch);
  }

  /** Small, and due whatever the state of the queue. */
  tell(batch: RelayBatch): void {
    this.write(batch);
  }

  /** Closes a connection that takes nothing. Called about once a second. */
  checkStuck(now: number): void {
    const { stuckTimeoutMs } = this.limits;
    if (this.drain.stuckMs(this.sink.pendingBytes, now) >= stuckTimeoutMs) {
      this.sink.close(`stuck: took nothing for ${stuckTimeoutMs} ms`);
    }
  }

  /** One batch always fits into an empty queue: who keeps up is not punished for a GOP beyond the bound. */
  private fits(batch: RelayBatch): boolean {
    const { pendingBytes, messageStreamId } = this.sink;
    return (
      pendingBytes === 0 || pendingBytes + batch.bytes(messageStreamId).length <= this.limits.queueLimitBytes
    );
  }

  private write(batch: RelayBatch): void {
    const bytes = batch.bytes(this.sink.messageStreamId);
    this.drain.wrote(bytes.length);
    this.sink.write(bytes);
  }
}
