import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';

export interface LoggedProcessOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

const KEPT_LINES = 40;
const KEPT_LENGTH = 300;

/** A process whose output goes to a file; its last lines are kept for whoever has to explain a failure. */
export class LoggedProcess {
  readonly ended: Promise<ProcessEnd>;
  private readonly child: ChildProcess;
  private readonly file: WriteStream;
  private readonly lines: string[] = [];

  constructor({ command, env, logFile }: LoggedProcessOptions) {
    const [program = '', ...args] = command;
    this.file = createWriteStream(logFile, { flags: 'a' });
    this.child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.child.stdout?.on('data', (data: Buffer) => this.note(data));
    this.child.stderr?.on('data', (data: Buffer) => this.note(data));
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.note(Buffer.from(`${error.message}\n`));
        resolve({ code: null, signal: null });
      });
      this.child.on('close', (code, signal) => {
        this.file.end();
        resolve({ code, signal });
      });
    });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get lastLines(): string {
    return this.lines.join('\n');
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  private note(data: Buffer): void {
    this.file.write(data);
    const lines = data.toString().split('\n').filter(Boolean);
    this.lines.push(...lines.map((line) => line.slice(0, KEPT_LENGTH)));
    this.lines.splice(0, Math.max(0, this.lines.length - KEPT_LINES));
  }
}
