import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from 'pino';
import type { Cancel, Clock } from './media/clock.ts';

export interface ServiceManagerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** This process: the watchdog may be meant for another one. */
  readonly pid: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What systemd is told of the host. Does nothing where the host is no service of systemd. */
export interface ServiceManager {
  /** All ports listen. From now on the watchdog is fed, and a loop that hangs is started again. */
  ready(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** The host has begun to end. The watchdog is still fed: a drain may take minutes. */
  stopping(): void;
  /** Resolves when all has been told; at most FAREWELL_MS later. */
  stop(): Promise<void>;
}

/**
 * Tells each line of its input to systemd (sd_notify(3)). Node has no datagram sockets for local addresses, and the host
 * has no native code: this shell lives as long as the host, and ends with it, when its input does. systemd-notify waits
 * until systemd has read what it says, so that systemd can still see whose child it is.
 */
const RELAY_SCRIPT = 'while IFS= read -r line; do systemd-notify "$line"; done';
const RESPAWN_FIRST_MS = 100;
const RESPAWN_MOST_MS = 5_000;
const FAREWELL_MS = 2_000;
/** A shell that takes nothing for minutes is past help; what it is not told, its successor is. */
const QUEUE_LIMIT_BYTES = 16_384;
const MICROSECONDS = 1_000;
const NO_SERVICE: ServiceManager = {
  ready: () => {},
  status: () => {},
  stopping: () => {},
  stop: () => Promise.resolve(),
};

export function connectServiceManager(options: ServiceManagerOptions): ServiceManager {
  return options.env.NOTIFY_SOCKET ? new Systemd(options) : NO_SERVICE;
}

/** Half of the time after which systemd gives up on this process, ms; null where it does not watch it. */
export function watchdogPeriodMs(env: ServiceManagerOptions['env'], pid: number): number | null {
  const { WATCHDOG_USEC: limit, WATCHDOG_PID: watched } = env;
  if (watched !== undefined && watched !== String(pid)) return null;
  const limitMs = Number(limit) / MICROSECONDS;
  return limitMs > 0 && Number.isFinite(limitMs) ? limitMs / 2 : null;
}

class Systemd implements ServiceManager {
  private readonly options: ServiceManagerOptions;
  private shell: ChildProcess | null = null;
  private respawnMs = RESPAWN_FIRST_MS;
  /** What holds until it is said otherwise: a new shell says it again. */
  private readonly said = new Map<string, string>();
  private isStopped = false;
  private hasWarned = false;
  private cancelWatchdog: Cancel = () => {};
  private cancelRespawn: Cancel = () => {};

  constructor(options: ServiceManagerOptions) {
    this.options = options;
    this.spawnShell();
  }

  ready(): void {
    this.say('READY', '1');
    const periodMs = watchdogPeriodMs(this.options.env, this.options.pid);
    if (periodMs !== null) {
      this.cancelWatchdog = this.options.clock.every(periodMs, () => this.write('WATCHDOG=1'));
    }
  }

  status(text: string): void {
    this.say('STATUS', text.replace(/\s+/g, ' '));
  }

  stopping(): void {
    this.say('STOPPING', '1');
  }

  stop(): Promise<void> {
    const { shell } = this;
    this.isStopped = true;
    this.cancelWatchdog();
    this.cancelRespawn();
    if (shell === null) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(FAREWELL_MS, () => {
        shell.kill('SIGKILL');
        resolve();
      });
      shell.once('exit', () => {
        cancel();
        resolve();
      });
      shell.stdin?.end();
    });
  }

  private say(name: string, value: string): void {
    if (this.said.get(name) === value) return;
    this.said.set(name, value);
    this.write(`${name}=${value}`);
  }

  private write(line: string): void {
    const input = this.shell?.stdin;
    if (!input?.writable || input.writableLength > QUEUE_LIMIT_BYTES) return;
    input.write(`${line}\n`);
  }

  private spawnShell(): void {
    const { NOTIFY_SOCKET, PATH } = this.options.env;
    // Nothing else of the environment: there may be secrets in it.
    const shell = spawn('/bin/sh', ['-c', RELAY_SCRIPT], {
      env: { NOTIFY_SOCKET, PATH },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.shell = shell;
    let isGone = false;
    const gone = (why: string): void => {
      if (isGone) return;
      isGone = true;
      this.shell = null;
      if (this.isStopped) return;
      this.warn(why);
      this.cancelRespawn = this.options.clock.after(this.respawnMs, () => this.spawnShell());
      this.respawnMs = Math.min(this.respawnMs * 2, RESPAWN_MOST_MS);
    };
    shell.once('error', (error) => gone(error.message));
    shell.once('exit', (code, signal) => gone(`the shell that speaks to it ended with ${signal ?? code}`));
    // A broken pipe: the shell has ended, and `exit` says so.
    shell.stdin?.on('error', () => {});
    shell.stderr?.on('data', (text: Buffer) => this.warn(text.toString().trim()));
    for (const [name, value] of this.said) this.write(`${name}=${value}`);
  }

  /** Once: what fails every five seconds need not be said every five seconds. */
  private warn(why: string): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.options.logger.warn({ event: 'service-manager', why }, 'systemd cannot be told how the host is');
  }
}
