import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock } from '../media/clock.ts';
import type { ViewerLimits } from '../output/viewer-queue.ts';
import { DrainWatch } from '../rtmp/drain-watch.ts';
import { pendingBytes } from '../rtmp/pending-bytes.ts';
import { encodeForLink, readMessages } from './link.ts';
import type { SocketLabel, ToHost, ToWorker } from './messages.ts';

export interface WorkerOptions {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly limits: ViewerLimits;
  readonly deliveryBudgetMs: number;
  readonly onMessage: (message: ToHost) => void;
  /** Called once: the process has ended, or could not be started. */
  readonly onEnded: (reason: string) => void;
}

/** Where the link is, in the worker. */
export const LINK_FD = 4;
/** A worker that takes nothing for so long hangs, and is killed. */
const STUCK_MS = 5_000;
/** More than this is not held for one. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
const STOP_GRACE_MS = 2_000;

/** The host's end of one worker: its process, the link to it, and the channel on which sockets go there. */
export class WorkerProcess {
  isReady = false;
  isEnded = false;
  /** Viewers that it has, or that are on their way. */
  viewers = 0;
  /** How long packets should be gathered for it: what it has told last. */
  holdMs = 0;
  private readonly child: ChildProcess;
  private readonly link: Socket;
  private readonly clock: Clock;
  private readonly drain: DrainWatch;
  /** Sockets that Node has not sent yet: one goes at a time, when the one before it has arrived. */
  private readonly underWay = new Set<Socket>();
  private endReason: string | null = null;

  constructor(options: WorkerOptions) {
    const { clock, limits, deliveryBudgetMs, onMessage, onEnded } = options;
    const [program, ...args] = options.command;
    this.clock = clock;
    this.drain = new DrainWatch(clock.now());
    this.child = spawn(program, args, {
      env: { ...options.env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
      windowsHide: true,
    });
    this.link = this.child.stdio[LINK_FD] as Socket;
    // It may be dead before it has read anything; its end is told by the process.
    this.link.on('error', () => {});
    readMessages(this.link, (message) => {
      const told = message as ToHost;
      if (told.type === 'ready') this.isReady = true;
      if (told.type === 'figures') this.holdMs = told.holdMs;
      onMessage(told);
    });
    const end = (reason: string): void => {
      if (this.isEnded) return;
      this.isReady = false;
      this.isEnded = true;
      for (const socket of this.underWay) socket.destroy();
      onEnded(this.endReason ?? reason);
    };
    this.child.on('error', (error) => end(error.message));
    this.child.on('exit', (code, signal) => end(signal === null ? `exit status ${code}` : signal));
    this.tell({ type: 'settings', limits, deliveryBudgetMs });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  tell(message: ToWorker): void {
    this.write(encodeForLink(message));
  }

  /** A message that goes to several workers is encoded once. */
  write(encoded: Buffer): void {
    if (this.isEnded) return;
    this.drain.wrote(encoded.length);
    this.link.write(encoded);
  }

  /** Hands a socket over; nothing may be read from or written to it here any more. */
  send(label: SocketLabel, socket: Socket): void {
    this.underWay.add(socket);
    this.child.send(label, socket, () => this.underWay.delete(socket));
  }

  /** Ends one that hangs. Called about once a second. */
  check(): void {
    const pending = pendingBytes(this.link);
    const stuckMs = this.drain.stuckMs(pending, this.clock.now());
    if (stuckMs >= STUCK_MS) this.kill(`it took nothing for ${STUCK_MS} ms`);
    else if (pending > MAX_PENDING_BYTES) this.kill(`${pending} bytes wait for it`);
  }

  /** Lets it close its viewers. Resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.isEnded) return;
    const ended = once(this.child, 'exit');
    this.tell({ type: 'stop' });
    const cancel = this.clock.after(STOP_GRACE_MS, () => this.kill('it did not stop'));
    await ended;
    cancel();
  }

  private kill(reason: string): void {
    this.endReason = reason;
    this.child.kill('SIGKILL');
  }
}
