/** How the figures of a host come about, and where they can be fetched. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseConfig } from '../runtime/contract/config-problems.ts';
import { HostMetrics } from '../runtime/host-metrics.ts';
import { Input } from '../runtime/input/input.ts';
import { ProgramFeed } from '../runtime/output/program-feed.ts';
import { Program } from '../runtime/program/program.ts';
import type { SwitchRecord } from '../runtime/program/switch-record.ts';
import { videoPacket } from './input/sample-packets.ts';
import { startTestHost, type TestHost } from './support/e2e-host.ts';
import { FakeClock } from './support/fake-clock.ts';
import { parsePrometheusText, type Sample } from './support/prometheus-text.ts';

const ASK_AGAIN_MS = 50;
const SILENT = { info: () => {}, warn: () => {} };

/** The figures of a host on a fake clock, without sockets. */
function metricsOf(raw: object) {
  const parsed = parseConfig(raw);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { config } = parsed;
  const clock = new FakeClock();
  const inputs = ['master/camera1', 'master/camera2', 'backup/spare', 'slate'].map(
    (name) =>
      new Input({
        name,
        kind: name === 'slate' ? 'slate' : name.startsWith('master/') ? 'master' : 'backup',
        policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
        warmBuffer: config.warmBuffer,
        events: { health: () => {}, reanchored: () => {} },
      }),
  );
  const program = new Program({
    name: 'camera1',
    candidates: inputs,
    policy: { onLoss: 'switch', failback: 'auto', failbackHoldMs: 0, flap: config.failover.flap },
    stallTimeoutMs: 500,
    onSwitch: () => {},
  });
  const warnings: string[] = [];
  const feed = new ProgramFeed(program, { limits: config.viewers, clock });
  const metrics = new HostMetrics({
    limits: () => [],
    relays: () => [],
    warningsOf: (name) => (name === 'camera1' ? warnings : []),
    config,
    clock,
    inputs,
    programs: [program],
    deliveryOf: () => feed,
    logger: SILENT,
  });
  const samples = async (name: string): Promise<Sample[]> =>
    parsePrometheusText(await metrics.exposition.render()).get(name)?.samples ?? [];
  return { clock, metrics, inputs, program, warnings, samples };
}

function switchWithHoles(video: number | null, audio: number | null): SwitchRecord {
  return { program: 'camera1', holeMs: { video, audio } } as SwitchRecord;
}

const NAMES = {
  masters: [{ name: 'camera1' }, { name: 'camera2' }],
  backups: [{ name: 'spare' }],
};

describe('the figures of a host', () => {
  it('are about the inputs that encoders publish to it, never about the slate', async () => {
    const { clock, metrics, samples } = metricsOf({ ...NAMES });
    metrics.start();
    clock.advance(1_000);
    expect((await samples('understudy_input_lost')).map(({ labels }) => labels.input)).toEqual([
      'master/camera1',
      'master/camera2',
      'backup/spare',
    ]);
    await metrics.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('count what an input received, from one publisher after the other', async () => {
    const { clock, metrics, inputs, samples } = metricsOf({ ...NAMES });
    metrics.start();
    const [camera1] = inputs;
    for (const address of ['192.0.2.1:1', '192.0.2.1:2']) {
      camera1?.attach({ address, close: () => {} }, clock.now());
      camera1?.receive(videoPacket(0, true, { bytes: 1_000 }), clock.now());
      camera1?.receive(videoPacket(40, false, { bytes: 500 }), clock.now());
      camera1?.detach(clock.now());
    }
    clock.advance(1_000);
    const received = await samples('understudy_input_received_bytes_total');
    expect(received.map(({ value }) => value)).toEqual([3_000, 0, 0]);
    await metrics.stop();
  });

  it('leave inputs to the hosts that own them', async () => {
    const { clock, metrics, samples } = metricsOf({
      ...NAMES,
      relay: { key: { env: 'RELAY_KEY' } },
      host: 'two',
      hosts: [
        { name: 'one', address: '192.0.2.1', inputs: ['master/camera1', 'backup/spare'] },
        { name: 'two', address: '192.0.2.2', inputs: ['master/camera2'] },
      ],
    });
    metrics.start();
    clock.advance(1_000);
    const lost = await samples('understudy_input_lost');
    expect(lost.map(({ labels }) => labels)).toEqual([{ host: 'two', input: 'master/camera2' }]);
    await metrics.stop();
  });

  it('show nothing on air while the program waits for what it has lost', async () => {
    const { clock, metrics, program, samples } = metricsOf({ ...NAMES });
    metrics.start();
    program.onAir = program.candidates[0] ?? null;
    const onAir = async () => {
      clock.advance(1_000);
      const shown = (await samples('understudy_program_on_air')).filter(({ value }) => value === 1);
      return shown.map(({ labels }) => labels.source);
    };
    expect(await onAir()).toEqual(['master/camera1']);
    program.isWaiting = true;
    expect(await onAir()).toEqual([]);
    expect((await samples('understudy_program_off_air'))[0]?.value).toBe(1);
    await metrics.stop();
  });

  it('count what the preflight warns of, as long as it does', async () => {
    const { clock, metrics, warnings, samples } = metricsOf({ ...NAMES });
    metrics.start();
    const mismatches = async () => {
      clock.advance(1_000);
      return (await samples('understudy_program_mismatches')).map(({ value }) => value);
    };
    expect(await mismatches()).toEqual([0]);
    warnings.push('30 and 25 frames a second', 'GOPs of 2 and 4 s');
    expect(await mismatches()).toEqual([2]);
    warnings.length = 0;
    expect(await mismatches()).toEqual([0]);
    await metrics.stop();
  });

  it('count each switch once, with the worse hole of its tracks', async () => {
    const { clock, metrics, samples } = metricsOf({ ...NAMES });
    metrics.start();
    const sums = async () => [
      (await samples('understudy_program_switches_total'))[0]?.value,
      (await samples('understudy_program_switch_hole_seconds')).find(({ name }) => name.endsWith('_sum'))
        ?.value,
    ];
    clock.advance(1_000);
    expect(await sums()).toEqual([0, 0]);
    metrics.switched(switchWithHoles(3, 40));
    metrics.switched(switchWithHoles(7, null));
    metrics.switched(switchWithHoles(null, null));
    metrics.switched({ ...switchWithHoles(900, 900), program: 'of another host' });
    clock.advance(1_000);
    expect(await sums()).toEqual([3, 0.047]);
    clock.advance(5_000);
    expect(await sums()).toEqual([3, 0.047]);
    await metrics.stop();
  });
});

const hosts: TestHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map(({ host }) => host.stop('the test is over')));
});

