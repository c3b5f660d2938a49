import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from './eventually.ts';
import { LoggedProcess } from './logged-process.ts';
import type { Command } from './peers/peer.ts';

const START_MS = 30_000;
/** How long a process may take to finish. */
const FINISH_MS = 5_000;

interface Started {
  readonly command: Command;
  readonly process: LoggedProcess;
}

/** A peer's processes. */
export class PeerRun {
  private readonly started: Started[] = [];

  private constructor() {}

  /** Its log goes to `directory`. Rejects where what a command waits for does not come. */
  static async start(commands: readonly Command[], directory: string): Promise<PeerRun> {
    const run = new PeerRun();
    try {
      for (const command of commands) await run.add(command, join(directory, 'log'));
      return run;
    } catch (error) {
      await run.kill();
      throw new Error(run.lastLines, { cause: error });
    }
  }

  private async add(command: Command, logFile: string): Promise<void> {
    const { after, line, env = {} } = command;
    if (after !== undefined) {
      await eventually({ what: `${after} is there`, withinMs: START_MS }, () => missing(after));
    }
    this.started.push({ command, process: new LoggedProcess({ command: line, env, logFile }) });
  }

  /** The peer itself, without helpers. */
  private get own(): Started[] {
    return this.started.filter(({ command }) => command.isHelper !== true);
  }

  get isRunning(): boolean {
    return this.own.every(({ process }) => process.isRunning);
  }

  /** To explain a failure. */
  get lastLines(): string {
    return this.started.map(({ process }) => process.lastLines).join('\n');
  }

  /** Stands still with its sockets open. */
  freeze(): void {
    for (const { process } of this.own) process.signal('SIGSTOP');
  }

  thaw(): void {
    for (const { process } of this.own) process.signal('SIGCONT');
  }

  /** SIGKILL. Its helpers may tidy up: a display has a socket and a lock to remove. */
  async kill(): Promise<void> {
    await Promise.all(this.own.map(({ process }) => process.kill()));
    for (const { process } of this.started) await end(process, 'SIGTERM');
  }

  /** Lets it finish what it records. */
  async finish(): Promise<void> {
    for (const { command, process } of this.started.toReversed()) {
      await end(process, command.endSignal ?? 'SIGTERM');
    }
  }
}

/** With SIGKILL where the signal does not do it in time. */
async function end(process: LoggedProcess, signal: NodeJS.Signals): Promise<void> {
  process.signal(signal);
  await Promise.race([process.ended, pause(FINISH_MS, null, { ref: false })]);
  await process.kill();
}

async function missing(what: number | string): Promise<string | null> {
  if (typeof what === 'string') return existsSync(what) ? null : 'no such file';
  return new Promise((resolve) => {
    const socket = connect(what, '127.0.0.1');
    const answer = (text: string | null): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('connect', () => answer(null));
    socket.on('error', (error) => answer(error.message));
  });
}
