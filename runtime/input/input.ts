import type { Cancel } from '../media/clock.ts';
import { type CodecConfig, type Extra, isHeader, type MediaPacket, type Metadata } from '../media/packet.ts';
import { unwrapTimestamp } from '../media/timestamp.ts';
import {
  canShow,
  type Health,
  type HealthFacts,
  type HealthPolicy,
  healthOf,
  MAX_LOSSES,
  relayedHealthOf,
  type ToldHealth,
} from './health.ts';
import { InputClock } from './input-clock.ts';
import { type Headers, type InputPacket, NO_HEADERS, programTime } from './input-packet.ts';
import { Lateness } from './lateness.ts';
import type { ClockReading, PacketClock, ReanchorCause } from './packet-clock.ts';
import { RelayedClock } from './relayed-clock.ts';
import { StreamMeter, type StreamRates } from './stream-meter.ts';
import { WarmBuffer } from './warm-buffer.ts';

export type InputKind = 'master' | 'backup' | 'slate';

/** Takes an input's packets, in order of arrival, and its metadata where that changes. */
export interface InputListener {
  packet(p: InputPacket, now: number): void;
  metadata(metadata: Metadata): void;
}

export interface InputEvents {
  /** Called after `health` has changed. */
  health(input: Input, previous: Health, detail: string): void;
  /** The encoder's timestamps were not continuous. */
  reanchored(input: Input, cause: ReanchorCause, byMs: number): void;
}

export interface InputOptions {
  /** `master/camera1`, `backup/spare`, `slate` */
  readonly name: string;
  readonly kind: InputKind;
  /** Whether encoders publish it to another host, which relays it here. Default: false. */
  readonly isRemote?: boolean;
  readonly policy: HealthPolicy;
  readonly warmBuffer: { readonly limitBytes: number; readonly limitMs: number };
  readonly events: InputEvents;
}

/** Who publishes to an input now. */
export interface Publisher {
  readonly address: string;
  close(reason: string): void;
}

/** How far a publication has come: what a relay that connects again goes on from. */
export interface InputPosition {
  /** When the publication began, ms since the epoch: no two of an input have the same. */
  readonly epoch: number;
  /** The number of its last frame or data message. */
  readonly sequence: number;
}

/** Where the packets behind it stand, by the host that owns the input (docs/hosts.md, "In-band"). */
export interface RelayMark extends InputPosition {
  /** The DTS of the next packet, in ms on the owner's line, which does not wrap. */
  readonly dts: number;
  /** M(dts) = dts + offset, from the next packet on. */
  readonly offset: number;
}

/** A cut can wait for the packets that a jittery network still holds: keep this much more than detection takes. */
const WARM_MARGIN_MS = 1_500;
/** Losses older than this say nothing about an encoder any more. */
const LOSS_MEMORY_MS = 10 * 60_000;
/** More tracks than any encoder sends, and more than any of their headers takes: what is beyond is dropped. */
const MAX_EXTRA_HEADERS = 16;
const MAX_EXTRA_HEADER_BYTES = 65_536;
/** Extra tracks stand near the default ones. What is further away has a clock of its own, which nobody follows. */
const MAX_EXTRA_SKEW_MS = 1_000;

/** One published stream as this host sees it: its clock, its recent past, its health. */
export class Input {
  readonly name: string;
  readonly kind: InputKind;
  readonly buffer: WarmBuffer;
  publisher: Publisher | null = null;
  health: Health = 'absent';
  healthDetail = '';
  /** Since when `health` holds; -Infinity from the start. */
  healthSince = Number.NEGATIVE_INFINITY;
  /** Since when it can be shown, live or degraded; what it was before counts no more. */
  arrivedAt = Number.NEGATIVE_INFINITY;
  /** Payload received, from all its publishers. */
  receivedBytes = 0;
  /** When the last packet arrived. */
  lastPacketAt: number | null = null;
  metadata: Metadata | null = null;
  headers: Headers = NO_HEADERS;
  private readonly policy: HealthPolicy;
  private readonly events: InputEvents;
  private readonly listeners = new Set<InputListener>();
  private clock: PacketClock;
  private epoch = 0;
  private sequence = 0;
  /** Of an input that another host owns: its clock, and what that host says of it. Null where this host owns it. */
  private readonly relayed: { readonly clock: RelayedClock; told: ToldHealth | null } | null;
  /** It was lost by what happened between the hosts, and must be clean anew. */
  private wasLostHere = false;
  private meter = new StreamMeter();
  private lateness = new Lateness();
  private lastProgressAt = 0;
  private furthestTime = Number.NEGATIVE_INFINITY;
  private lastVideoAt: number | null = null;
  private lastAudioAt: number | null = null;
  private hasKeyframe = false;
  /** Of a relayed input only those that this host alone has seen, on the way here. */
  private losses: number[] = [];

