import type { Cancel } from '../media/clock.ts';
import type { AudioConfig, MediaPacket, Metadata, VideoConfig } from '../media/packet.ts';
import { type Health, type HealthPolicy, healthOf } from './health.ts';
import { InputClock, type ReanchorCause } from './input-clock.ts';
import { type Headers, type InputPacket, programTime } from './input-packet.ts';
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
  readonly policy: HealthPolicy;
  readonly warmBuffer: { readonly limitBytes: number; readonly limitMs: number };
  readonly events: InputEvents;
}

/** Who publishes to an input now. */
export interface Publisher {
  readonly address: string;
  close(reason: string): void;
}

/** A cut can wait for the packets that a jittery network still holds: keep this much more than detection takes. */
const WARM_MARGIN_MS = 1_500;
/** Losses older than this say nothing about an encoder any more. */
const LOSS_MEMORY_MS = 10 * 60_000;

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
  headers: Headers = { video: null, audio: null };
  private readonly policy: HealthPolicy;
  private readonly events: InputEvents;
  private readonly listeners = new Set<InputListener>();
  private clock = new InputClock();
  private meter = new StreamMeter();
  private lastProgressAt = 0;
  private furthestTime = Number.NEGATIVE_INFINITY;
  private lastVideoAt: number | null = null;
  private lastAudioAt: number | null = null;
  private hasKeyframe = false;
  private losses: number[] = [];

  constructor(options: InputOptions) {
    this.name = options.name;
    this.kind = options.kind;
    this.policy = options.policy;
    this.events = options.events;
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

  /** A publisher begins: everything that the last one left behind is forgotten. */
  attach(publisher: Publisher, now: number): void {
    this.publisher = publisher;
    this.buffer.clear();
    this.clock = new InputClock();
    this.meter = new StreamMeter();
    this.metadata = null;
    this.headers = { video: null, audio: null };
    this.hasKeyframe = false;
    this.furthestTime = Number.NEGATIVE_INFINITY;
    this.lastVideoAt = null;
    this.lastAudioAt = null;
    this.lastPacketAt = null;
    this.lastProgressAt = now;
    this.evaluate(now);
  }

  /** The publisher is gone: nobody enters an absent input. */
  detach(now: number): void {
    this.publisher = null;
    this.buffer.clear();
    this.evaluate(now);
  }

  receiveMetadata(metadata: Metadata): void {
    this.metadata = metadata;
    for (const listener of this.listeners) listener.metadata(metadata);
  }

  receive(packet: MediaPacket, now: number): void {
    const isFrame = packet.config === null && packet.track !== 'data';
    const reading = isFrame
      ? this.clock.read(packet.track, packet.timestamp, packet.keyframe || this.isSoundOnly(), now)
      : { ...(this.clock.last ?? { dts: 0, anchor: { offset: Math.floor(now) } }), reanchored: null };
    const { dts, anchor, reanchored } = reading;
    const p: InputPacket = { packet, dts, anchor };
    this.lastPacketAt = now;
    this.receivedBytes += packet.payload.length;
    if (isFrame) {
      this.noteProgress(p, now);
      this.meter.note(packet.track, packet.payload.length, packet.keyframe, dts, now);
    }
    if (packet.config !== null) this.takeHeader(packet.config);
    if (packet.keyframe) this.hasKeyframe = true;
    this.buffer.add(p, this.headers);
    for (const listener of this.listeners) listener.packet(p, now);
    if (reanchored !== null) this.events.reanchored(this, reanchored.cause, reanchored.byMs);
    // A frame is what ends a stall: the selector should not have to wait for the next tick to hear of it.
    if (this.health !== 'live') this.evaluate(now);
  }

  /** Works out the health as of `now`. Called for every tick, and where something happened that may change it. */
  evaluate(now: number): void {
    const { health, detail } = healthOf(
      {
        hasPublisher: this.publisher !== null,
        isDecodable: this.clock.isSettled && (this.hasKeyframe || this.isSoundOnly()),
        lastProgressAt: this.lastProgressAt,
        isRunningAway: this.clock.isRunningAway(now),
        lastVideoAt: this.lastVideoAt,
        lastAudioAt: this.lastAudioAt,
        rates: this.meter.rates(now),
      },
      this.policy,
      now,
    );
    if (health === this.health) {
      if (health === 'degraded') this.healthDetail = detail;
      return;
    }
    const previous = this.health;
    this.health = health;
    this.healthDetail = detail;
    this.healthSince = now;
    const canShow = (one: Health): boolean => one === 'live' || one === 'degraded';
    if (!canShow(previous) && canShow(health)) this.arrivedAt = now;
    if (canShow(previous) && !canShow(health)) {
      this.losses = this.losses.filter((at) => now - at < LOSS_MEMORY_MS);
      this.losses.push(now);
    }
    this.events.health(this, previous, detail);
  }

  /** When it was lost lately, oldest first: for flap damping. */
  get recentLosses(): readonly number[] {
    return this.losses;
  }

  rates(now: number): StreamRates | null {
    return this.publisher === null ? null : this.meter.rates(now);
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

  private takeHeader(config: VideoConfig | AudioConfig): void {
    this.headers =
      config.track === 'video' ? { ...this.headers, video: config } : { ...this.headers, audio: config };
  }
}
