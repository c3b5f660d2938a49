import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Cancel, Clock } from '../media/clock.ts';
import type { ViewerLimits } from '../output/viewer-queue.ts';
import { isReleasable, releaseSocket } from '../rtmp/release-socket.ts';
import type { TrackChoice } from '../rtmp/server-handler.ts';
import type { CarriedProgram } from './carried-program.ts';
import { CarriedSocket } from './carried-socket.ts';
import type { CarriedProtocol, ToHost } from './messages.ts';
import { WorkerProcess } from './worker-process.ts';

export interface FanOutLog {
  info(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface FanOutOptions {
  /** `grows`: none at first, and another one each time that those there are have enough. Otherwise all from the start. */
  readonly workers: { readonly most: number; readonly grows: boolean };
  /** What runs a worker. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly limits: ViewerLimits;
  readonly deliveryBudgetMs: number;
  readonly programs: ReadonlyMap<string, CarriedProgram>;
  /** How many viewers the host carries itself. */
  readonly ownViewers: () => number;
  readonly log: FanOutLog;
}

/** What stands for a viewer that a worker has. */
export interface CarriedViewer {
  /** In place of its socket. */
  readonly socket: Duplex;
  /** Null: nothing, as long as it pauses. */
  select(tracks: TrackChoice | null): void;
  /** It is not wanted any more, or gone. */
  leave(): void;
}

export interface ViewerToCarry {
  readonly program: string;
  readonly protocol: CarriedProtocol;
  readonly socket: Socket;
  /** Called once, unless it is left before: why it is gone. */
  readonly onGone: (reason: string) => void;
}

interface Placed {
  readonly worker: WorkerProcess;
  readonly program: CarriedProgram;
  readonly socket: CarriedSocket;
  readonly onGone: (reason: string) => void;
}

/** What `viewers.workers` means on a machine with so many cores: on one core, a worker would only be a detour. */
export function workersOf(configured: number | 'auto', cores: number): FanOutOptions['workers'] {
  if (configured !== 'auto') return { most: configured, grows: false };
  return { most: cores > 1 ? cores : 0, grows: true };
}

/** A worker with so many is joined by another one, as long as there may be more. */
const ENOUGH_VIEWERS = 250;
/** The host carries so many itself before the first worker is worth its memory. */
const OWN_VIEWERS = 50;
/** One that ends is followed by another one after so long. */
const RESTART_MS = 1_000;
const CHECK_MS = 1_000;

/**
 * Spreads viewers over worker processes, so that more than one core writes to them. The host accepts, answers and decides; once
 * a viewer plays, its socket goes to a worker, and each of the program's packets too: once for each worker. What a worker's
 * death costs is its own viewers, and another one takes its place.
 */
export class FanOut {
  private readonly options: FanOutOptions;
  private readonly workers = new Set<WorkerProcess>();
  private readonly viewers = new Map<number, Placed>();
  private lastViewer = 0;
  private restUntil = Number.NEGATIVE_INFINITY;
  private isStopping = false;
  private readonly undo: Cancel[] = [];

  constructor(options: FanOutOptions) {
    this.options = options;
  }

  start(): void {
    const { clock, workers } = this.options;
    if (!workers.grows) for (let i = 0; i < workers.most; i += 1) this.startWorker();
    this.undo.push(
      clock.every(CHECK_MS, () => {
        for (const worker of this.workers) worker.check();
      }),
    );
  }

  /** The workers that are ready, with the viewers of each. */
  get load(): ReadonlyArray<{ readonly pid: number; readonly viewers: number }> {
    return [...this.workers].flatMap(({ pid, viewers, isReady }) =>
      pid !== undefined && isReady ? [{ pid, viewers }] : [],
    );
  }

  /** Whether the next viewer should go to a worker. */
  wantsViewer(): boolean {
    const { workers, ownViewers } = this.options;
    const { most, grows } = workers;
    if (most === 0 || this.isStopping || (grows && ownViewers() < OWN_VIEWERS)) return false;
    const least = this.leastLoaded();
    if (grows && (least === null || least.viewers >= ENOUGH_VIEWERS)) this.grow();
    return least !== null;
  }

  /** Takes a viewer over. Null where it has to stay. */
  carry({ program: name, protocol, socket, onGone }: ViewerToCarry): CarriedViewer | null {
    const worker = this.leastLoaded();
    const program = this.options.programs.get(name);
    // First whether it can go: a worker that is new to the program is sent its whole past.
    if (worker === null || !isReleasable(socket) || !program?.add(worker)) return null;
    releaseSocket(socket);
    this.lastViewer += 1;
    const viewer = this.lastViewer;
    const stand = new CarriedSocket({
      onWrite: (bytes) => {
        if (this.viewers.has(viewer)) worker.tell({ type: 'write', viewer, bytes });
      },
      onClose: (isGraceful) => {
        if (this.viewers.has(viewer)) worker.tell({ type: 'close', viewer, isGraceful });
        this.forget(viewer);
      },
    });
    this.viewers.set(viewer, { worker, program, socket: stand, onGone });
    worker.viewers += 1;
    worker.tell({ type: 'viewer', viewer, program: name, protocol });
    worker.send({ viewer }, socket);
    return {
      socket: stand,
      select: (tracks) => worker.tell({ type: 'select', viewer, tracks }),
      leave: () => stand.destroy(),
    };
  }

  /** Closes all viewers and ends all workers. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const cancel of this.undo.splice(0)) cancel();
    await Promise.all([...this.workers].map((worker) => worker.stop()));
  }

  private leastLoaded(): WorkerProcess | null {
    let least: WorkerProcess | null = null;
    for (const worker of this.workers) {
      if (worker.isReady && (least === null || worker.viewers < least.viewers)) least = worker;
    }
    return least;
  }

  /** One at a time, and not at once after one has ended. */
  private grow(): void {
    const { clock, workers } = this.options;
    if (this.workers.size >= workers.most || clock.now() < this.restUntil) return;
    if ([...this.workers].every(({ isReady }) => isReady)) this.startWorker();
  }

  private startWorker(): void {
    const { options } = this;
    const { clock, log } = options;
    const worker = new WorkerProcess({
      ...options,
      onMessage: (message) => this.receive(message),
      onEnded: (reason) => {
        this.workers.delete(worker);
        if (this.isStopping) return;
        log.error(
          { event: 'worker', pid: worker.pid, viewers: worker.viewers, reason },
          'a worker has ended',
        );
        this.loseViewers(worker, reason);
        this.restUntil = clock.now() + RESTART_MS;
        if (!options.workers.grows) this.undo.push(clock.after(RESTART_MS, () => this.startWorker()));
      },
    });
    this.workers.add(worker);
    log.info({ event: 'worker', pid: worker.pid }, 'a worker carries viewers');
  }

  private receive(message: ToHost): void {
    switch (message.type) {
      case 'ready':
        break;
      case 'bytes':
        this.viewers.get(message.viewer)?.socket.receive(message.bytes);
        break;
      case 'gone':
        this.lose(message.viewer, message.reason);
        break;
      case 'figures':
        for (const { program, skips, sentBytes } of message.programs) {
          const carried = this.options.programs.get(program);
          if (carried === undefined) continue;
          carried.skips += skips;
          carried.sentBytes += sentBytes;
        }
        break;
    }
  }

  private loseViewers(worker: WorkerProcess, reason: string): void {
    for (const [viewer, placed] of [...this.viewers]) {
      if (placed.worker === worker) this.lose(viewer, `the worker that carried it has ended: ${reason}`);
    }
  }

  private lose(viewer: number, reason: string): void {
    const placed = this.viewers.get(viewer);
    this.forget(viewer);
    placed?.onGone(reason);
  }

  private forget(viewer: number): void {
    const placed = this.viewers.get(viewer);
    if (placed === undefined) return;
    this.viewers.delete(viewer);
    placed.worker.viewers -= 1;
    placed.program.remove(placed.worker);
  }
}
