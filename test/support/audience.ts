import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type AudienceRequest =
  | { readonly kind: 'publish'; readonly clipFile: string; readonly url: string }
  | { readonly kind: 'play'; readonly url: string }
  | { readonly kind: 'look' };

/** What a viewer has noticed since it was last looked at: in words, empty where all is well. */
export interface ViewerSight {
  readonly url: string;
  readonly breaches: readonly string[];
  /** The longest that nothing arrived, on the wall clock. */
  readonly largestGapMs: number;
}

export interface AudienceAnswer {
  readonly id: number;
  readonly value?: number | ViewerSight[] | null;
  readonly error?: string;
}

interface Waiter {
  readonly resolve: (value: AudienceAnswer['value']) => void;
  readonly reject: (error: Error) => void;
}

/** Encoders and viewers in a process of their own (audience-process.ts). */
export class Audience {
  private readonly child: ChildProcess;
  private readonly waiters = new Map<number, Waiter>();
  private lastId = 0;

  constructor() {
    this.child = fork(join(import.meta.dirname, 'audience-process.ts'), { execArgv: ['--import', 'tsx'] });
    this.child.on('message', ({ id, value, error }: AudienceAnswer) => {
      const waiter = this.waiters.get(id);
      this.waiters.delete(id);
      if (error === undefined) waiter?.resolve(value);
      else waiter?.reject(new Error(error));
    });
    this.child.once('exit', (code, signal) => {
      for (const { reject } of this.waiters.values())
        reject(new Error(`the audience ended: ${code ?? signal}`));
    });
  }

  /** Publishes a clip in a loop, for ever. */
  async publish(clipFile: string, url: string): Promise<void> {
    await this.ask({ kind: 'publish', clipFile, url });
  }

  /** Plays a stream for ever, by RTMP or HTTP-FLV. Resolves with the ms that it took to the first picture. */
  async play(url: string): Promise<number> {
    return (await this.ask({ kind: 'play', url })) as number;
  }

  /** What each viewer has noticed since the last look. */
  async look(): Promise<ViewerSight[]> {
    return (await this.ask({ kind: 'look' })) as ViewerSight[];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private ask(request: AudienceRequest): Promise<AudienceAnswer['value']> {
    this.lastId += 1;
    return new Promise((resolve, reject) => {
      this.waiters.set(this.lastId, { resolve, reject });
      this.child.send({ id: this.lastId, request });
    });
  }
}
