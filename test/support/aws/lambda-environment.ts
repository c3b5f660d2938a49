import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const BOOTSTRAP = join(import.meta.dirname, 'lambda-bootstrap.mjs');

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

export type Outcome =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: FunctionError };

export interface Request {
  readonly event: unknown;
  readonly requestId: string;
  readonly timeoutMs: number;
}

export interface EnvironmentOptions {
  /** Where `index.mjs` is. */
  readonly directory: string;
  /** All variables of its process. */
  readonly variables: Readonly<Record<string, string>>;
  /** Gets what it writes. */
  readonly log: (text: string) => void;
}

/** How long a handler's module may take to be imported. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
const INIT_TIMEOUT_MS = 10_000;

/**
 * An execution environment: the process of one function, which takes one event at a time, and stands still between them.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
export class LambdaEnvironment {
  /** How long its module took to be imported. */
  initMs = 0;
  private readonly child: ChildProcess;
  private readonly startedAt = performance.now();
  private readonly ready: Promise<Outcome | null>;

  constructor({ directory, variables, log }: EnvironmentOptions) {
    this.child = fork(BOOTSTRAP, { cwd: directory, env: { ...variables }, execArgv: [], silent: true });
    for (const output of [this.child.stdout, this.child.stderr]) output?.setEncoding('utf8').on('data', log);
    this.ready = this.init();
  }

  /** Never rejects. After a failure that ended the process, `isAlive` is false. */
  async invoke({ event, requestId, timeoutMs }: Request): Promise<Outcome> {
    const failedInit = await this.ready;
    if (failedInit !== null) return failedInit;
    this.child.kill('SIGCONT');
    const outcome = this.outcome(timeoutMs, {
      errorType: 'Sandbox.Timedout',
      errorMessage: `Task timed out after ${(timeoutMs / 1_000).toFixed(2)} seconds`,
    });
    if (this.child.connected) this.child.send({ event, requestId, deadline: Date.now() + timeoutMs });
    const own = await outcome;
    // Frozen: what a handler left running goes on with the next event, or never.
    this.child.kill('SIGSTOP');
    return own;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async stop(): Promise<void> {
    if (!this.isAlive) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  /** Null where it can take events. */
  private async init(): Promise<Outcome | null> {
    const outcome = await this.outcome(INIT_TIMEOUT_MS, {
      errorType: 'Sandbox.Timedout',
      errorMessage: 'Init timed out',
    });
    this.initMs = performance.now() - this.startedAt;
    if (outcome.kind === 'result') return null;
    await this.stop();
    return outcome;
  }

  /** The next thing that the process says; it is killed where it says nothing in time. */
  private async outcome(timeoutMs: number, timeout: FunctionError): Promise<Outcome> {
    const done = new AbortController();
    const { signal } = done;
    const timedOut = new Promise<Outcome>((resolve) => {
      const timer = setTimeout(() => resolve({ kind: 'failed', error: timeout }), timeoutMs);
      signal.addEventListener('abort', () => clearTimeout(timer));
    });
    const said = once(this.child, 'message', { signal }).then(([message]) =>
      message.kind === 'ready' ? { kind: 'result', result: null } : message,
    );
    const exited = once(this.child, 'exit', { signal }).then(
      ([code, killedBy]): Outcome => ({
        kind: 'failed',
        error: { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with ${killedBy ?? code}` },
      }),
    );
    const outcome = await Promise.race([said, exited, timedOut]);
    for (const lost of [said, exited]) lost.catch(() => {});
    done.abort();
    if (outcome.kind === 'failed' && outcome.error === timeout) await this.stop();
    return outcome;
  }
}
