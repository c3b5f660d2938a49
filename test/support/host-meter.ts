import { setTimeout as pause } from 'node:timers/promises';
import type { HostProcess } from './host-process.ts';
import { until } from './until.ts';

export interface HostFigures {
  readonly residentBytesBefore: number;
  readonly residentBytesPeak: number;
  /** The longest that anything in the host had to wait for its turn. */
  readonly eventLoopDelayMs: number;
}

const SAMPLE_MS = 100;
const PATIENCE_MS = 60_000;

/** Watches a host's memory and event loop, until it is stopped and the host's own figures of the last second have come. */
export class HostMeter {
  private readonly host: HostProcess;
  private residentBytesBefore = 0;
  private residentBytesPeak = 0;
  private eventLoopDelayMs = 0;
  private cpuSeconds = 0;
  /** How often the host has taken its figures. */
  private snapshots = 0;
  private isOver = false;
  private watching: Promise<void> = Promise.resolve();

  static async start(host: HostProcess): Promise<HostMeter> {
    const meter = new HostMeter(host);
    await meter.sample();
    meter.watching = meter.watch();
    // What the last second before was like is none of ours.
    await meter.nextSnapshots(1);
    meter.eventLoopDelayMs = 0;
    meter.residentBytesBefore = meter.residentBytesPeak;
    return meter;
  }

  private constructor(host: HostProcess) {
    this.host = host;
  }

  async stop(): Promise<HostFigures> {
    await this.nextSnapshots(2);
    this.isOver = true;
    await this.watching;
    const { residentBytesBefore, residentBytesPeak, eventLoopDelayMs } = this;
    return { residentBytesBefore, residentBytesPeak, eventLoopDelayMs };
  }

  private async nextSnapshots(count: number): Promise<void> {
    const last = this.snapshots + count;
    await until('figures', () => this.snapshots >= last || this.host.ended !== null, PATIENCE_MS);
  }

  private async watch(): Promise<void> {
    while (!this.isOver && this.host.ended === null) {
      await this.sample();
      await pause(SAMPLE_MS);
    }
  }

  private async sample(): Promise<void> {
    // A host that has died has no figures; that it died is for the test to say.
    const families = await this.host.metrics().catch(() => null);
    const value = (name: string): number => families?.get(`understudy_${name}`)?.samples[0]?.value ?? 0;
    const { residentBytes = 0 } = (await this.host.state().catch(() => null))?.memory ?? {};
    this.residentBytesPeak = Math.max(this.residentBytesPeak, residentBytes);
    this.eventLoopDelayMs = Math.max(this.eventLoopDelayMs, value('event_loop_delay_seconds') * 1_000);
    const cpuSeconds = value('process_cpu_seconds_total');
    if (cpuSeconds !== this.cpuSeconds) this.snapshots += 1;
    this.cpuSeconds = cpuSeconds;
  }
}
