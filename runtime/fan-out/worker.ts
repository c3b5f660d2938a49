import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Cancel, Clock } from '../media/clock.ts';
import { DeliveryPacer } from '../output/delivery-pacer.ts';
import { joinFlv } from '../output/flv-viewer.ts';
import { ProgramFeed } from '../output/program-feed.ts';
import { joinRtmp } from '../output/rtmp-viewer.ts';
import { SocketSink } from '../output/socket-sink.ts';
import type { ViewerLimits } from '../output/viewer-queue.ts';
import { pendingBytes } from '../rtmp/pending-bytes.ts';
import type { TrackChoice } from '../rtmp/server-handler.ts';
import { encodeForLink } from './link.ts';
import type { CarriedProtocol, ToHost, ToWorker } from './messages.ts';

// A viewer here:   announced -[its socket]▶ playing -[close, the socket's end, stuck]▶ gone

interface CarriedViewer {
  readonly program: string;
  readonly protocol: CarriedProtocol;
  /** Null until it has come. */
  socket: Socket | null;
  /** What is to be written as soon as the socket is there. */
  early: Buffer[];
  /** Undefined: everything. */
  chosen?: TrackChoice | null;
  select: (tracks: TrackChoice | null) => void;
  leave: Cancel;
}

const CHECK_MS = 1_000;
/** Time to take what was written, after which the socket is destroyed. */
const CLOSE_GRACE_MS = 1_000;
/** Beside its program, a viewer may have this much unsent: answers to what it has asked. */
const MAX_REPLY_BYTES = 1024 * 1024;

/** The worker's end: feeds of the programs that its viewers play, and those viewers. */
export class FanOutWorker {
  private readonly link: Duplex;
  private readonly clock: Clock;
  private limits: ViewerLimits = { queueLimitBytes: 0, stuckTimeoutMs: 0 };
  private pacer = new DeliveryPacer(0);
  private readonly feeds = new Map<string, ProgramFeed>();
  private readonly viewers = new Map<number, CarriedViewer>();
  private lastAnnounced = 0;
  /** Sockets whose viewers are not announced yet. */
  private readonly waiting = new Map<number, Socket | undefined>();
  /** What the host knows of each feed. */
  private readonly told = new WeakMap<ProgramFeed, { skips: number; sentBytes: number }>();

