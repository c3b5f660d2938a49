import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { until } from '../support/until.ts';

const BOOT_MS = 60_000;
const SHUTDOWN_MS = 20_000;
const COMMAND_MS = 60_000;
const OUTPUT_LIMIT_BYTES = 32 * 1_024 * 1_024;
/** Where this machine's own first process is systemd, nspawn asks it for a place; else it takes one itself. */
const PLACE = existsSync('/run/systemd/system') ? [] : ['--register=no', '--keep-unit'];

/**
 * A Linux with a systemd of its own, booted by systemd-nspawn from a folder. It shares this machine's network: what it
 * serves is at 127.0.0.1. Commands enter it by its namespaces, so that it needs no D-Bus and no SSH.
 */
export class Machine {
  /** The folder that is its file system; `stop` deletes it. */
  readonly root: string;
  private readonly nspawn: ChildProcess;
  private readonly name: string;
  private written = '';
  private leader = 0;

  constructor(root: string) {
    this.root = root;
    this.name = basename(root);
    const options = [
      '--quiet',
      '--boot',
      '--console=read-only',
      '--link-journal=no',
      '--resolv-conf=off',
      '--timezone=off',
    ];
    const args = [...options, ...PLACE, `--machine=${this.name}`, `--directory=${root}`];
    this.nspawn = spawn('systemd-nspawn', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const output of [this.nspawn.stdout, this.nspawn.stderr]) {
      output?.on('data', (text: Buffer) => {
        this.written += text;
      });
    }
  }

  /** Resolves when systemd has started all that it starts at boot. */
  async booted(): Promise<void> {
    this.leader = await until('nspawn starts systemd', () => this.findLeader(), BOOT_MS);
    const deadline = performance.now() + BOOT_MS;
    let state = '';
    while (!['running', 'degraded'].includes(state)) {
      if (performance.now() > deadline) throw new Error(`it does not boot: "${state}"\n${this.written}`);
      state =
        (await this.run('systemctl', 'is-system-running').catch(String)).trim().split('\n').at(-1) ?? '';
    }
    if (state === 'degraded') throw new Error(await this.run('systemctl', 'list-units', '--failed'));
  }

  /** Runs a command inside; resolves to what it printed, rejects with that where it fails. */
  run(...command: readonly string[]): Promise<string> {
    return this.enter(command);
  }

  /** Runs the lines of a shell script inside, until one fails. */
  shell(script: string): Promise<string> {
    return this.enter(['/bin/sh', '-eu'], script);
  }

  /** One property of a unit. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.run('systemctl', 'show', unit, `--property=${name}`, '--value')).trim();
  }

  /** What has been written to its console, from the start. */
  get console(): string {
    return this.written;
  }

  /** Switches it off, and leaves nothing of it behind. */
  async stop(): Promise<void> {
    const { nspawn } = this;
    const hasEnded = (): boolean => nspawn.exitCode !== null || nspawn.signalCode !== null;
    // nspawn asks the systemd inside to shut down.
    if (!hasEnded()) nspawn.kill('SIGTERM');
    try {
      await until('the machine shuts down', hasEnded, SHUTDOWN_MS);
    } catch (error) {
      if (this.leader > 0) process.kill(this.leader, 'SIGKILL');
      nspawn.kill('SIGKILL');
      await until('the machine is gone', hasEnded);
      throw error;
    } finally {
      rmSync(this.root, { recursive: true, force: true });
      rmSync(join('/run/systemd/nspawn/propagate', this.name), { recursive: true, force: true });
    }
  }

  private enter(command: readonly string[], input = ''): Promise<string> {
    const args = [
      '--all',
      `--target=${this.leader}`,
      '--wd=/',
      'env',
      '-i',
      'PATH=/usr/sbin:/usr/bin',
      ...command,
    ];
    return new Promise((resolve, reject) => {
      const options = { timeout: COMMAND_MS, maxBuffer: OUTPUT_LIMIT_BYTES };
      const child = execFile('nsenter', args, options, (error, out, err) => {
        if (error === null) resolve(out);
        else reject(new Error(`${command.join(' ')} (${error.code ?? error.signal})\n${err}${out}`));
      });
      // A command that has ended without reading: its status says how.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  }

  /** The first process of the machine, as seen from here. */
  private findLeader(): number | undefined {
    const { pid, exitCode } = this.nspawn;
    if (exitCode !== null) throw new Error(`systemd-nspawn ended with ${exitCode}\n${this.written}`);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    return children.find((child) => child > 0 && commandOf(child) === 'systemd');
  }
}

function commandOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return null; // It has ended since.
  }
}
