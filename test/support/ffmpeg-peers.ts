import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ViewerReport } from './ffmpeg-viewer.ts';

/** A process of the tests' own that says with a line of JSON when it has begun. */
class Peer {
  readonly process: ChildProcess;
  readonly begun: Promise<void>;
  readonly ended: Promise<void>;
  protected said = '';

  constructor(script: string, args: readonly string[], event: string, on: readonly string[] = []) {
    const node = [process.execPath, '--import', 'tsx', join(import.meta.dirname, script)];
    const [program = '', ...rest] = [...on, ...node, ...args];
    this.process = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => this.process.on('exit', () => resolve()));
    this.begun = new Promise((resolve, reject) => {
      this.process.stdout?.on('data', (data: Buffer) => {
        this.said += data.toString();
        if (this.said.includes(`"event":"${event}"`)) resolve();
      });
      this.process.stderr?.on('data', (data: Buffer) => {
        this.said += data.toString();
      });
      this.process.on('exit', (code) => reject(new Error(`${script} ended with ${code}: ${this.said}`)));
    });
    this.begun.catch(() => {});
  }

  /** Ends it at once, and its socket with it. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    await this.ended;
  }
}

/** FFmpeg as an encoder. `on`: what stands in front of its command line, where it runs in a namespace. */
export class FfmpegPublisher extends Peer {
  constructor(clip: string, url: string, on: readonly string[] = []) {
    super('ffmpeg-publisher.ts', [clip, url], 'publishing', on);
  }

  /** When it sent what has the timestamp 0, in ms since the epoch. */
  get startedAtMs(): number {
    return Number(/"startedAtMs":([\d.]+)/.exec(this.said)?.[1]);
  }

  /** Stands still with its socket open. Not on Windows, which has no such signal. */
  freeze(): void {
    this.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.process.kill('SIGCONT');
  }
}

/** FFmpeg as a player that decodes everything. `on` as for FfmpegPublisher. */
export class FfmpegViewer extends Peer {
  private readonly reportFile: string;

  constructor(url: string, reportFile: string, on: readonly string[] = []) {
    super('ffmpeg-viewer.ts', [url, reportFile], 'playing', on);
    this.reportFile = reportFile;
  }

  /** Leaves, and tells what it got. */
  async leave(): Promise<ViewerReport> {
    if (this.process.exitCode === null) await this.stop();
    return JSON.parse(readFileSync(this.reportFile, 'utf8')) as ViewerReport;
  }
}