  constructor(link: Duplex, clock: Clock) {
    this.link = link;
    this.clock = clock;
    clock.every(CHECK_MS, () => this.check());
    this.tell({ type: 'ready' });
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'settings':
        this.limits = message.limits;
        this.pacer = new DeliveryPacer(message.deliveryBudgetMs);
        break;
      case 'begin': {
        const { clock, limits } = this;
        // They were gathered in the host (carried-program.ts), which is told what the pacer asks for.
        const pacer = { holdMs: 0, took: (program: object, ms: number) => this.pacer.took(program, ms) };
        const feed = new ProgramFeed(null, { limits, clock, pacer });
        feed.resume(message.past);
        this.feeds.set(message.program, feed);
        break;
      }
      case 'packets': {
        const feed = this.feeds.get(message.program);
        for (const packet of message.packets) feed?.packet(packet);
        break;
      }
      case 'end':
        this.end(message.program);
        break;
      case 'viewer':
        this.announce(message);
        break;
      case 'write':
        this.write(message.viewer, message.bytes);
        break;
      case 'select':
        this.select(message.viewer, message.tracks);
        break;
      case 'close':
        this.close(message.viewer, message.isGraceful);
        break;
      case 'stop':
        for (const viewer of [...this.viewers.keys()]) this.close(viewer, true);
        break;
    }
  }

  private end(program: string): void {
    const feed = this.feeds.get(program);
    if (feed === undefined) return;
    this.tellFigures();
    this.feeds.delete(program);
    this.pacer.ended(feed);
  }

  private announce({ viewer, program, protocol }: Extract<ToWorker, { type: 'viewer' }>): void {
    this.lastAnnounced = viewer;
    this.viewers.set(viewer, {
      program,
      protocol,
      socket: null,
      early: [],
      select: () => {},
      leave: () => {},
    });
    if (!this.waiting.has(viewer)) return;
    const socket = this.waiting.get(viewer);
    this.waiting.delete(viewer);
    this.adopt(viewer, socket);
  }

  /**
   * The socket of a viewer that was announced, or is about to be: the two come on different channels. Undefined where it was
   * closed on its way.
   */
  adopt(id: number, socket: Socket | undefined): void {
    const viewer = this.viewers.get(id);
    if (viewer === undefined) {
      // Its viewer may be gone already.
      if (id > this.lastAnnounced) this.waiting.set(id, socket);
      else socket?.destroy();
      return;
    }
    if (socket === undefined) {
      this.gone(id, 'closed by peer');
      return;
    }
    viewer.socket = socket;
    socket.on('error', (error) => this.gone(id, `socket: ${error.message}`));
    socket.on('end', () => this.gone(id, 'closed by peer'));
    socket.on('close', () => this.gone(id, 'closed by peer'));
    socket.on('data', (bytes) => {
      if (viewer.protocol.kind === 'rtmp' && this.viewers.has(id))
        this.tell({ type: 'bytes', viewer: id, bytes });
    });
    for (const bytes of viewer.early) socket.write(bytes);
    viewer.early = [];
    this.join(id, viewer, socket);
  }

  private join(id: number, viewer: CarriedViewer, socket: Socket): void {
    const feed = this.feeds.get(viewer.program);
    if (feed === undefined) throw new Error(`a viewer of ${viewer.program}, which is not carried here`);
    const sink = new SocketSink(socket, (reason) => this.gone(id, reason));
    const { protocol } = viewer;
    if (protocol.kind === 'http-flv') {
      viewer.leave = joinFlv(feed, sink);
      return;
    }
    const { select, leave } = joinRtmp(feed, sink, protocol);
    viewer.leave = leave;
    viewer.select = select;
    if (viewer.chosen !== undefined) viewer.select(viewer.chosen);
  }

  private select(id: number, tracks: TrackChoice | null): void {
    const viewer = this.viewers.get(id);
    if (viewer === undefined) return;
    viewer.chosen = tracks;
    viewer.select(tracks);
  }

  private write(id: number, bytes: Buffer): void {
    const viewer = this.viewers.get(id);
    if (viewer === undefined) return;
    const { socket } = viewer;
    if (socket === null) viewer.early.push(bytes);
    else if (pendingBytes(socket) <= this.limits.queueLimitBytes + MAX_REPLY_BYTES) socket.write(bytes);
    else this.gone(id, 'too-many-commands: replies that it does not take');
  }

  private close(id: number, isGraceful: boolean): void {
    const viewer = this.viewers.get(id);
    if (viewer === undefined) return;
    this.viewers.delete(id);
    viewer.leave();
    const { socket } = viewer;
    if (!isGraceful) socket?.destroy();
    else {
      socket?.end();
      this.clock.after(CLOSE_GRACE_MS, () => socket?.destroy());
    }
  }

  /** For a cause of its own; the host hears of it. */
  private gone(id: number, reason: string): void {
    if (!this.viewers.has(id)) return;
    this.close(id, false);
    this.tell({ type: 'gone', viewer: id, reason });
  }

  private check(): void {
    const now = this.clock.now();
    for (const feed of this.feeds.values()) feed.checkViewers(now);
    this.tellFigures();
  }

  private tellFigures(): void {
    const programs = [...this.feeds].map(([program, feed]) => {
      const { skips, sentBytes } = feed;
      const before = this.told.get(feed) ?? { skips: 0, sentBytes: 0 };
      this.told.set(feed, { skips, sentBytes });
      return { program, skips: skips - before.skips, sentBytes: sentBytes - before.sentBytes };
    });
    this.tell({ type: 'figures', holdMs: this.pacer.holdMs, programs });
  }

  private tell(message: ToHost): void {
    this.link.write(encodeForLink(message));
  }
}
