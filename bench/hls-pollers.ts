/**
 * What pollers of HLS cost a host: `node --import tsx bench/hls-pollers.ts [RUNS] [SECONDS]`, on Linux. A host in a process of
 * its own, an encoder of 2 Mbit/s in this one, and in a third as many players as hls.js would be: they wait for each part's
 * playlist and fetch the part, or without low latency, each segment. A reload's delay is counted from the moment at which the
 * encoder sends the frame that completes the part.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readClip } from '../runtime/codec/clip-reader.ts';
import { playClip } from '../runtime/media/clip.ts';
import { publishRtmp } from '../runtime/rtmp/client.ts';
import { systemClock as clock } from '../runtime/system-clock.ts';
import { HostProcess } from '../test/support/host-process.ts';
import { until } from '../test/support/until.ts';
import type { PollersReport, PollersRequest } from './hls-poller-process.ts';
import { monotonicMs } from './monotonic.ts';
import { makePaddedClip } from './padded-clip.ts';

const RUNS = Number(process.argv[2] ?? 3);
const SECONDS = Number(process.argv[3] ?? 20);
const WARM_UP_MS = 5_000;
const READY_MS = 60_000;
const INPUT = 'master/camera1';
const KEY = 'key-of-camera1-0123456789';
/** USER_HZ, which Linux fixes at 100 for /proc. */
const TICKS_PER_SECOND = 100;

const CASES: ReadonlyArray<Pick<PollersRequest, 'mode' | 'pollers'>> = [
  { mode: 'plain', pollers: 0 },
  { mode: 'plain', pollers: 50 },
  { mode: 'plain', pollers: 500 },
  { mode: 'low-latency', pollers: 50 },
  { mode: 'low-latency', pollers: 500 },
];

interface Figures {
  readonly requestsPerSecond: number;
  readonly mbits: number;
  readonly hostCpuPercent: number;
  readonly pollersCpuPercent: number;
  readonly residentMiB: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** An encoder that knows when it sent what. */
class Encoder {
  /** DTS of each video frame, and when it was sent. */
  private readonly sent: Array<{ readonly dts: number; readonly at: number }> = [];
  /** The least (time of sending - DTS), on the epoch: where the host places DTS 0 (docs/failover.md, Program time). */
  private offsetMs = Number.POSITIVE_INFINITY;

  async publish(url: string, clipFile: string): Promise<void> {
    const publisher = await publishRtmp(url, { clock });
    playClip(readClip(readFileSync(clipFile)), clock, {
      packet: (packet) => {
        publisher.send(packet);
        if (packet.track !== 'video' || packet.config !== null) return;
        this.sent.push({ dts: packet.timestamp, at: monotonicMs() });
        this.offsetMs = Math.min(this.offsetMs, clock.now() - packet.timestamp);
      },
      metadata: (metadata) => publisher.sendMetadata(metadata),
    });
  }

  /** When the frame at this program time was sent. */
  sentAt(programMs: number): number {
    const distance = ({ dts }: { dts: number }): number => Math.abs(dts + this.offsetMs - programMs);
    return this.sent.reduce((nearest, one) => (distance(one) <= distance(nearest) ? one : nearest)).at;
  }
}

class Pollers {
  private readonly child: ChildProcess;

  constructor(request: PollersRequest) {
    this.child = fork(join(import.meta.dirname, 'hls-poller-process.ts'), { execArgv: ['--import', 'tsx'] });
    this.child.send(request);
  }

