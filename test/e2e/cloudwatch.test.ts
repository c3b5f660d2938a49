/**
 * Whole hosts with encoders and viewers, and what they send to CloudWatch, as it comes over the wire. In real time: a
 * call comes every five seconds.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ViewerReporter } from '../../runtime/cli/viewer-report.ts';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { METRIC_DIMENSIONS, METRICS, type MetricName } from '../../runtime/contract/metric-names.ts';
import { playClip } from '../../runtime/media/clip.ts';
import { INTERVAL_SECONDS, MAX_BATCHES } from '../../runtime/metrics/cloudwatch-reporter.ts';
import { playRtmp, publishRtmp, type RtmpPublisher } from '../../runtime/rtmp/client.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { SECRETS } from '../support/aws/aws-endpoint.ts';
import { type Answer, CloudWatchEndpoint, type WireDatum } from '../support/cloudwatch-endpoint.ts';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { parsePrometheusText } from '../support/prometheus-text.ts';
import { until } from '../support/until.ts';

const WAIT_MS = 30_000;
const ASK_AGAIN_MS = 100;

/** A host with one master and one backup that both publish, and a viewer that keeps account. */
class Stage {
  readonly viewer = new ViewerReporter(clock.now());
  isViewerClosed = false;
  master!: RtmpPublisher;
  private site!: TestHost;
  private readonly undo: Array<() => void> = [];

  async start(changes: object): Promise<this> {
    stages.push(this);
    this.site = await startTestHost({
      masters: [{ name: 'camera1' }],
      backups: [{ name: 'spare' }],
      slate: false,
      metrics: { cloudWatch: {} },
      ...changes,
    });
    this.master = await this.encode('master/camera1', 'camera1');
    await until('the master on air', () => this.onAir === 'master/camera1', WAIT_MS);
    // Only now: under "sticky", who comes first stays.
    await this.encode('backup/spare', 'spare');
    const player = await playRtmp(
      this.site.rtmpUrl('camera1'),
      { clock },
      {
        packet: (packet) => this.viewer.packet(packet, clock.now()),
        data: (name, value) => this.viewer.data(name, value, clock.now()),
      },
    );
    void player.closed.then(() => {
      this.isViewerClosed = true;
    });
    this.undo.push(() => player.close());
    return this;
  }

  get onAir(): string | null {
    return this.site.host.control.programState('camera1')?.onAir ?? null;
  }

  get log(): ReadonlyArray<Record<string, unknown>> {
    return this.site.log;
  }

  /** What /metrics says. */
  async sample(name: string, labels: Record<string, string> = {}): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.site.host.ports.control}/metrics`);
    const family = parsePrometheusText(await response.text()).get(name);
    const found = family?.samples.find((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    return found?.value ?? Number.NaN;
  }

  async stop(): Promise<void> {
    for (const undo of this.undo.splice(0)) undo();
    await this.site?.host.stop('the test is over');
  }

  private async encode(input: string, clip: string): Promise<RtmpPublisher> {
    const publisher = await publishRtmp(this.site.publishUrl(input), { clock });
    const file = readFileSync(join(import.meta.dirname, `../../runtime/clips/${clip}.flv`));
    const stop = playClip(readClip(file), clock, {
      packet: (packet) => publisher.send(packet),
      metadata: (metadata) => publisher.sendMetadata(metadata),
    });
    this.undo.push(stop, () => publisher.close());
    void publisher.closed.then(stop);
    return publisher;
  }
}

const stages: Stage[] = [];
let endpoint: CloudWatchEndpoint;
let undoEnvironment: () => void;
beforeEach(async () => {
  endpoint = new CloudWatchEndpoint();
  await endpoint.open();
  undoEnvironment = endpoint.intoEnvironment();
});
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.stop()));
  undoEnvironment();
  await endpoint.close();
  expect(endpoint.problems).toEqual([]);
});

/** What identifies a series: its name and its dimensions. */
function seriesOf({ MetricName, Dimensions }: WireDatum): string {
  return [MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`)].join(' ');
}

/** Every series that the contract has for the given inputs and programs. */
function contractSeries(deployment: string, host: string, inputs: string[], programs: string[]): string[] {
  const values = { input: inputs, program: programs, host: [host] };
  return (Object.keys(METRICS) as MetricName[]).flatMap((metric) => {
    const { subject } = METRICS[metric];
    return values[subject].map((value) => {
      const names = { Deployment: deployment, Host: host, Input: value, Program: value };
      return [metric, ...METRIC_DIMENSIONS[subject].map((name) => `${name}=${names[name]}`)].join(' ');
    });
  });
}

