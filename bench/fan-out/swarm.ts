/** The viewers: swarm.c, built when it is needed, on a core of their own. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Workbench } from '../workbench.ts';
import type { PlayScript } from './play-script.ts';

export interface SwarmOptions {
  readonly port: number;
  readonly viewers: number;
  readonly joinsASecond: number;
  /** 0: reads as data comes. */
  readonly drainMs: number;
  /** Each such viewer tells how late the stream is. */
  readonly probeEvery: number;
  readonly stuck?: number;
  readonly slow?: number;
  readonly script: PlayScript;
  readonly core: number;
}

/** How many viewers have seen it, and when the first, the middle one, 99 of 100 and the last did (CLOCK_MONOTONIC). */
export interface Seen {
  readonly viewers: number;
  readonly firstNs: string;
  readonly p50Ns: string;
  readonly p99Ns: string;
  readonly lastNs: string;
}

/** What the swarm has counted since its mark; times in ms, of the median, the 99th percentile and (nearly) all. */
export interface SwarmReport {
  readonly started: number;
  readonly joined: number;
  readonly closed: number;
  readonly bytes: number;
  /** Of the viewer that got least, without those that do not read. */
  readonly leastBytes: number;
  /** From connect to the first byte of a keyframe. */
  readonly joinMs: readonly [number, number, number];
  readonly lateMs: readonly [number, number, number];
  readonly late: number;
  readonly cpuMs: number;
  /** By source: the first of its pictures. */
  readonly firstOf: readonly Seen[];
  /** The end of its first keyframe. */
  readonly wholeOf: readonly Seen[];
  readonly closedNs: readonly [string, string];
}

export function buildSwarm(directory: string): string {
  const program = join(directory, 'swarm');
  execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'swarm.c')], { stdio: 'inherit' });
  return program;
}

export class Swarm {
  private readonly workbench: Workbench;
  private readonly child: ChildProcess;
  private readonly lines: Interface;

  constructor(workbench: Workbench, program: string, options: SwarmOptions) {
    this.workbench = workbench;
    const { script } = options;
    const hello = join(workbench.directory, 'hello');
    const andThen = join(workbench.directory, 'then');
    writeFileSync(hello, script.hello);
    writeFileSync(andThen, script.andThen);
    const numbers = [
      options.viewers,
      options.joinsASecond,
      options.drainMs,
      options.probeEvery,
      options.stuck ?? 0,
      options.slow ?? 0,
    ].map(String);
    const address = ['127.0.0.1', `${options.port}`];
    const files = [hello, `${script.waitBytes}`, andThen];
    this.child = workbench.start([program, ...address, ...numbers, ...files], {
      core: options.core,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
  }

  /** `isOfAll`: all viewers look for markers from now on, and not only the probes. */
  async mark(isOfAll = false): Promise<void> {
    await this.ask(isOfAll ? 'mark all' : 'mark');
  }

  async report(): Promise<SwarmReport> {
    return JSON.parse(await this.ask('report')) as SwarmReport;
  }

  async end(): Promise<void> {
    await this.workbench.end(this.child);
  }

  private async ask(line: string): Promise<string> {
    const answer = once(this.lines, 'line');
    this.child.stdin?.write(`${line}\n`);
    const [text] = (await answer) as [string];
    return text;
  }
}
