/** What a benchmark starts and writes. Nothing of it is left behind, however the benchmark ends. */
import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What is measured has the other one to itself. */
export const LOAD_CORE = 1;
/** As shells tell that a signal has ended a process. */
const SIGNAL_STATUS = 128;

export interface StartOptions {
  /** The only one that it may run on. */
  readonly core: number;
  readonly stdio: StdioOptions;
  readonly env?: NodeJS.ProcessEnv;
}

export class Workbench {
  /** For files. */
  readonly directory: string;
  private readonly running = new Set<ChildProcess>();

  /** `name`: of the benchmark. */
  constructor(name: string) {
    this.directory = mkdtempSync(join(tmpdir(), `understudy-${name}-`));
    // This process, all its threads, asks those that are measured for figures: it is load as well.
    spawnSync('taskset', ['-a', '-c', '-p', `${LOAD_CORE}`, `${process.pid}`]);
    // An error that nobody catches ends the process, too.
    process.once('exit', () => this.clear());
    for (const signal of SIGNALS) {
      process.once(signal, () => process.exit(SIGNAL_STATUS + constants.signals[signal]));
    }
  }

  /** taskset(1) becomes what it starts: the pid is that of the command. */
  start(command: readonly string[], { core, stdio, env = process.env }: StartOptions): ChildProcess {
    const child = spawn('taskset', ['-c', `${core}`, ...command], { stdio, env });
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return child;
  }

  /** Resolves when it is gone. */
  async end(child: ChildProcess): Promise<void> {
    if (!this.running.has(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends whatever runs. */
  async endAll(): Promise<void> {
    await Promise.all([...this.running].map((child) => this.end(child)));
  }

  /** In the last turn of the process, which waits for nothing. */
  private clear(): void {
    for (const child of this.running) child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