describe('what a host sends to CloudWatch', () => {
  it('is every metric of the contract and nothing else, five seconds in a call', async () => {
    const failover = { stallTimeoutMs: 10_000, failbackHoldMs: 0 };
    const stage = await new Stage().start({ name: 'wire', failover });
    await until('a first call', () => endpoint.puts.length >= 1, WAIT_MS);
    stage.master.close();
    await until('the switch to the backup', () => stage.onAir === 'backup/spare', WAIT_MS);
    const data = (): WireDatum[] => endpoint.puts.flatMap((call) => call.data);
    await until(
      'the switch in a call',
      () => data().some(({ MetricName, Value }) => MetricName === 'ProgramOnBackup' && Value === 1),
      WAIT_MS,
    );
    await until('its hole', () => data().some(({ MetricName }) => MetricName === 'SwitchHole'), WAIT_MS);

    const series = [...new Set(data().map(seriesOf))];
    expect(series.sort()).toEqual(
      contractSeries('wire', hostname(), ['master/camera1', 'backup/spare'], ['camera1']).sort(),
    );
    for (const datum of data()) {
      expect(Object.keys(datum).sort()).toEqual(
        ['Dimensions', 'MetricName', 'StorageResolution', 'Timestamp', 'Unit', 'Value'].sort(),
      );
      expect(datum.StorageResolution).toBe(1);
      expect(datum.Unit).toBe(METRICS[datum.MetricName as MetricName].unit);
      expect(Number.isInteger(datum.Timestamp)).toBe(true);
      expect(Number.isFinite(datum.Value)).toBe(true);
    }
    const beats = endpoint.puts.map(({ data: own }) => own.filter(isMetric('Heartbeat')));
    for (const own of beats) expect(own).toHaveLength(INTERVAL_SECONDS);
    const seconds = beats.flat().map(({ Timestamp }) => Timestamp);
    // A busy machine may skip a second; none comes twice, and none is out of order.
    expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
    expect(new Set(data().map((datum) => `${seriesOf(datum)} ${datum.Timestamp}`)).size).toBe(data().length);
    expect(endpoint.puts.every(({ namespace }) => namespace === 'Understudy')).toBe(true);
    expect(beats.flat().every(({ Value }) => Value === 1)).toBe(true);
    const loss = data().filter(
      (datum) => isMetric('InputLoss')(datum) && seriesOf(datum).endsWith('master/camera1'),
    );
    expect(loss.at(-1)?.Value).toBe(1);
    expect(loss.some(({ Value }) => Value === 0)).toBe(true);
    const switches = data().filter(isMetric('Switches'));
    expect(switches.some(({ Value }) => Value === 1)).toBe(true);
    expect(data().filter(isMetric('Viewers')).at(-1)?.Value).toBe(1);
    for (const secret of SECRETS) expect(JSON.stringify(stage.log)).not.toContain(secret);
  }, 60_000);
});

function isMetric(name: MetricName) {
  return ({ MetricName }: WireDatum): boolean => MetricName === name;
}

describe('an endpoint that takes nothing', () => {
  it('is no viewer’s trouble: slow, refusing, throttling, then gone, and back', async () => {
    const kinds: Answer[] = ['silent', 'stuck', 'failed', 'throttled'];
    for (const kind of kinds) endpoint.answers.set(kind, kind);
    // So patient that a busy machine is no stall: a switch would be a fault of the test.
    const failover = { stallTimeoutMs: 10_000, failback: 'sticky' };
    const hosts = await Promise.all(kinds.map((name) => new Stage().start({ name, failover })));
    const failedCalls = (stage: Stage): Promise<number> =>
      stage.sample('understudy_cloudwatch_calls_total', { outcome: 'failed' });
    const eachFailed = async (times: number): Promise<void> => {
      const deadline = performance.now() + WAIT_MS;
      for (const stage of hosts) {
        while ((await failedCalls(stage)) < times) {
          expect(performance.now()).toBeLessThan(deadline);
          // Asking without a pause would take the time of the host, which runs in this process.
          await pause(ASK_AGAIN_MS);
        }
      }
    };
    await eachFailed(1);
    for (const kind of kinds) expect(endpoint.mostInFlight.get(kind)).toBe(1);
    // One connection each, at most.
    expect(endpoint.sockets.size).toBeLessThanOrEqual(kinds.length);
    await endpoint.close();
    await eachFailed(2);
    const droppedWhileGone = await Promise.all(
      hosts.map((stage) => stage.sample('understudy_cloudwatch_dropped_data_total')),
    );
    expect(droppedWhileGone).toEqual(kinds.map(() => 0));
    endpoint.answers.clear();
    endpoint.puts.length = 0;
    await endpoint.open();
    for (const kind of kinds) {
      await until(`${kind} to be taken`, () => endpoint.putsOf(kind).length >= 2, WAIT_MS);
      expect(endpoint.putsOf(kind).length).toBeLessThanOrEqual(MAX_BATCHES + 1);
    }
    for (const [index, stage] of hosts.entries()) {
      const lines = stage.log.filter(({ event }) => event === 'metrics');
      expect(lines.map(({ failing }) => failing)).toEqual([true, false]);
      for (const secret of SECRETS) expect(JSON.stringify(stage.log)).not.toContain(secret);
      // All that was measured meanwhile came after all, from the first second on.
      const seconds = endpoint
        .putsOf(kinds[index] ?? '')
        .flatMap(({ data }) => data.filter(isMetric('Heartbeat')).map(({ Timestamp }) => Timestamp));
      expect(new Set(seconds).size).toBe(seconds.length);
      expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
      expect(stage.isViewerClosed).toBe(false);
      const report = stage.viewer.summary(clock.now());
      expect(report).toMatchObject({ switches: [], framesBeforeHeaders: 0 });
      for (const track of [report.video, report.audio]) {
        expect(track.frames).toBeGreaterThan(200);
        expect(track.outOfOrder).toBe(0);
        // One frame would be 33 ms.
        expect(track.holeMs).toBeLessThan(10);
      }
    }
  }, 120_000);
});
