import { canShow } from '../input/health.ts';
import type { Input, InputListener, InputPosition, RelayMark } from '../input/input.ts';
import type { InputPacket } from '../input/input-packet.ts';
import type { Gop } from '../input/warm-buffer.ts';
import type { Cancel, Clock } from '../media/clock.ts';
import { isHeader, type Metadata } from '../media/packet.ts';
import { RelayBatch } from './relay-batch.ts';
import { isRelayMessage } from './relay-message.ts';
import { type RelayLimits, RelayQueue, type RelaySink } from './relay-queue.ts';

/** The recent past that a host is given when it begins may take this share of its queue's bound. */
const PAST_SHARE = 0.5;

/**
 * Carries one input of this host to other hosts, one copy to each (docs/hosts.md). Each gets the input's recent past first,
 * so that it can fail over at once, then every packet as it comes; marks ahead of packets say where these stand in program
 * time, and the input's health is told as it changes. Packets of one turn of the event loop go out together.
 */
export class RelayFeed implements InputListener {
  private readonly input: Input;
  private readonly clock: Clock;
  private readonly limits: RelayLimits;
  private readonly queues = new Set<RelayQueue>();
  private batch = new RelayBatch();
  /** What somebody needs who begins with `batch`; null where it begins inside a GOP. */
  private preamble: RelayBatch | null = null;
  private isFlushDue = false;
  /** Of the publication that is being relayed; null before it is fit to be shown. */
  private placer: Placer | null = null;

  constructor(options: { input: Input; clock: Clock; limits: RelayLimits }) {
    this.input = options.input;
    this.clock = options.clock;
    this.limits = options.limits;
    options.input.subscribe(this);
  }

  /** `have`: what that host has already; it gets what comes after that, where that is still held. */
  join(sink: RelaySink, have: InputPosition | null): { readonly queue: RelayQueue; readonly leave: Cancel } {
    this.flush();
    const queue = new RelayQueue(sink, this.limits, this.clock.now());
    this.queues.add(queue);
    // Another encoder may have taken over since: nothing is known of its clock before its health says so.
    if (this.placer?.epoch === this.input.position.epoch) beginAll([queue], this.past(have));
    queue.tell(this.healthMessage());
    return { queue, leave: () => this.queues.delete(queue) };
  }

  packet(p: InputPacket): void {
    const { input, placer } = this;
    if (placer?.epoch !== input.position.epoch) return;
    // Nobody takes it: who comes gets it as the past.
    if (this.queues.size === 0) {
      placer.pass(p);
      return;
    }
    if (input.buffer.gops.at(-1)?.packets[0] === p) {
      this.flush();
      this.preamble = new RelayBatch();
      // First: the mark of another publication makes the other end forget the last one's headers.
      this.preamble.mark(placer.markOf(p));
      if (input.metadata !== null) this.preamble.metadata(input.metadata);
      this.preamble.headers(input.headers);
    }
    placer.put(this.batch, p);
    this.flushSoon();
  }

  metadata(metadata: Metadata): void {
    if (this.queues.size === 0 || this.placer?.epoch !== this.input.position.epoch) return;
    this.batch.metadata(metadata);
    this.flushSoon();
  }

  /** The input's health has changed. */
  healthChanged(): void {
    this.flush();
    const { health, position } = this.input;
    if (this.placer !== null && (this.placer.epoch !== position.epoch || health === 'absent')) {
      this.placer = null;
      for (const queue of this.queues) queue.wait();
    }
    if (this.placer === null && canShow(health)) {
      const past = this.past(null);
      this.placer = past.placer;
      beginAll(this.queues, past);
    }
    const told = this.healthMessage();
    for (const queue of this.queues) queue.tell(told);
  }

  /** Looks for connections that are stuck. Called about once a second. */
  check(now: number): void {
    for (const queue of [...this.queues]) queue.checkStuck(now);
  }

  close(reason: string): void {
    for (const { sink } of [...this.queues]) sink.close(reason);
  }

