import { describe, expect, it } from '@jest/globals';
import { PrometheusExposition } from '../../runtime/metrics/prometheus.ts';
import { type Family, parsePrometheusText } from '../support/prometheus-text.ts';
import { inputFigures, programFigures, snapshotOf } from './snapshots.ts';

async function familiesOf(exposition: PrometheusExposition): Promise<Map<string, Family>> {
  return parsePrometheusText(await exposition.render());
}

function samples(families: Map<string, Family>, name: string) {
  const family = families.get(name);
  if (family === undefined) throw new Error(`${name} is not there`);
  return family.samples.map(({ labels: { host, ...labels }, value }) => {
    expect(host).toBe('h1');
    return [labels, value];
  });
}

const camera1 = { program: 'camera1' };

describe('what Prometheus fetches', () => {
  it('has every family with its type, its help and its labels', async () => {
    const exposition = new PrometheusExposition();
    const reporter = { takenCalls: 7, failedCalls: 2, droppedData: 50, waitingBatches: 0 };
    exposition.take(snapshotOf(), reporter);
    const families = await familiesOf(exposition);
    const shape = [...families.values()].map(({ name, type, samples: all }) => {
      const labels = new Set(all.flatMap((sample) => Object.keys(sample.labels)));
      return `${type} ${name} {${[...labels].sort().join(' ')}}`;
    });
    expect(shape.sort()).toEqual([
      'counter understudy_cloudwatch_calls_total {host outcome}',
      'counter understudy_cloudwatch_dropped_data_total {host}',
      'counter understudy_input_received_bytes_total {host input}',
      'counter understudy_limits_met_total {host limit}',
      'counter understudy_process_cpu_seconds_total {host}',
      'counter understudy_program_sent_bytes_total {host program}',
      'counter understudy_program_switches_total {host program}',
      'counter understudy_program_viewer_skips_total {host program}',
      'gauge understudy_event_loop_delay_seconds {host}',
      'gauge understudy_info {deployment host version}',
      'gauge understudy_input_bits_per_second {host input track}',
      'gauge understudy_input_frames_per_second {host input}',
      'gauge understudy_input_lost {host input}',
      'gauge understudy_process_memory_bytes {host kind}',
      'gauge understudy_process_start_time_seconds {host}',
      'gauge understudy_program_mismatches {host program}',
      'gauge understudy_program_off_air {host program}',
      'gauge understudy_program_on_air {host program source}',
      'gauge understudy_program_on_backup {host program}',
      'gauge understudy_program_viewers {host program}',
      'gauge understudy_relay_open {host input kind peer}',
      'histogram understudy_program_switch_hole_seconds {host le program}',
    ]);
    for (const { help } of families.values()) expect(help).toMatch(/\w.*\.$/);
  });

  it('is in base units, and totals are totals', async () => {
    const exposition = new PrometheusExposition();
    const program = programFigures({ viewerSkips: 4, switches: 2, onAir: 'backup/spare', mismatches: 3 });
    // Twice: a total is not added up again.
    for (let index = 0; index < 2; index += 1) exposition.take(snapshotOf({ programs: [program] }), null);
    const families = await familiesOf(exposition);
    const input = 'master/camera1';
    expect(samples(families, 'understudy_input_bits_per_second')).toEqual([
      [{ input, track: 'video' }, 2_000_000],
      [{ input, track: 'audio' }, 128_000],
    ]);
    expect(samples(families, 'understudy_input_received_bytes_total')).toEqual([[{ input }, 1_000_000]]);
    expect(samples(families, 'understudy_input_lost')).toEqual([[{ input }, 0]]);
    expect(samples(families, 'understudy_program_viewer_skips_total')).toEqual([[camera1, 4]]);
    expect(samples(families, 'understudy_program_switches_total')).toEqual([[camera1, 2]]);
    expect(samples(families, 'understudy_program_mismatches')).toEqual([[camera1, 3]]);
    expect(samples(families, 'understudy_program_on_backup')).toEqual([[camera1, 1]]);
    expect(samples(families, 'understudy_program_off_air')).toEqual([[camera1, 0]]);
    expect(samples(families, 'understudy_program_on_air')).toEqual([
      [{ ...camera1, source: 'master/camera1' }, 0],
      [{ ...camera1, source: 'backup/spare' }, 1],
      [{ ...camera1, source: 'slate' }, 0],
    ]);
    expect(samples(families, 'understudy_event_loop_delay_seconds')).toEqual([[{}, 0.0025]]);
    expect(samples(families, 'understudy_info')).toEqual([[{ deployment: 'show', version: '0.1.0' }, 1]]);
  });

  it('counts each hole once, and shows a program that never switched as such', async () => {
    const exposition = new PrometheusExposition();
    const second = (switches: number, switchHolesMs: number[]): void =>
      exposition.take(snapshotOf({ programs: [programFigures({ switches, switchHolesMs })] }), null);
    second(0, []);
    expect(samples(await familiesOf(exposition), 'understudy_program_switch_hole_seconds')).toContainEqual([
      { ...camera1, le: '+Inf' },
      0,
    ]);
    second(2, [0, 40]);
    second(2, []);
    second(3, [1_200]);
    const holes = samples(await familiesOf(exposition), 'understudy_program_switch_hole_seconds');
    expect(holes).toEqual(
      expect.arrayContaining([
        [{ ...camera1, le: '0.001' }, 1],
        [{ ...camera1, le: '0.05' }, 2],
        [{ ...camera1, le: '1' }, 2],
        [{ ...camera1, le: '2.5' }, 3],
        [{ ...camera1, le: '+Inf' }, 3],
      ]),
    );
  });

  it('shows lost inputs and says nothing about programs that are idle here', async () => {
    const exposition = new PrometheusExposition();
    exposition.take(snapshotOf(), null);
    exposition.take(
      snapshotOf({
        inputs: [inputFigures({ canBeShown: false, rates: null })],
        programs: [programFigures({ isIdle: true }), programFigures({ name: 'camera2', onAir: null })],
      }),
      null,
    );
    const families = await familiesOf(exposition);
    expect(samples(families, 'understudy_input_lost')).toEqual([[{ input: 'master/camera1' }, 1]]);
    expect(samples(families, 'understudy_program_viewers')).toEqual([[{ program: 'camera2' }, 3]]);
    expect(samples(families, 'understudy_program_off_air')).toEqual([[{ program: 'camera2' }, 1]]);
  });

  it('shows which connections to other hosts are open, and forgets those that are given up', async () => {
    const exposition = new PrometheusExposition();
    const pull = { kind: 'pull', input: 'master/camera2', peer: 'two', isOpen: false } as const;
    exposition.take(snapshotOf({ relays: [pull, { ...pull, kind: 'push', isOpen: true }] }), null);
    const labels = { input: 'master/camera2', peer: 'two' };
    expect(samples(await familiesOf(exposition), 'understudy_relay_open')).toEqual([
      [{ ...labels, kind: 'pull' }, 0],
      [{ ...labels, kind: 'push' }, 1],
    ]);
    exposition.take(snapshotOf({ relays: [] }), null);
    expect(samples(await familiesOf(exposition), 'understudy_relay_open')).toEqual([]);
  });

  it('is made once a second, however many ask', async () => {
    const exposition = new PrometheusExposition();
    exposition.take(snapshotOf(), null);
    const first = exposition.render();
    expect(exposition.render()).toBe(first);
    exposition.take(snapshotOf({ eventLoopDelayMs: 9 }), null);
    expect(await exposition.render()).toContain('understudy_event_loop_delay_seconds{host="h1"} 0.009');
  });

  it('is each host its own, also in one process', async () => {
    const [one, other] = [new PrometheusExposition(), new PrometheusExposition()];
    one.take(snapshotOf(), null);
    other.take(snapshotOf({ host: 'h2', programs: [programFigures({ viewers: 99 })] }), null);
    expect(await one.render()).toContain('understudy_program_viewers{program="camera1",host="h1"} 3');
    expect(await other.render()).toContain('understudy_program_viewers{program="camera1",host="h2"} 99');
  });
});
