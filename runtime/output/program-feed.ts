import { LEAD_IN_MS } from '../codec/flv-lead-in.ts';
import type { Cancel, Clock } from '../media/clock.ts';
import type { Program, ProgramListener } from '../program/program.ts';
import type { ProgramPacket } from '../program/program-packet.ts';
import { Batch, joinedBatch } from './batch.ts';
import { DeliveryPacer } from './delivery-pacer.ts';
import { FlushTimer, isUrgent } from './flush-timer.ts';
import type { PacketFormat } from './packet-format.ts';
import { type Opening, type ViewerLimits, ViewerQueue, type ViewerSink } from './viewer-queue.ts';

/** More than this of a GOP is not kept for those who join: they wait for the next keyframe. */
const MAX_JOIN_BYTES = 16 * 1024 * 1024;
/** A slice ends with the packet that makes it this long. */
const SLICE_BYTES = 32 * 1024;

type Pacer = Pick<DeliveryPacer, 'holdMs' | 'took'>;

/** A batch that is about to go out, with the headers that were in force when it was closed. */
interface DueBatch {
  readonly batch: Batch;
  readonly headers: Batch;
}

/** What the viewers of a program have been sent, of all that there have been. */
export interface Delivery {
  readonly skips: number;
  /** Written to their sockets. */
  readonly sentBytes: number;
}

/** What a feed of the same program elsewhere begins with, to be as this one is. */
export interface FeedPast {
  readonly startTime: number;
  readonly sourceHasVideo: boolean;
  /** The headers in force, and the GOP in the air. */
  readonly packets: readonly ProgramPacket[];
}

export interface FeedOptions {
  readonly limits: ViewerLimits;
  readonly clock: Clock;
  /** The host's own, for all of its programs. Default: packets are never held back. */
  readonly pacer?: Pacer;
  /** The number of viewers has changed: before the first one gets anything. */
  readonly onAudience?: (viewers: number) => void;
}

/**
 * Carries one program to its viewers. Packets go out as one batch at the end of the turn of the event loop, or, where there are
 * many viewers, as soon as they have been gathered for as long as the pacer says; keyframes and what changes do not wait. A batch
 * begins at each place where a viewer may begin, so that skipping and joining never cut inside one.
 */
export class ProgramFeed implements ProgramListener, Delivery {
  /** Skips of viewers that have gone since. */
  private pastSkips = 0;
  /** What they had been sent. */
  private pastBytes = 0;
  private readonly clock: Clock;
  private readonly limits: ViewerLimits;
  private readonly queues = new Set<ViewerQueue>();
  /** Closed batches; with the last of what was gathered, they go out at the next flush. */
  private due: DueBatch[] = [];
  private pending: ProgramPacket[] = [];
  private readonly flushTimer: FlushTimer;
  /** Program time of the first packet. It goes out as LEAD_IN_MS, so that a picture may be dated earlier by that. */
  private startTime: number | null = null;
  private metadata: ProgramPacket | null = null;
  private videoHeader: ProgramPacket | null = null;
  private audioHeader: ProgramPacket | null = null;
  /** Headers of extra tracks, by track. */
  private readonly extraHeaders = new Map<string, ProgramPacket>();
  private headersVersion = 0;
  private headersBatch: Batch | null = null;
  /** The version of the headers in front of `pending`. */
  private pendingBaseVersion = 0;
  private hasVideo = false;
  private hasAudio = false;
  /** The source on air has sent pictures; without any, viewers may begin with sound. */
  private sourceHasVideo = false;
  /** The GOP in the air, as references: from the last keyframe that went out. */
  private gop: ProgramPacket[] = [];
  private gopBytes = 0;
  /** The same, serialised, for all who join before it grows. */
  private gopBatch: Batch | null = null;

  private readonly pacer: Pacer;
  private readonly onAudience: (viewers: number) => void;

  /** Without a program, it is handed packets by whoever made it. */
  constructor(program: Pick<Program, 'subscribe'> | null, options: FeedOptions) {
    const { limits, clock, pacer = new DeliveryPacer(0), onAudience = () => {} } = options;
    this.clock = clock;
    this.flushTimer = new FlushTimer(clock, () => this.flush());
    this.limits = limits;
    this.pacer = pacer;
    this.onAudience = onAudience;
    program?.subscribe(this);
  }

  /** What has happened so far; null while nothing is on air. */
  past(): FeedPast | null {
    if (this.startTime === null) return null;
    this.flush();
    const { startTime, sourceHasVideo } = this;
    return { startTime, sourceHasVideo, packets: [...this.headersInForce, ...this.gop] };
  }

  /** Goes on from what has happened elsewhere. */
  resume({ startTime, sourceHasVideo, packets }: FeedPast): void {
    this.startTime = startTime;
    for (const packet of packets) this.packet(packet);
    this.sourceHasVideo ||= sourceHasVideo;
  }

