import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ReporterFigures } from './cloudwatch-reporter.ts';
import {
  type InputFigures,
  type ProcessFigures,
  type ProgramFigures,
  type Snapshot,
  standingOf,
} from './snapshot.ts';

const PREFIX = 'understudy_';
/** From nothing missing, over one frame and a GOP, to what a viewer calls an outage. */
const HOLE_BUCKETS_S = [0.001, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const MS_PER_S = 1_000;
const BITS_PER_KBIT = 1_000;

/** The figures of the last second, for Prometheus to fetch. All in base units; each has the label `host`. */
export class PrometheusExposition {
  private readonly registry = new Registry();
  private text: Promise<string> | null = null;
  private hostLabel: string | null = null;

  private readonly info = this.gauge('info', 'Always 1; what runs.', ['deployment', 'version']);
  private readonly inputLost = this.gauge(
    'input_lost',
    '1 while the input cannot be shown: neither live nor degraded.',
    ['input'],
  );
  private readonly inputBitRate = this.gauge(
    'input_bits_per_second',
    'What the encoder sends, the mean of three seconds.',
    ['input', 'track'],
  );
  private readonly inputFrameRate = this.gauge(
    'input_frames_per_second',
    'Video frames that the encoder sends, the mean of three seconds.',
    ['input'],
  );
  private readonly inputBytes = this.counter(
    'input_received_bytes_total',
    'Payload received from encoders.',
    ['input'],
  );
  private readonly onAir = this.gauge(
    'program_on_air',
    '1 for the candidate that is on air, 0 for the others.',
    ['program', 'source'],
  );
  private readonly onBackup = this.gauge(
    'program_on_backup',
    '1 while anything but its first candidate is on air.',
    ['program'],
  );
  private readonly offAir = this.gauge('program_off_air', '1 while it shows the slate, or nothing.', [
    'program',
  ]);
  private readonly switches = this.counter('program_switches_total', 'Switches from one source to another.', [
    'program',
  ]);
  private readonly holes = new Histogram({
    name: `${PREFIX}program_switch_hole_seconds`,
    help: 'Media time that was missing at switches.',
    labelNames: ['program'],
    buckets: HOLE_BUCKETS_S,
    registers: [this.registry],
  });
  private readonly viewers = this.gauge('program_viewers', 'Viewers that play it from this host.', [
    'program',
  ]);
  private readonly skips = this.counter(
    'program_viewer_skips_total',
    'Times that a viewer was too slow and skipped to a keyframe.',
    ['program'],
  );
  private readonly sentBytes = this.counter(
    'program_sent_bytes_total',
    'Bytes written to the sockets of viewers.',
    ['program'],
  );
  private readonly mismatches = this.gauge(
    'program_mismatches',
    'Ways in which its inputs differ, so that a player may notice a switch.',
    ['program'],
  );
  private readonly relayOpen = this.gauge(
    'relay_open',
    '1 while an input goes to, or comes from, another host; 0 while that connection is lost.',
    ['kind', 'input', 'peer'],
  );
  private readonly limits = this.counter(
    'limits_met_total',
    'RTMP connections that were turned away, closed or slowed down for a limit.',
    ['limit'],
  );
  private readonly eventLoopDelay = this.gauge(
    'event_loop_delay_seconds',
    'How long anything had to wait for its turn, the worst of the last second.',
    [],
  );
  private readonly cpu = this.counter(
    'process_cpu_seconds_total',
    'CPU time of the process, user and system.',
    [],
  );
  private readonly startTime = this.gauge(
    'process_start_time_seconds',
    'When the process started, in seconds since the epoch.',
    [],
  );
  private readonly memory = this.gauge(
    'process_memory_bytes',
    'Memory of the process: resident, heap, buffers.',
    ['kind'],
  );
  private readonly calls = this.counter(
    'cloudwatch_calls_total',
    'Calls of PutMetricData, where metrics.cloudWatch is configured.',
    ['outcome'],
  );
  private readonly dropped = this.counter(
    'cloudwatch_dropped_data_total',
    'Data that could not be delivered to CloudWatch and was given up.',
    [],
  );

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Takes the snapshot of a second, and what became of the calls to CloudWatch, if there are any. */
  take(snapshot: Snapshot, reporter: ReporterFigures | null): void {
    this.text = null;
    if (this.hostLabel !== snapshot.host) {
      this.hostLabel = snapshot.host;
      this.registry.setDefaultLabels({ host: snapshot.host });
    }
    this.info.set({ deployment: snapshot.deployment, version: snapshot.version }, 1);
    for (const input of snapshot.inputs) this.takeInput(input);
    this.startPrograms();
    for (const program of snapshot.programs) if (program.isIdle !== true) this.takeProgram(program);
    this.relayOpen.reset();
    for (const { kind, input, peer, isOpen } of snapshot.relays) {
      this.relayOpen.set({ kind, input, peer }, isOpen ? 1 : 0);
    }
    for (const { limit, total: times } of snapshot.limits) total(this.limits, { limit }, times);
    this.eventLoopDelay.set(snapshot.eventLoopDelayMs / MS_PER_S);
    this.takeProcess(snapshot.process);
    if (reporter === null) return;
    total(this.calls, { outcome: 'failed' }, reporter.failedCalls);
    total(this.calls, { outcome: 'taken' }, reporter.takenCalls);
    total(this.dropped, {}, reporter.droppedData);
  }

  /** The text format of Prometheus, version 0.0.4. Made once a second at most, however many ask. */
  render(): Promise<string> {
    this.text ??= this.registry.metrics();
    return this.text;
  }

  private takeInput({ name: input, canBeShown, rates, receivedBytes }: InputFigures): void {
    this.inputLost.set({ input }, canBeShown ? 0 : 1);
    this.inputBitRate.set({ input, track: 'video' }, (rates?.videoKbps ?? 0) * BITS_PER_KBIT);
    this.inputBitRate.set({ input, track: 'audio' }, (rates?.audioKbps ?? 0) * BITS_PER_KBIT);
    this.inputFrameRate.set({ input }, rates?.frameRate ?? 0);
    total(this.inputBytes, { input }, receivedBytes);
  }

  /** What is said of a program that has become idle goes; its totals stay. */
  private startPrograms(): void {
    const { onAir, onBackup, offAir, viewers, mismatches } = this;
    for (const gauge of [onAir, onBackup, offAir, viewers, mismatches]) gauge.reset();
  }

  private takeProgram(figures: ProgramFigures): void {
    const { name: program, candidates, onAir } = figures;
    const standing = standingOf(figures);
    for (const source of candidates) this.onAir.set({ program, source }, source === onAir ? 1 : 0);
    this.onBackup.set({ program }, standing === 'backup' ? 1 : 0);
    this.offAir.set({ program }, standing === 'off air' ? 1 : 0);
    this.viewers.set({ program }, figures.viewers);
    this.mismatches.set({ program }, figures.mismatches);
    total(this.switches, { program }, figures.switches);
    total(this.skips, { program }, figures.viewerSkips);
    total(this.sentBytes, { program }, figures.sentBytes);
    if (figures.switches === 0) this.holes.zero({ program });
    for (const holeMs of figures.switchHolesMs) this.holes.observe({ program }, holeMs / MS_PER_S);
  }

  private takeProcess(figures: ProcessFigures): void {
    total(this.cpu, {}, figures.cpuSeconds);
    this.startTime.set(figures.startedAt / MS_PER_S);
    this.memory.set({ kind: 'resident' }, figures.residentBytes);
    this.memory.set({ kind: 'heap' }, figures.heapBytes);
    this.memory.set({ kind: 'buffers' }, figures.bufferBytes);
  }

  private gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
    return new Gauge({ name: `${PREFIX}${name}`, help, labelNames, registers: [this.registry] });
  }

  private counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers: [this.registry] });
  }
}

/** Our counts are totals already; the library's counter can only be added to. */
function total<L extends string>(
  counter: Counter<L>,
  labels: Partial<Record<L, string>>,
  value: number,
): void {
  counter.remove(labels);
  counter.inc(labels, value);
}
