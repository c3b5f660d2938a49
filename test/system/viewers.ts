import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SeenPacket, ViewerAnswer, ViewerRequest, WatchedReport } from './viewer-protocol.ts';

interface Waiter {
  readonly resolve: (answer: ViewerAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** The viewers' process (viewer-agent.ts), asked from the test. Every method rejects when the process has ended. */
export class Viewers {
  private readonly agent: ChildProcess;
  private readonly waiters = new Map<number, Waiter>();
  private readonly ended: Promise<void>;
  private nextId = 1;
  private failure: Error | null = null;

  /** `on`: what stands in front of its command line, the machine that it runs on. */
  constructor(on: readonly string[]) {
    const node = [process.execPath, '--import', 'tsx', join(import.meta.dirname, 'viewer-agent.ts')];
    const [program = '', ...args] = [...on, ...node];
    this.agent = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.agent.stdin?.on('error', () => {});
    if (this.agent.stdout !== null) {
      createInterface({ input: this.agent.stdout }).on('line', (line) => this.take(JSON.parse(line)));
    }
    this.ended = new Promise((resolve) => {
      this.agent.on('close', (code) => {
        this.failure = new Error(`the viewers' process has ended with ${code}`);
        for (const { reject } of this.waiters.values()) reject(this.failure);
        this.waiters.clear();
        resolve();
      });
    });
  }

  /** Resolves when the host has accepted; rejects with the reason where it refuses. */
  async start(viewer: string, url: string): Promise<void> {
    await this.ask({ do: 'start', viewer, url });
  }

  async stop(viewer: string): Promise<void> {
    await this.ask({ do: 'stop', viewer });
  }

  /** From now on, reports and packets begin anew. */
  async mark(): Promise<void> {
    await this.ask({ do: 'mark' });
  }

  async report(): Promise<ReadonlyMap<string, WatchedReport>> {
    const answer = await this.ask({ do: 'report' });
    const viewers = 'viewers' in answer ? answer.viewers : [];
    return new Map(viewers.map((watched) => [watched.viewer, watched]));
  }

  async packets(viewer: string): Promise<readonly SeenPacket[]> {
    const answer = await this.ask({ do: 'packets', viewer });
    return 'packets' in answer ? answer.packets : [];
  }

  async close(): Promise<void> {
    this.agent.stdin?.end();
    await this.ended;
  }

  private ask(request: ViewerRequest): Promise<ViewerAnswer> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const id = this.nextId;
    this.nextId += 1;
    this.agent.stdin?.write(`${JSON.stringify({ id, ...request })}\n`);
    return new Promise((resolve, reject) => this.waiters.set(id, { resolve, reject }));
  }

  private take(answer: ViewerAnswer): void {
    const waiter = this.waiters.get(answer.id);
    this.waiters.delete(answer.id);
    if ('error' in answer) waiter?.reject(new Error(answer.error));
    else waiter?.resolve(answer);
  }
}