async function start(changes: object = {}): Promise<TestHost> {
  const site = await startTestHost({ masters: [{ name: 'camera1' }], slate: false, ...changes });
  hosts.push(site);
  return site;
}

async function fetchFrom(port: number, path: string, host = 'localhost') {
  const sent = request({ port, host: '127.0.0.1', path, headers: { host }, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, type: response.headers['content-type'], text };
}

describe('/metrics', () => {
  it('is on the control listener, in the text format, and no other name reaches it', async () => {
    const { host } = await start();
    const answer = await fetchFrom(host.ports.control, '/metrics');
    expect(answer.status).toBe(200);
    expect(answer.type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(parsePrometheusText(answer.text).size).toBeGreaterThan(10);
    expect((await fetchFrom(host.ports.control, '/metrics', 'evil.example:8081')).status).toBe(403);
    expect((await fetchFrom(host.ports.http, '/metrics')).status).toBe(404);
  });

  it('is on a listener of its own where that is configured, and nothing else is there', async () => {
    const { host } = await start({ metrics: { port: 0 } });
    const port = host.ports.metrics ?? 0;
    expect(port).toBeGreaterThan(0);
    const answer = await fetchFrom(port, '/metrics', 'understudy.example:9100');
    expect(answer.status).toBe(200);
    expect(parsePrometheusText(answer.text).has('understudy_program_viewers')).toBe(true);
    expect((await fetchFrom(port, '/v1/state')).status).toBe(404);
    expect(host.control.state().listeners).toEqual(host.ports);
    await host.stop('that is all');
    await expect(fetchFrom(port, '/metrics')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is nowhere else where it is not configured', async () => {
    const { host } = await start();
    expect(host.ports).toEqual({
      rtmp: expect.any(Number),
      http: expect.any(Number),
      control: expect.any(Number),
    });
  });

  it('has a port of its own, and the host names its key where that is taken', async () => {
    const other = createServer().listen(0);
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(start({ metrics: { port } })).rejects.toThrow(
      new RegExp(`^metrics\\.port: cannot listen on port ${port}: `),
    );
    other.close();
  });

  it('tells two hosts of one process apart', async () => {
    const [one, other] = [await start(), await start({ masters: [{ name: 'camera2' }] })];
    const programsOf = async ({ host }: TestHost) =>
      parsePrometheusText((await fetchFrom(host.ports.control, '/metrics')).text)
        .get('understudy_program_viewers')
        ?.samples.map(({ labels }) => labels.program);
    // A host has its first figures after a second.
    const deadline = performance.now() + 4_000;
    let seen: unknown[] = [];
    while (seen.flat().length < 2 && performance.now() < deadline) {
      seen = [await programsOf(one), await programsOf(other)];
      await pause(ASK_AGAIN_MS);
    }
    expect(seen).toEqual([['camera1'], ['camera2']]);
  });
});
