import type { MetricsClock } from './every-second.ts';
import { type BatchDatum, batchOf } from './metric-batch.ts';
import { type Datum, metricData } from './metric-data.ts';
import type { MetricsLog } from './metrics-log.ts';
import { type Failure, failureOf } from './send-failure.ts';
import type { Snapshot } from './snapshot.ts';

// States of the reporter:
//
//   waiting -[INTERVAL_SECONDS snapshots]▶ sending
//   sending -[delivered]▶ sends the next batch, or waiting where there is none
//   sending -[refused, unreachable, or CALL_TIMEOUT_MS]▶ waiting; the batch goes back to the front of the queue
//   any -[stop]▶ sends what is left, for STOP_TIMEOUT_MS at most ▶ stopped
//
// There is one call at a time. The queue holds MAX_BATCHES; what is too much is dropped, the oldest first.

export const INTERVAL_SECONDS = 5;
/** Less than the interval: a silent endpoint does not hold up the next batch. */
export const CALL_TIMEOUT_MS = 4_000;
/** Half a minute of metrics; older ones are of no use to an alarm. */
export const MAX_BATCHES = 6;
export const STOP_TIMEOUT_MS = 2_000;
const LOG_AGAIN_MS = 60_000;

/** Makes the calls. */
export interface MetricSender {
  /** Rejects where the data was not taken; settles soon after `signal` aborts. */
  send(data: readonly BatchDatum[], signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface CloudWatchReporterOptions {
  readonly clock: MetricsClock;
  readonly sender: MetricSender;
  readonly log: MetricsLog;
}

/** What became of the calls, since the host started. */
export interface ReporterFigures {
  readonly takenCalls: number;
  readonly failedCalls: number;
  readonly droppedData: number;
  readonly waitingBatches: number;
}

/**
 * Sends the metrics of each second, five seconds in a call. A call that ran out of time may have been taken all the
 * same, and is repeated: sums can then be too high, but no second is missing that an alarm waits for.
 */
export class CloudWatchReporter {
  private readonly options: CloudWatchReporterOptions;
  private previous: Snapshot | null = null;
  private seconds: Datum[][] = [];
  private readonly queue: Array<readonly BatchDatum[]> = [];
  private call: AbortController | null = null;
  private sending: Promise<void> | null = null;
  private isStopped = false;
  private isFailing = false;
  private loggedAt = Number.NEGATIVE_INFINITY;
  private takenCalls = 0;
  private failedCalls = 0;
  private droppedData = 0;

  constructor(options: CloudWatchReporterOptions) {
    this.options = options;
  }

  get figures(): ReporterFigures {
    const { takenCalls, failedCalls, droppedData } = this;
    return { takenCalls, failedCalls, droppedData, waitingBatches: this.queue.length };
  }

  /** Takes the snapshot of a second. Never waits. */
  take(snapshot: Snapshot): void {
    if (this.isStopped) return;
    this.seconds.push(metricData(snapshot, this.previous));
    this.previous = snapshot;
    if (this.seconds.length < INTERVAL_SECONDS) return;
    this.enqueue();
    this.send();
  }

  /** Sends what is left, once, and ends. Resolves after STOP_TIMEOUT_MS at the latest. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    if (this.seconds.length > 0) this.enqueue();
    this.send();
    const { clock, sender } = this.options;
    let cancel = (): void => {};
    const timeIsUp = new Promise<void>((resolve) => {
      cancel = clock.after(STOP_TIMEOUT_MS, () => {
        for (const batch of this.queue.splice(0)) this.droppedData += batch.length;
        this.call?.abort();
        resolve();
      });
    });
    await Promise.race([this.sending ?? Promise.resolve(), timeIsUp]);
    cancel();
    sender.close();
  }

  private enqueue(): void {
    this.queue.push(batchOf(this.seconds));
    this.seconds = [];
    this.bound();
  }

  private send(): void {
    this.sending ??= this.sendAll().finally(() => {
      this.sending = null;
    });
  }

  private async sendAll(): Promise<void> {
    for (let batch = this.queue.shift(); batch !== undefined; batch = this.queue.shift()) {
      const failure = await this.sendOne(batch);
      this.note(failure);
      if (failure === null) continue;
      this.queue.unshift(batch);
      this.bound();
      return;
    }
  }

  private async sendOne(batch: readonly BatchDatum[]): Promise<Failure | null> {
    const call = new AbortController();
    const cancel = this.options.clock.after(CALL_TIMEOUT_MS, () => call.abort());
    this.call = call;
    try {
      await this.options.sender.send(batch, call.signal);
      return null;
    } catch (error) {
      return call.signal.aborted ? { what: 'no answer in time', fix: '' } : failureOf(error);
    } finally {
      cancel();
      this.call = null;
    }
  }

  private bound(): void {
    while (this.queue.length > MAX_BATCHES) this.droppedData += this.queue.shift()?.length ?? 0;
  }

  /** A line where it begins and ends, and one a minute in between. */
  private note(failure: Failure | null): void {
    const { clock, log } = this.options;
    const { droppedData } = this;
    if (failure === null) {
      this.takenCalls += 1;
      if (this.isFailing)
        log.info({ event: 'metrics', failing: false, droppedData }, 'metrics are taken again');
      this.isFailing = false;
      return;
    }
    this.failedCalls += 1;
    const now = clock.now();
    if (this.isFailing && now - this.loggedAt < LOG_AGAIN_MS) return;
    this.isFailing = true;
    this.loggedAt = now;
    const { what, fix } = failure;
    log.warn(
      { event: 'metrics', failing: true, what, droppedData },
      `CloudWatch takes no metrics: ${what}${fix === '' ? '' : `; ${fix}`}`,
    );
  }
}