  /** What the input has sent lately, from a keyframe on, or from what a host has already. */
  private past(have: InputPosition | null): Past {
    const { metadata, position } = this.input;
    const batch = new RelayBatch();
    const placer = new Placer(position.epoch);
    const gops = this.recentGops();
    const packets = gops.flatMap((gop) => gop.packets);
    const first = packets[0];
    const known = have?.epoch === position.epoch ? have.sequence : 0;
    const mark = new RelayBatch();
    if (first === undefined) return { batch, mark, placer };
    mark.mark(placer.markOf(first));
    if (known > 0 && first.sequence <= known + 1) {
      const isNew = ({ packet, sequence }: InputPacket): boolean =>
        sequence > known || (isHeader(packet) && sequence === known);
      // Without a place among the packets: it may have changed while nobody was listening.
      if (metadata !== null) batch.metadata(metadata);
      for (const p of packets.filter(isNew)) placer.put(batch, p);
      const last = packets.findLast(isCounted) ?? first;
      if (!placer.hasPlace) placer.goOnBehind(batch, last);
    } else {
      placer.begin(batch, first);
      if (metadata !== null) batch.metadata(metadata);
      batch.headers(gops[0]?.headers ?? this.input.headers);
      for (const p of packets) placer.put(batch, p);
    }
    return { batch, mark, placer };
  }

  private recentGops(): readonly Gop[] {
    const { gops } = this.input.buffer;
    let bytes = gops.reduce((sum, gop) => sum + gop.bytes, 0);
    let start = 0;
    while (start < gops.length - 1 && bytes > this.limits.queueLimitBytes * PAST_SHARE) {
      bytes -= gops[start]?.bytes ?? 0;
      start += 1;
    }
    return gops.slice(start);
  }

  /** Health is told behind what came before it: a host must not show an input before it has all that there is. */
  private healthMessage(): RelayBatch {
    const { health, healthDetail, healthSince, arrivedAt, recentLosses } = this.input;
    const batch = new RelayBatch();
    batch.health({ health, detail: healthDetail, since: healthSince, arrivedAt, losses: recentLosses });
    return batch;
  }

  private flushSoon(): void {
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    this.clock.soon(() => this.flush());
  }

  private flush(): void {
    this.isFlushDue = false;
    const { batch, preamble } = this;
    if (batch.isEmpty) return;
    this.batch = new RelayBatch();
    this.preamble = null;
    for (const queue of this.queues) queue.send(batch, preamble);
  }
}

interface Past {
  readonly batch: RelayBatch;
  /** Where it begins, alone. */
  readonly mark: RelayBatch;
  readonly placer: Placer;
}

/** Without any past, a host begins at the next keyframe. */
function beginAll(queues: Iterable<RelayQueue>, { batch, mark, placer }: Past): void {
  for (const queue of queues) {
    if (placer.hasPlace) queue.begin(batch, mark);
    else queue.skip();
  }
}

/** Only hosts speak to hosts: what an encoder says in their name would be believed. */
function mayPass({ packet }: InputPacket): boolean {
  return packet.track !== 'data' || !isRelayMessage(packet.payload);
}

/** Whether it has a number: a header has none. */
function isCounted({ packet }: InputPacket): boolean {
  return !isHeader(packet);
}

/** Puts packets into batches, with a mark in front of each whose place does not follow from the one before. */
class Placer {
  readonly epoch: number;
  private offset = Number.NaN;
  private sequence = 0;

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  /** Whether it is known where the next packet stands. */
  get hasPlace(): boolean {
    return !Number.isNaN(this.offset);
  }

  put(batch: RelayBatch, p: InputPacket): void {
    if (!mayPass(p)) return;
    if (isCounted(p) && (p.anchor.offset !== this.offset || p.sequence !== this.sequence + 1)) {
      batch.mark(this.markOf(p));
    }
    this.pass(p);
    batch.packet(p);
  }

  /** The packet goes by: what comes next is placed behind it. */
  pass(p: InputPacket): void {
    if (!mayPass(p) || !isCounted(p)) return;
    this.offset = p.anchor.offset;
    this.sequence = p.sequence;
  }

  /** Puts the mark of the packet that follows. */
  begin(batch: RelayBatch, p: InputPacket): void {
    batch.mark(this.markOf(p));
    this.offset = p.anchor.offset;
    this.sequence = p.sequence - 1;
  }

  /** All up to `p` is known: whoever goes on must still hear where the next packet stands, which is near. */
  goOnBehind(batch: RelayBatch, p: InputPacket): void {
    this.offset = p.anchor.offset;
    this.sequence = p.sequence;
    batch.mark({ ...this.markOf(p), sequence: p.sequence + 1 });
  }

  markOf({ sequence, dts, anchor }: InputPacket): RelayMark {
    return { epoch: this.epoch, sequence, dts, offset: anchor.offset };
  }
}