  /** The program rests: whoever comes next begins with what it puts out when it wakes. */
  reset(): void {
    this.due = [];
    this.pending = [];
    this.flushTimer.clear();
    this.startTime = null;
    this.metadata = null;
    this.videoHeader = null;
    this.audioHeader = null;
    this.extraHeaders.clear();
    this.headersVersion += 1;
    this.pendingBaseVersion = this.headersVersion;
    this.hasVideo = false;
    this.hasAudio = false;
    this.sourceHasVideo = false;
    this.dropGop();
  }

  get viewers(): number {
    return this.queues.size;
  }

  get skips(): number {
    let skips = this.pastSkips;
    for (const queue of this.queues) skips += queue.skips;
    return skips;
  }

  get sentBytes(): number {
    let bytes = this.pastBytes;
    for (const queue of this.queues) bytes += queue.writtenBytes;
    return bytes;
  }

  /** Which tracks a player should expect; both while nothing is known. */
  get tracks(): { video: boolean; audio: boolean } {
    const isUnknown = !this.hasVideo && !this.hasAudio;
    return { video: isUnknown || this.hasVideo, audio: isUnknown || this.hasAudio };
  }

  /** Adds a viewer: it gets headers and the GOP in the air at once. Returns its queue, and how to take it off again. */
  join(
    sink: ViewerSink,
    format: PacketFormat,
    opening: Opening | null = null,
  ): { readonly queue: ViewerQueue; readonly leave: Cancel } {
    // What is only gathered reaches it with the others: a flush for each who joins would be a write to all.
    if (this.flushTimer.isDueThisTurn) this.flush();
    const queue = new ViewerQueue({ sink, format, limits: this.limits, now: this.clock.now(), opening });
    this.queues.add(queue);
    this.onAudience(this.queues.size);
    if (this.startTime !== null) {
      if (this.gop.length > 0) this.gopBatch ??= this.newBatch(this.gop, true, this.headersVersion);
      queue.join(this.headers(), this.gopBatch);
    }
    const leave = () => {
      if (!this.queues.delete(queue)) return;
      this.pastSkips += queue.skips;
      this.pastBytes += queue.writtenBytes;
      this.onAudience(this.queues.size);
    };
    return { queue, leave };
  }

  packet(packet: ProgramPacket): void {
    this.startTime ??= packet.time;
    // Sound from before the first picture: its timestamp would be negative, which 32 bits show as the end of the cycle.
    if (packet.time < this.startTime) return;
    const isFrame = packet.kind === 'frame';
    const begins = isUrgent(packet);
    if (begins && this.isCutBefore(packet)) this.closeBatch();
    this.keepHeader(packet);
    if (isFrame || packet.kind === 'header') this[packet.track === 'video' ? 'hasVideo' : 'hasAudio'] = true;
    if (isFrame && packet.track === 'video') this.sourceHasVideo = true;
    if (packet.kind === 'splice') this.sourceHasVideo = false;
    // Another source, or another codec: nobody can begin with the GOP from before it any more.
    if (packet.kind === 'splice' || (packet.kind === 'header' && packet.track === 'video')) this.dropGop();
    if (packet.kind !== 'header' || packet.config.payload.length > 0) this.pending.push(packet);
    this.flushTimer.plan(begins, this.pacer.holdMs);
  }

  /** Looks for viewers that are stuck. Called about once a second. */
  checkViewers(now: number): void {
    for (const queue of [...this.queues]) queue.checkStuck(now);
  }

  /** Ends all viewers. */
  close(reason: string): void {
    for (const queue of [...this.queues]) queue.sink.close(reason, 'going-away');
  }

  /** Another source's sound and headers in front of its first picture stay with that: all viewers get them together. */
  private isCutBefore(packet: ProgramPacket): boolean {
    const { pending } = this;
    if (!pending.some(({ kind }) => kind === 'frame' || kind === 'extra')) return false;
    const isNew = packet.kind !== 'splice' && pending.some(({ kind }) => kind === 'splice');
    return !isNew || isSliceFull(pending) || pending.some((p) => p.kind === 'frame' && p.track === 'video');
  }

  /** Keeps what is in force until the next of its kind, for those who join. */
  private keepHeader(packet: ProgramPacket): void {
    if (packet.kind === 'metadata') this.metadata = packet;
    else if (packet.kind === 'header') {
      // A codec without sequence headers takes away the last one's.
      const kept = packet.config.payload.length > 0 ? packet : null;
      if (packet.track === 'video') this.videoHeader = kept;
      else this.audioHeader = kept;
    } else if (packet.kind === 'extra' && isExtraHeader(packet)) {
      this.extraHeaders.set(`${packet.extra.medium} ${packet.extra.trackId}`, packet);
    } else return;
    this.headersVersion += 1;
    this.headersBatch = null;
  }

