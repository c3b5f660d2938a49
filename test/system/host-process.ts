import { join } from 'node:path';
import type { HostState, SwitchEvent } from '../../runtime/contract/control-api.ts';
import { eventually } from './eventually.ts';
import { LoggedProcess, type ProcessEnd } from './logged-process.ts';
import type { Network } from './network.ts';

export interface HostProcessOptions {
  readonly network: Network;
  /** Its machine, and its name among the hosts. */
  readonly name: string;
  /** See hostCommand. */
  readonly understudy: readonly string[];
  readonly configFile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logDirectory: string;
}

const START_MS = 30_000;

/** A host on its own machine, to be started, killed, drained and asked. */
export class HostProcess {
  readonly name: string;
  readonly logFile: string;
  private readonly options: HostProcessOptions;
  private process: LoggedProcess | null = null;

  constructor(options: HostProcessOptions) {
    this.options = options;
    this.name = options.name;
    this.logFile = join(options.logDirectory, `${options.name}.log`);
  }

  get isRunning(): boolean {
    return this.process?.isRunning === true;
  }

  /** The end of its log, to explain a failure. */
  get lastLines(): string {
    return this.process?.lastLines ?? '';
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const { network, understudy, configFile, env } = this.options;
    const run = ['run', '--config', configFile, '--log-format', 'json'];
    this.process = new LoggedProcess({
      command: [...network.on(this.name), ...understudy, ...run],
      env: { ...env, UNDERSTUDY_HOST: this.name },
      logFile: this.logFile,
    });
    await eventually({ what: `${this.name} serves`, withinMs: START_MS }, async () => {
      if (!this.isRunning) return `it has ended:\n${this.lastLines}`;
      const health = await this.health();
      return health === 'serving' ? null : `it says ${health}`;
    });
  }

  /** SIGKILL: the kernel closes its sockets. */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** SIGTERM: it lets its viewers go on for a while. Resolves when it has ended. */
  drain(): Promise<ProcessEnd> {
    if (this.process === null) throw new Error(`${this.name} has not been started`);
    this.process.signal('SIGTERM');
    return this.process.ended;
  }

  /** What /healthz says: `serving`, `draining`. Rejects where nobody answers. */
  async health(): Promise<string> {
    const answer = await this.get<{ status: string }>('http://127.0.0.1:8080/healthz');
    return answer.status;
  }

  state(): Promise<HostState> {
    return this.get('http://127.0.0.1:8081/v1/state');
  }

  /** The switches that it has made since it started. */
  switches(): Promise<readonly SwitchEvent[]> {
    return this.get('http://127.0.0.1:8081/v1/switches');
  }

  private async get<T>(url: string): Promise<T> {
    const body = await this.options.network.run(this.name, 'curl', '-sS', '--max-time', '2', url);
    return JSON.parse(body) as T;
  }
}
