/** The real SDK client against an endpoint on the loopback address. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CloudWatchReporter, INTERVAL_SECONDS } from '../../runtime/metrics/cloudwatch-reporter.ts';
import { CloudWatchSender } from '../../runtime/metrics/cloudwatch-sender.ts';
import { type BatchDatum, batchOf } from '../../runtime/metrics/metric-batch.ts';
import { metricData } from '../../runtime/metrics/metric-data.ts';
import { type Answer, CloudWatchEndpoint } from '../support/cloudwatch-endpoint.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';
import { collectedHeapBytes } from '../support/heap.ts';
import { until } from '../support/until.ts';
import { inputFigures, programFigures, snapshotOf } from './snapshots.ts';

let endpoint: CloudWatchEndpoint;
let sender: CloudWatchSender;
let undo: () => void;
beforeEach(async () => {
  endpoint = new CloudWatchEndpoint();
  await endpoint.open();
  undo = endpoint.intoEnvironment();
  sender = new CloudWatchSender({ region: undefined, namespace: 'Show/Test' });
});
afterEach(async () => {
  sender.close();
  undo();
  await endpoint.close();
  expect(endpoint.problems).toEqual([]);
});

const NEVER = new AbortController().signal;

function batch(programs = 1): BatchDatum[] {
  const all = Array.from({ length: programs }, (_, n) => programFigures({ name: `camera${n}`, viewers: n }));
  const inputs = [inputFigures()];
  return batchOf([0, 1, 2, 3, 4].map((n) => secondOf(n)));
  function secondOf(n: number) {
    return metricData(snapshotOf({ second: EPOCH + n * 1_000, programs: all, inputs }), null);
  }
}

describe('on the wire', () => {
  it('a datum has its second, value, unit, dimensions and resolution, and nothing else', async () => {
    await sender.send(batch(), NEVER);
    const [call] = endpoint.puts;
    expect(call?.namespace).toBe('Show/Test');
    expect(call?.authorization).toMatch(/Credential=\w+\/\d{8}\/eu-central-1\/monitoring\/aws4_request/);
    expect(call?.data).toHaveLength(5 * 11);
    expect(call?.data.find(({ MetricName }) => MetricName === 'InputBitrate')).toEqual({
      MetricName: 'InputBitrate',
      Dimensions: [
        { Name: 'Deployment', Value: 'show' },
        { Name: 'Input', Value: 'master/camera1' },
      ],
      Timestamp: EPOCH / 1_000,
      Value: 2_128,
      Unit: 'Kilobits/Second',
      StorageResolution: 1,
    });
  });

  it('many data are compressed, and too many are folded into statistics', async () => {
    await sender.send(batch(30), NEVER);
    await sender.send(batch(45), NEVER);
    const [many, tooMany] = endpoint.puts;
    expect(many).toMatchObject({ isCompressed: true });
    expect(many?.data).toHaveLength(5 * (30 * 6 + 5));
    expect(tooMany).toMatchObject({ isCompressed: true });
    expect(tooMany?.data).toHaveLength(45 * 6 + 5);
    const viewers = tooMany?.data.filter(({ MetricName }) => MetricName === 'Viewers').at(9);
    expect(viewers).toMatchObject({
      Timestamp: EPOCH / 1_000,
      StatisticValues: { SampleCount: 5, Sum: 45, Minimum: 9, Maximum: 9 },
    });
    expect(viewers).not.toHaveProperty('Value');
  });

  it('one connection is kept for all calls', async () => {
    for (let index = 0; index < 5; index += 1) {
      await sender.send(batch(), NEVER);
      expect(endpoint.sockets.size).toBe(1);
    }
    sender.close();
    await until('the connection to end', () => endpoint.sockets.size === 0);
  });

  it.each<[Answer]>([['silent'], ['stuck']])('a call is given up when told: %s', async (how) => {
    endpoint.answers.set('show', how);
    const call = new AbortController();
    const sent = sender.send(batch(), call.signal);
    const failed = expect(sent).rejects.toThrow();
    await until('the call', () => endpoint.puts.length === 1);
    call.abort();
    await failed;
    await until('the connection to end', () => endpoint.sockets.size === 0);
  });

  it.each<[Answer, RegExp]>([
    ['failed', /InternalServiceFault/],
    ['throttled', /ThrottlingException/],
  ])('a call that is refused is tried twice: %s', async (how, name) => {
    endpoint.answers.set('show', how);
    await expect(sender.send(batch(), NEVER)).rejects.toMatchObject({
      name: expect.stringMatching(name),
    });
    expect(endpoint.puts).toHaveLength(2);
    expect(endpoint.mostInFlight.get('show')).toBe(1);
  });
});

it('an endpoint that is gone costs no memory, whatever the SDK does', async () => {
  await endpoint.close();
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = { info: () => {}, warn: (_fields: object, text: string) => lines.push(text) };
  const reporter = new CloudWatchReporter({ clock, sender, log });
  const programs = Array.from({ length: 20 }, (_, n) => programFigures({ name: `camera${n}` }));
  const intervals = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const { failedCalls } = reporter.figures;
      for (let second = 0; second < INTERVAL_SECONDS; second += 1) {
        clock.advance(1_000);
        reporter.take(snapshotOf({ second: clock.now(), programs }));
      }
      await until('a refused call', () => reporter.figures.failedCalls > failedCalls);
    }
  };
  await intervals(20);
  const before = collectedHeapBytes();
  await intervals(100);
  // A batch is some 200 kB: were any kept, this would be 20 MB.
  expect(collectedHeapBytes() - before).toBeLessThan(3_000_000);
  // Which error it was gets lost here: to the SDK in Jest's context, a socket's error is no Error.
  expect(lines[0]).toMatch(/^CloudWatch takes no metrics: /);
  await reporter.stop();
}, 60_000);