  private flush(): void {
    this.flushTimer.clear();
    this.closeBatch();
    const { due } = this;
    if (due.length === 0) return;
    this.due = [];
    const startedAt = this.clock.now();
    this.deliver(due);
    this.pacer.took(this, this.queues.size === 0 ? 0 : this.clock.now() - startedAt);
  }

  /** What was gathered becomes a batch, or several. */
  private closeBatch(): void {
    const packets = this.pending;
    if (packets.length === 0) return;
    this.pending = [];
    for (const slice of slicesOf(packets)) this.closeSlice(slice);
  }

  private closeSlice(packets: readonly ProgramPacket[]): void {
    for (const packet of packets) this.keepForJoins(packet);
    const baseVersion = this.pendingBaseVersion;
    this.pendingBaseVersion = this.headersVersion;
    if (this.queues.size === 0) return;
    const firstVideo = packets.find((p) => p.kind === 'frame' && p.track === 'video');
    const isEntry = firstVideo?.kind === 'frame' ? firstVideo.keyframe : !this.sourceHasVideo;
    this.due.push({
      batch: this.newBatch(packets, isEntry, baseVersion),
      headers: this.headers(packets),
    });
  }

  /** What was gathered in front of a keyframe or a splice goes out in one write with it. */
  private deliver(due: readonly DueBatch[]): void {
    const [first, second, ...others] = due;
    if (first === undefined || second === undefined || isSliceFull(first.batch.packets)) {
      for (const one of due) this.send(one);
      return;
    }
    this.sendBoth(first, second);
    for (const one of others) this.send(one);
  }

  private sendBoth(first: DueBatch, second: DueBatch): void {
    const joined = joinedBatch(first.batch, second.batch);
    for (const queue of this.queues) {
      if (queue.flow(joined)) continue;
      queue.send(first.batch, first.headers);
      queue.send(second.batch, second.headers);
    }
  }

  private send({ batch, headers }: DueBatch): void {
    for (const queue of this.queues) queue.send(batch, headers);
  }

  /** The headers in force, dated like the GOP that follows them, but for those that `next` brings itself. */
  private headers(next: readonly ProgramPacket[] = []): Batch {
    const all = this.headersInForce;
    const missing = all.filter((packet) => !next.includes(packet));
    const isWhole = missing.length === all.length;
    if (isWhole && this.headersBatch !== null) return this.headersBatch;
    const time = this.gop[0]?.time;
    const packets = missing.map((packet) => (time === undefined ? packet : { ...packet, time }));
    const batch = this.newBatch(packets, false, this.headersVersion);
    if (isWhole) this.headersBatch = batch;
    return batch;
  }

  private get headersInForce(): readonly ProgramPacket[] {
    const own = [this.metadata, this.videoHeader, this.audioHeader].filter((packet) => packet !== null);
    return [...own, ...this.extraHeaders.values()];
  }

  private newBatch(packets: readonly ProgramPacket[], isEntry: boolean, baseVersion: number): Batch {
    const { headersVersion } = this;
    const startTime = (this.startTime ?? 0) - LEAD_IN_MS;
    return new Batch({ packets, isEntry, headersVersion, baseVersion, startTime });
  }

  private keepForJoins(packet: ProgramPacket): void {
    if (packet.kind !== 'frame' && packet.kind !== 'data' && packet.kind !== 'extra') return;
    if (packet.kind === 'extra' && isExtraHeader(packet)) return;
    const begins = packet.kind === 'frame' && packet.keyframe;
    if (begins || this.gopBytes > MAX_JOIN_BYTES) this.dropGop();
    // Sound without pictures is joined anywhere and needs no past.
    if (!begins && this.gop.length === 0) return;
    this.gop.push(packet);
    this.gopBytes += packet.payload.length;
    this.gopBatch = null;
  }

  private dropGop(): void {
    this.gop = [];
    this.gopBytes = 0;
    this.gopBatch = null;
    this.headersBatch = null;
  }
}

/**
 * A source's whole past goes out at a switch, to a thousand viewers half a gigabyte: in slices, so that the last viewer has the
 * beginning before the first one has the end.
 */
function slicesOf(packets: readonly ProgramPacket[]): Array<readonly ProgramPacket[]> {
  const slices: ProgramPacket[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const packet of packets) {
    if (bytes >= SLICE_BYTES) {
      slices.push([]);
      bytes = 0;
    }
    slices.at(-1)?.push(packet);
    bytes += payloadBytes(packet);
  }
  return slices;
}

function isSliceFull(packets: readonly ProgramPacket[]): boolean {
  let bytes = 0;
  for (const packet of packets) bytes += payloadBytes(packet);
  return bytes >= SLICE_BYTES;
}

function payloadBytes(packet: ProgramPacket): number {
  return 'payload' in packet ? packet.payload.length : 0;
}

/** A codec configuration, or what goes with a default track and holds until the next. */
function isExtraHeader({ extra }: Extract<ProgramPacket, { kind: 'extra' }>): boolean {
  return extra.config !== null || extra.trackId === 0;
}
