import { afterEach, describe, expect, it } from '@jest/globals';
import {
  CALL_TIMEOUT_MS,
  CloudWatchReporter,
  INTERVAL_SECONDS,
  MAX_BATCHES,
  type MetricSender,
  STOP_TIMEOUT_MS,
} from '../../runtime/metrics/cloudwatch-reporter.ts';
import { everySecond } from '../../runtime/metrics/every-second.ts';
import type { BatchDatum } from '../../runtime/metrics/metric-batch.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';
import { collectedHeapBytes } from '../support/heap.ts';
import { inputFigures, programFigures, snapshotOf } from './snapshots.ts';

/** An endpoint whose answers a test gives. */
class FakeSender implements MetricSender {
  readonly batches: Array<readonly BatchDatum[]> = [];
  inFlight = 0;
  mostInFlight = 0;
  closed = 0;
  answer: (signal: AbortSignal) => Promise<void> = async () => {};

  async send(data: readonly BatchDatum[], signal: AbortSignal): Promise<void> {
    this.batches.push(data);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await this.answer(signal);
    } finally {
      this.inFlight -= 1;
    }
  }

  close(): void {
    this.closed += 1;
  }
}

const refuses = async (): Promise<void> => {
  throw Object.assign(new Error('token=SECRET'), {
    name: 'ThrottlingException',
    $metadata: { httpStatusCode: 400 },
  });
};
const isSilent = (signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

const cancels: Array<() => void> = [];
afterEach(() => {
  for (const cancel of cancels.splice(0)) cancel();
});

/** A reporter that takes a snapshot every second of a fake clock. */
function start(startAt = EPOCH) {
  const clock = new FakeClock(startAt);
  const sender = new FakeSender();
  const lines: Array<{ level: string; text: string; at: number; [name: string]: unknown }> = [];
  const add = (level: string) => (fields: object, text: string) =>
    lines.push({ level, text, at: (clock.now() - EPOCH) / 1_000, ...fields });
  const reporter = new CloudWatchReporter({ clock, sender, log: { info: add('info'), warn: add('warn') } });
  const stopSampling = everySecond(clock, (second) => reporter.take(snapshotOf({ second })));
  cancels.push(stopSampling);
  /** Moves the clock second by second, and lets promises settle after each. */
  const seconds = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      clock.advance(1_000);
      await settled();
    }
  };
  return { clock, sender, lines, reporter, seconds, stopSampling };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const secondsIn = (batch: readonly BatchDatum[] | undefined): number[] => [
  ...new Set(batch?.map(({ second }) => (second - EPOCH) / 1_000)),
];

describe('the reporter', () => {
  it('sends five seconds in a call, each second once', async () => {
    const { sender, seconds, lines } = start();
    await seconds(4);
    expect(sender.batches).toHaveLength(0);
    await seconds(11);
    expect(sender.batches.map(secondsIn)).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
      [10, 11, 12, 13, 14],
    ]);
    expect(lines).toEqual([]);
  });

  it('tries what was refused again, with the next interval, in order', async () => {
    const { sender, seconds, reporter } = start();
    sender.answer = refuses;
    await seconds(10);
    expect(sender.batches.map((batch) => secondsIn(batch)[0])).toEqual([0, 0]);
    sender.answer = async () => {};
    await seconds(5);
    expect(sender.batches.slice(2).map((batch) => secondsIn(batch)[0])).toEqual([0, 5, 10]);
    expect(reporter.figures).toEqual({
      takenCalls: 3,
      failedCalls: 2,
      droppedData: 0,
      waitingBatches: 0,
    });
    expect(sender.mostInFlight).toBe(1);
  });

  it('drops the oldest where it cannot deliver, and counts it', async () => {
    const { sender, seconds, reporter } = start();
    sender.answer = refuses;
    const intervals = MAX_BATCHES + 3;
    await seconds(intervals * INTERVAL_SECONDS);
    const perBatch = sender.batches[0]?.length ?? 0;
    expect(perBatch).toBe(5 * (3 + 6 + 2));
    expect(reporter.figures).toEqual({
      takenCalls: 0,
      failedCalls: intervals,
      droppedData: 3 * perBatch,
      waitingBatches: MAX_BATCHES,
    });
    sender.answer = async () => {};
    await seconds(INTERVAL_SECONDS);
    const delivered = sender.batches.slice(intervals).map((batch) => secondsIn(batch)[0]);
    // One more had to go for the newest.
    expect(delivered).toEqual([20, 25, 30, 35, 40, 45]);
    expect(reporter.figures.droppedData).toBe(4 * perBatch);
  });

  it('gives up a call after its time-out, and has one in flight at most', async () => {
    const { sender, seconds, reporter, clock } = start();
    sender.answer = isSilent;
    await seconds(5);
    expect(sender.inFlight).toBe(1);
    clock.advance(CALL_TIMEOUT_MS - 1);
    await settled();
    expect(reporter.figures.failedCalls).toBe(0);
    clock.advance(1);
    await settled();
    expect(reporter.figures.failedCalls).toBe(1);
    expect(sender.inFlight).toBe(0);
    await seconds(30);
    expect(sender.mostInFlight).toBe(1);
  });

  it('begins no second call where one does not even end with its time-out', async () => {
    const { sender, seconds, reporter } = start();
    sender.answer = () => new Promise(() => {});
    await seconds(600);
    expect(sender.batches).toHaveLength(1);
    expect(reporter.figures.waitingBatches).toBe(MAX_BATCHES);
  });

  it('logs where failing begins and ends, and once a minute in between, without what the service said', async () => {
    const { sender, seconds, lines } = start();
    sender.answer = refuses;
    await seconds(130);
    sender.answer = async () => {};
    await seconds(60);
    expect(lines.map(({ level, at, failing }) => ({ level, at, failing }))).toEqual([
      { level: 'warn', at: 5, failing: true },
      { level: 'warn', at: 65, failing: true },
      { level: 'warn', at: 125, failing: true },
      { level: 'info', at: 135, failing: false },
    ]);
    expect(lines[0]?.text).toBe('CloudWatch takes no metrics: ThrottlingException, HTTP 400');
    expect(JSON.stringify(lines)).not.toContain('SECRET');
  });
});

