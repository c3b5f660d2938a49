/** The viewers: swarm.c, built when it is needed, on a core of their own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
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
  readonly directory: string;
  readonly core: number;
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
  /** By source: how many viewers have seen it, and when the first and the last of them did (CLOCK_MONOTONIC). */
  readonly firstOf: ReadonlyArray<{
    readonly viewers: number;
    readonly firstNs: string;
    readonly lastNs: string;
  }>;
  readonly closedNs: readonly [string, string];
}

export function buildSwarm(directory: string): string {
  const program = join(directory, 'swarm');
  execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'swarm.c')], { stdio: 'inherit' });
  return program;
}

export class Swarm {
  private readonly child: ChildProcess;
  private readonly lines: Interface;

  constructor(program: string, options: SwarmOptions) {
    const { script, directory } = options;
    const hello = join(directory, 'hello');
    const andThen = join(directory, 'then');
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
    this.child = spawn(
      'taskset',
      [
        '-c',
        `${options.core}`,
        program,
        '127.0.0.1',
        `${options.port}`,
        ...numbers,
        hello,
        `${script.waitBytes}`,
        andThen,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
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
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private async ask(line: string): Promise<string> {
    const answer = once(this.lines, 'line');
    this.child.stdin?.write(`${line}\n`);
    const [text] = (await answer) as [string];
    return text;
  }
}