  async report(): Promise<PollersReport> {
    this.child.send('report');
    const [report] = (await once(this.child, 'message')) as [PollersReport];
    return report;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/** User and system time of all threads (proc(5), /proc/PID/stat). */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
}

async function measure(
  host: HostProcess,
  encoder: Encoder,
  { mode, pollers: count }: (typeof CASES)[number],
): Promise<Figures> {
  const port = host.ports.http ?? 0;
  const pollers = new Pollers({ port, program: 'camera1', pollers: count, mode });
  await pause(WARM_UP_MS);
  await pollers.report();
  const [cpuBefore, before] = [cpuSeconds(host.pid), monotonicMs()];
  await pause(SECONDS * 1_000);
  const [cpu, seconds] = [cpuSeconds(host.pid) - cpuBefore, (monotonicMs() - before) / 1_000];
  const report = await pollers.report();
  const resident = residentMiB(host.pid);
  await pollers.stop();
  if (report.failures.length > 0) throw new Error(`pollers failed: ${report.failures.join('; ')}`);
  const birthOf = new Map<number, number>();
  for (const { endMs } of report.reloads) birthOf.set(endMs, birthOf.get(endMs) ?? encoder.sentAt(endMs));
  const delays = report.reloads.flatMap(({ endMs, askedAt, at }) => {
    const bornAt = birthOf.get(endMs) ?? 0;
    return askedAt < bornAt ? [at - bornAt] : [];
  });
  return {
    requestsPerSecond: report.requests / seconds,
    mbits: (report.bytes * 8) / 1e6 / seconds,
    hostCpuPercent: (100 * cpu) / seconds,
    pollersCpuPercent: (100 * report.cpuSeconds) / seconds,
    residentMiB: resident,
    p50Ms: quantile(delays, 0.5),
    p99Ms: quantile(delays, 0.99),
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** A host of its own, with all cases one after the other. */
async function run(clipFile: string): Promise<Figures[]> {
  const config = { masters: [{ name: 'camera1' }], slate: false };
  const host = await HostProcess.start(config, new Map([[INPUT, KEY]]));
  try {
    const encoder = new Encoder();
    await encoder.publish(`rtmp://127.0.0.1:${host.ports.rtmp}/${INPUT}?key=${KEY}`, clipFile);
    const url = `http://127.0.0.1:${host.ports.http}/live/camera1/index.m3u8`;
    await until('the stream', async () => (await fetch(url)).ok, READY_MS);
    const figures: Figures[] = [];
    for (const one of CASES) figures.push(await measure(host, encoder, one));
    return figures;
  } finally {
    await host.stop();
  }
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-pollers-'));
  try {
    const clipFile = join(directory, 'clip.flv');
    // 32 s are whole frames of both tracks, and whole GOPs: the seam of the loop is none.
    await makePaddedClip(clipFile, { width: 1280, height: 720, gopSeconds: 2, durationSeconds: 32 });
    const runs: Figures[][] = [];
    for (let index = 0; index < RUNS; index += 1) runs.push(await run(clipFile));
    print(runs);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const COLUMNS: ReadonlyArray<readonly [title: string, of: keyof Figures, digits: number]> = [
  ['requests/s', 'requestsPerSecond', 0],
  ['Mbit/s', 'mbits', 0],
  ['host, % of a core', 'hostCpuPercent', 1],
  ['host, MiB resident', 'residentMiB', 0],
  ['reload p50, ms', 'p50Ms', 0],
  ['reload p99, ms', 'p99Ms', 0],
  ['pollers, % of a core', 'pollersCpuPercent', 0],
];

function print(runs: readonly Figures[][]): void {
  console.log(
    `${cpus()[0]?.model} × ${cpus().length}, Node ${process.version}, Linux ${release()}; ` +
      `medians of ${RUNS} runs of ${SECONDS} s (least to most)`,
  );
  console.log(['pollers', ...COLUMNS.map(([title]) => title)].join(' | '));
  for (const [index, { mode, pollers }] of CASES.entries()) {
    const cells = COLUMNS.map(([, of, digits]) => {
      const values = runs.flatMap((figures) => figures[index]?.[of] ?? []).sort((a, b) => a - b);
      const [least, median, most] = [0, Math.floor(values.length / 2), values.length - 1].map((at) =>
        values[at]?.toFixed(digits),
      );
      return median === 'NaN' ? '–' : `${median} (${least} to ${most})`;
    });
    console.log([pollers === 0 ? 'none' : `${pollers} ${mode}`, ...cells].join(' | '));
  }
}

await main();
process.exit();