describe('the end of the reporter', () => {
  it('sends what is left, once, and closes', async () => {
    const { sender, seconds, reporter, clock, stopSampling } = start();
    await seconds(7);
    stopSampling();
    await reporter.stop();
    expect(sender.batches.map(secondsIn)).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6],
    ]);
    expect(sender.closed).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    await reporter.stop();
    reporter.take(snapshotOf());
    await settled();
    expect(sender.batches).toHaveLength(2);
  });

  it('sends what an earlier call could not deliver', async () => {
    const { sender, seconds, reporter } = start();
    sender.answer = refuses;
    await seconds(5);
    sender.answer = async () => {};
    await reporter.stop();
    expect(sender.batches.slice(1).map(secondsIn)).toEqual([[0, 1, 2, 3, 4]]);
  });

  it.each([
    ['silent', isSilent],
    ['deaf even to the time-out', () => new Promise<void>(() => {})],
  ])('is bounded in time where the endpoint is %s', async (_name, answer) => {
    const { sender, seconds, reporter, clock } = start();
    sender.answer = answer;
    await seconds(12);
    const { length } = sender.batches;
    let isOver = false;
    const over = reporter.stop().then(() => {
      isOver = true;
    });
    clock.advance(STOP_TIMEOUT_MS - 1);
    await settled();
    expect(isOver).toBe(false);
    clock.advance(1);
    await over;
    await settled();
    expect(sender.batches.length).toBeLessThanOrEqual(length + 1);
    expect(sender.closed).toBe(1);
  });
});

describe('an endpoint that is gone for hours', () => {
  const big = {
    inputs: Array.from({ length: 23 }, (_, n) => inputFigures({ name: `master/camera${n}` })),
    programs: Array.from({ length: 20 }, (_, n) => programFigures({ name: `camera${n}` })),
  };

  it.each([
    ['refusing', refuses],
    ['silent', isSilent],
  ])(
    'costs no memory: %s',
    async (_name, answer) => {
      const clock = new FakeClock();
      const sender = new FakeSender();
      const log = { info: () => {}, warn: () => {} };
      const reporter = new CloudWatchReporter({ clock, sender, log });
      sender.answer = answer;
      const intervals = async (count: number): Promise<void> => {
        for (let index = 0; index < count; index += 1) {
          for (let second = 0; second < INTERVAL_SECONDS; second += 1) {
            clock.advance(1_000);
            reporter.take(snapshotOf({ second: clock.now(), ...big }));
          }
          await settled();
          // The test's own record must not be what grows.
          sender.batches.length = 0;
        }
      };
      await intervals(50);
      const before = collectedHeapBytes();
      await intervals(1_500);
      const grown = collectedHeapBytes() - before;
      // A batch of it is some 300 kB: if any were kept beyond the bound, this would be hundreds of megabytes.
      expect(grown).toBeLessThan(1_000_000);
      expect(reporter.figures.waitingBatches).toBeLessThanOrEqual(MAX_BATCHES);
      expect(clock.pendingTimers).toBeLessThanOrEqual(1);
    },
    60_000,
  );
});
