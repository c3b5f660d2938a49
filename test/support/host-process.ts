import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostState } from '../../runtime/contract/control-api.ts';
import { type Family, parsePrometheusText } from './prometheus-text.ts';
import { until } from './until.ts';

const COMMAND = join(import.meta.dirname, '../../runtime/understudy.mjs');
const START_MS = 60_000;

type LogLine = Readonly<Record<string, unknown>>;

/** `understudy run` as a process of its own: its memory and its event loop are nobody else's. */
export class HostProcess {
  /** Everything that it logged, debug lines included. */
  readonly log: LogLine[] = [];
  /** How it ended; null while it runs. */
  ended: string | null = null;
  private readonly child: ChildProcess;
  private readonly directory: string;
  private partialLine = '';

  /** `keys`: by the input's name. The listeners' ports are free ones, where `config` does not say which. */
  static async start(
    config: object,
    keys: ReadonlyMap<string, string>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<HostProcess> {
    const host = new HostProcess(config, keys, env);
    await until('the host to serve', () => host.ended ?? host.serving, START_MS);
    if (host.ended !== null) throw new Error(`the host ended at once: ${host.ended}`);
    return host;
  }

  private constructor(
    config: object,
    keys: ReadonlyMap<string, string>,
    env: Readonly<Record<string, string>>,
  ) {
    this.directory = mkdtempSync(join(tmpdir(), 'understudy-host-'));
    const file = join(this.directory, 'config.json');
    const any = { port: 0, host: '127.0.0.1' };
    writeFileSync(file, JSON.stringify({ rtmp: any, http: any, control: { port: 0 }, ...config }));
    writeFileSync(join(this.directory, 'understudy.keys.json'), JSON.stringify(Object.fromEntries(keys)));
    const args = ['run', '--config', file, '--log-format', 'json', '--log-level', 'debug'];
    this.child = spawn(process.execPath, [COMMAND, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.child.stdout?.on('data', (data: Buffer) => this.take(data.toString()));
    this.child.once('exit', (code, signal) => {
      this.ended = `${code ?? signal}`;
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get ports(): HostState['listeners'] {
    return this.serving?.ports as HostState['listeners'];
  }

  /** What it logged of one kind of event. */
  events(event: string): LogLine[] {
    return this.log.filter((line) => line.event === event);
  }

  async state(): Promise<HostState> {
    const response = await fetch(`http://127.0.0.1:${this.ports.control}/v1/state`);
    return (await response.json()) as HostState;
  }

  /** Its metrics of the last second, by their full names. */
  async metrics(): Promise<Map<string, Family>> {
    const response = await fetch(`http://127.0.0.1:${this.ports.control}/metrics`);
    return parsePrometheusText(await response.text());
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await until('the host to be gone', () => this.ended, START_MS);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get serving(): LogLine | undefined {
    return this.log.find(({ event }) => event === 'serving');
  }

  private take(text: string): void {
    const lines = (this.partialLine + text).split('\n');
    this.partialLine = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) this.log.push(JSON.parse(line) as LogLine);
  }
}