  constructor(options: InputOptions) {
    this.name = options.name;
    this.kind = options.kind;
    this.policy = options.policy;
    this.events = options.events;
    this.relayed = options.isRemote === true ? { clock: new RelayedClock(), told: null } : null;
    this.clock = this.relayed?.clock ?? new InputClock();
    const { stallTimeoutMs, degradedAfterMs } = options.policy;
    this.buffer = new WarmBuffer({
      ...options.warmBuffer,
      reachMs: Math.max(stallTimeoutMs, degradedAfterMs) + WARM_MARGIN_MS,
    });
  }

  subscribe(listener: InputListener): Cancel {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** How far the publication has come that is going on, or was until its relay broke off. */
  get position(): InputPosition {
    return { epoch: this.epoch, sequence: this.sequence };
  }

  /** Whether encoders publish it to another host. */
  get isRemote(): boolean {
    return this.relayed !== null;
  }

  /** It comes from another host, which has not said anything of it yet. */
  get isAwaited(): boolean {
    return this.relayed !== null && this.relayed.told === null;
  }

  /** An encoder begins: everything that the last one left behind is forgotten. */
  attach(publisher: Publisher, now: number): void {
    if (this.relayed !== null) throw new Error(`${this.name} is published to another host`);
    this.publisher = publisher;
    this.forget(Math.max(this.epoch + 1, Math.floor(now)));
    this.clock = new InputClock();
    this.lastProgressAt = now;
    this.evaluate(now);
  }

  /** A relay begins, or goes on where another broke off: nothing is forgotten until its mark says otherwise. */
  attachRelay(publisher: Publisher, now: number): void {
    this.relay.told = null;
    this.publisher = publisher;
    this.lastProgressAt = now;
    this.evaluate(now);
  }

  /** What the owner says of the packets that follow. */
  takeMark({ epoch, dts, offset }: RelayMark): void {
    if (epoch !== this.epoch) this.forget(epoch);
    this.relay.clock.mark(dts, offset);
  }

  /** What the owner says of the input's health. */
  takeHealth(told: ToldHealth, now: number): void {
    this.relay.told = told;
    this.evaluate(now);
  }

  /** One packet of a relay, with the owner's number for it. One that has come before is dropped. */
  receiveRelayed(packet: MediaPacket, sequence: number, now: number): void {
    if (!isHeader(packet)) {
      if (sequence <= this.sequence) return;
      // receive() counts one more.
      this.sequence = sequence - 1;
    }
    this.receive(packet, now);
  }

  /** The publisher is gone: nobody enters an absent input. A relay may come back and go on where it was. */
  detach(now: number): void {
    this.publisher = null;
    if (this.relayed === null) this.buffer.clear();
    this.evaluate(now);
  }

  /** Nobody needs the input any more, so nobody relays it: that is no loss. */
  rest(now: number): void {
    this.publisher = null;
    this.forget(0);
    this.relay.told = null;
    this.evaluate(now);
    this.losses = [];
    this.wasLostHere = false;
  }

  receiveMetadata(metadata: Metadata): void {
    this.metadata = metadata;
    for (const listener of this.listeners) listener.metadata(metadata);
  }

  receive(packet: MediaPacket, now: number): void {
    if (packet.extra?.config != null && !this.takeExtraHeader(packet)) return;
    const isFrame = packet.config === null && (packet.track === 'video' || packet.track === 'audio');
    const reading = isFrame
      ? this.clock.read(packet.track, packet.timestamp, packet.keyframe || this.isSoundOnly(), now)
      : this.placeBesideLast(packet, now);
    const { dts, anchor, reanchored } = reading;
    if (!isHeader(packet)) this.sequence += 1;
    const p: InputPacket = { packet, dts, anchor, sequence: this.sequence };
    this.lastPacketAt = now;
    this.receivedBytes += packet.payload.length;
    if (isFrame) {
      this.noteProgress(p, now);
      if (this.relayed !== null) this.lateness.note(now - programTime(p), now);
      this.meter.note(packet.track, packet.payload.length, packet.keyframe, dts, now);
    }
    const config = packet.config ?? packet.implied;
    if (config !== undefined && packet.track !== 'extra') this.takeHeader(config);
    if (packet.keyframe) this.hasKeyframe = true;
    this.buffer.add(p, this.headers);
    for (const listener of this.listeners) listener.packet(p, now);
    // Where they run away, the health says so: not each packet.
    if (reanchored !== null && !this.clock.isRunningAway(now)) {
      this.events.reanchored(this, reanchored.cause, reanchored.byMs);
    }
    // A frame is what ends a stall: the selector should not have to wait for the next tick to hear of it.
    if (this.health !== 'live') this.evaluate(now);
  }

  /** Works out the health as of `now`. Called for every tick, and where something happened that may change it. */
  evaluate(now: number): void {
    const previous = this.health;
    const { health, detail, since, arrivedAt, isLostHere } = this.readHealth(now);
    if (health === previous) {
      if (health === 'degraded') this.healthDetail = detail;
      return;
    }
    this.health = health;
    this.healthDetail = detail;
    this.healthSince = since;
    if (!canShow(previous) && canShow(health)) this.arrivedAt = arrivedAt;
    // What its owner has lost, its owner tells.
    if (canShow(previous) && !canShow(health) && (this.relayed === null || isLostHere)) {
      this.losses = this.losses.filter((at) => now - at < LOSS_MEMORY_MS).slice(1 - MAX_LOSSES);
      this.losses.push(now);
    }
    this.wasLostHere = isLostHere;
    this.events.health(this, previous, detail);
  }

  /** When it was lost lately, oldest first: for flap damping. */
  get recentLosses(): readonly number[] {
    const told = this.relayed?.told?.losses ?? [];
    return told.length === 0 ? this.losses : [...told, ...this.losses].sort((a, b) => a - b);
  }

  /** How late its packets come from the host that owns it, at least, in ms; null for an input of this host. */
  get latenessMs(): number | null {
    return this.relayed === null || this.publisher === null ? null : this.lateness.leastMs;
  }

  rates(now: number): StreamRates | null {
    return this.publisher === null ? null : this.meter.rates(now);
  }

  private get relay(): NonNullable<Input['relayed']> {
    if (this.relayed === null) throw new Error(`${this.name} is published to this host, and not relayed`);
    return this.relayed;
  }

  private readHealth(now: number): Omit<ToldHealth, 'losses'> & { readonly isLostHere: boolean } {
    const facts: HealthFacts = {
      hasPublisher: this.publisher !== null,
      isDecodable: this.clock.isSettled && (this.hasKeyframe || this.isSoundOnly()),
      lastProgressAt: this.lastProgressAt,
      isRunningAway: this.clock.isRunningAway(now),
      lastVideoAt: this.lastVideoAt,
      lastAudioAt: this.lastAudioAt,
      rates: this.meter.rates(now),
    };
    const atOnce = { since: now, arrivedAt: now };
    if (this.relayed === null) {
      return { ...healthOf(facts, this.policy, now), ...atOnce, isLostHere: false };
    }
    const { told } = this.relayed;
    const { isOwn, ...reading } = relayedHealthOf(told, facts, this.policy, now);
    if (isOwn || told === null)
      return { ...reading, ...atOnce, isLostHere: this.wasLostHere || canShow(this.health) };
    // The owner's times, so that all hosts count the same hold; but what was lost on the way here is clean from now on.
    return this.wasLostHere && canShow(reading.health)
      ? { ...reading, ...atOnce, isLostHere: false }
      : { ...reading, since: told.since, arrivedAt: told.arrivedAt, isLostHere: false };
  }

  private forget(epoch: number): void {
    this.epoch = epoch;
    this.sequence = 0;
    this.buffer.clear();
    this.meter = new StreamMeter();
    this.lateness = new Lateness();
    this.metadata = null;
    this.headers = NO_HEADERS;
    this.hasKeyframe = false;
    this.furthestTime = Number.NEGATIVE_INFINITY;
    this.lastVideoAt = null;
    this.lastAudioAt = null;
    this.lastPacketAt = null;
  }

  /** An encoder that has sent no picture by the time its clock is anchored sends sound only. */
  private isSoundOnly(): boolean {
    return (
      this.lastVideoAt === null &&
      this.headers.video === null &&
      this.lastAudioAt !== null &&
      this.clock.isSettled
    );
  }

  private noteProgress(p: InputPacket, now: number): void {
    if (p.packet.track === 'video') this.lastVideoAt = now;
    else this.lastAudioAt = now;
    // Timestamps that stand still are no progress, however many packets carry them.
    const time = programTime(p);
    if (time <= this.furthestTime) return;
    if (this.health === 'stalled') this.clock.settle(now);
    this.furthestTime = time;
    this.lastProgressAt = now;
  }

  /** Headers and data have no place of their own; frames of extra tracks go by the clock of the default ones. */
  private placeBesideLast({ track, timestamp }: MediaPacket, now: number): ClockReading {
    const last = this.clock.last ?? { dts: 0, anchor: { offset: Math.floor(now) } };
    const dts = track === 'extra' ? unwrapTimestamp(timestamp, last.dts) : last.dts;
    const isNear = Math.abs(dts - last.dts) <= MAX_EXTRA_SKEW_MS;
    return { dts: isNear ? dts : last.dts, anchor: last.anchor, reanchored: null };
  }

  private takeHeader(config: CodecConfig): void {
    if (config.identity === this.headers[config.track]?.identity) return;
    this.headers =
      config.track === 'video' ? { ...this.headers, video: config } : { ...this.headers, audio: config };
  }

  /** Returns whether it is within the bounds. */
  private takeExtraHeader(packet: MediaPacket): boolean {
    const others = this.headers.extras.filter(({ extra }) => !isSameTrack(extra, packet.extra));
    if (others.length >= MAX_EXTRA_HEADERS || packet.payload.length > MAX_EXTRA_HEADER_BYTES) return false;
    this.headers = { ...this.headers, extras: [...others, packet] };
    return true;
  }
}

function isSameTrack(a: Extra | undefined, b: Extra | undefined): boolean {
  return a?.medium === b?.medium && a?.trackId === b?.trackId;
}
