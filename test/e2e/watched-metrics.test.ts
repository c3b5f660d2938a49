/**
 * What alarms and dashboard watch is what hosts send: the series of the synthesized template are looked for among those
 * that the hosts of the same configuration put on the wire. In real time: a call comes every five seconds.
 */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { hostConfig, planHosts } from '../../lib/config/deployment.ts';
import { ControlStack } from '../../lib/stacks/control-stack.ts';
import { METRICS } from '../../runtime/contract/metric-names.ts';
import { SMALL_FUNCTIONS, testApp, testConfig } from '../lib/support/app.ts';
import { type WatchedMetric, watchedByAlarms, watchedByDashboard } from '../lib/support/watched-metrics.ts';
import { CloudWatchEndpoint, type WireCall, type WireDatum } from '../support/cloudwatch-endpoint.ts';
import { Deployment } from '../support/deployment.ts';
import { until } from '../support/until.ts';

const WAIT_MS = 40_000;

let endpoint: CloudWatchEndpoint;
let undoEnvironment: () => void;
let site: Deployment | undefined;
beforeEach(async () => {
  endpoint = new CloudWatchEndpoint();
  await endpoint.open();
  undoEnvironment = endpoint.intoEnvironment();
});
afterEach(async () => {
  await site?.stop();
  undoEnvironment();
  await endpoint.close();
  expect(endpoint.problems).toEqual([]);
});

function isThat(watched: WatchedMetric, { namespace }: WireCall, datum: WireDatum): boolean {
  if (namespace !== watched.namespace || datum.MetricName !== watched.metric) return false;
  const { dimensions, free } = watched;
  const names = datum.Dimensions.map(({ Name }) => Name).sort();
  const fits = datum.Dimensions.every(({ Name, Value }) => free.includes(Name) || dimensions[Name] === Value);
  return fits && names.join() === [...Object.keys(dimensions), ...free].sort().join();
}

it('watches nothing that the hosts of the same configuration do not send', async () => {
  const config = testConfig({
    name: 'watched',
    masters: [{ name: 'camera1' }],
    metrics: { cloudWatch: { namespace: 'Understudy/Test' } },
  });
  const planned = planHosts(config);
  const control = new ControlStack(testApp(), 'Control', { config, functionsDirectory: SMALL_FUNCTIONS });
  // The others are AWS's own, and the control function's.
  const watched = [...watchedByAlarms(control), ...watchedByDashboard(control)].filter(
    ({ metric }) => metric in METRICS,
  );
  expect(watched.length).toBeGreaterThan(15);

  // The hosts under the names that the plan gives them, and with the metrics of the configuration that they get.
  const layout = Object.fromEntries(planned.map(({ name, input }) => [name, [input]]));
  const { name, metrics } = hostConfig(config);
  site = await new Deployment(layout, { name, metrics, failover: { failbackHoldMs: 0 } }).start();
  await Promise.all(planned.map(({ input }) => site?.encode(input)));
  await site.shows('master-camera1', 'camera1', 'master/camera1');
  site.kill('master/camera1');
  await site.shows('master-camera1', 'camera1', 'backup/spare');

  const sent = (own: WatchedMetric): WireDatum | undefined => {
    for (const call of endpoint.puts) {
      const datum = call.data.find((one) => isThat(own, call, one));
      if (datum !== undefined) return datum;
    }
    return undefined;
  };
  const missing = () => watched.filter((own) => sent(own) === undefined);
  await until('all that is watched', () => missing().length === 0, WAIT_MS).catch(() => {
    expect(missing()).toEqual([]);
  });
  for (const own of watched) {
    const datum = sent(own);
    // Alarms of ten seconds need values of one; and CloudWatch finds none under another unit.
    expect(datum?.StorageResolution).toBe(1);
    if (own.unit !== undefined) expect(datum?.Unit).toBe(own.unit);
  }
}, 90_000);
