import type { StreamRates } from './stream-meter.ts';

export type Health = 'absent' | 'starting' | 'live' | 'stalled' | 'degraded';

/** What arrived, as far as health depends on it. Times in ms since the epoch. */
export interface HealthFacts {
  readonly hasPublisher: boolean;
  /** The warm buffer holds a place to start decoding at, and the clock is anchored. */
  readonly isDecodable: boolean;
  /** When media last arrived whose timestamp was beyond all before it. */
  readonly lastProgressAt: number;
  /** Timestamps jump about so much that no clock holds. */
  readonly isRunningAway: boolean;
  /** When a frame of each track last arrived; null for a track that the encoder never sent. */
  readonly lastVideoAt: number | null;
  readonly lastAudioAt: number | null;
  readonly rates: StreamRates | null;
}

export interface HealthPolicy {
  readonly stallTimeoutMs: number;
  /** A track that is missing for so long, or rates under the floor, make an input degraded. */
  readonly degradedAfterMs: number;
  readonly floor: { readonly videoKbps?: number | undefined; readonly frameRate?: number | undefined };
}

export interface HealthReading {
  readonly health: Health;
  /** Why, for people; empty where the health says it all. */
  readonly detail: string;
}

/** The health of an input: a pure function of what arrived and the clock (docs/failover.md). */
export function healthOf(facts: HealthFacts, policy: HealthPolicy, now: number): HealthReading {
  if (!facts.hasPublisher) return { health: 'absent', detail: '' };
  const silentMs = Math.round(now - facts.lastProgressAt);
  // While an encoder is starting, it may take its time between the headers and the first keyframe.
  if (!facts.isDecodable) return { health: 'starting', detail: 'no decodable keyframe yet' };
  if (silentMs >= policy.stallTimeoutMs)
    return { health: 'stalled', detail: `no new media for ${silentMs} ms` };
  if (facts.isRunningAway) return { health: 'stalled', detail: 'timestamps run away' };
  const detail = degradation(facts, policy, now);
  return detail === '' ? { health: 'live', detail } : { health: 'degraded', detail };
}

/** What the host that owns an input says of it. Times in ms since the epoch, by that host's clock. */
export interface ToldHealth extends HealthReading {
  readonly since: number;
  /** Since when it can be shown, whether clean or degraded. */
  readonly arrivedAt: number;
  /** When it was lost lately, oldest first, the last MAX_LOSSES: all hosts must damp its flaps alike. */
  readonly losses: readonly number[];
}

/** More losses than any rule of flap damping counts. */
export const MAX_LOSSES = 200;

/**
 * What its owner has still called live may come late, besides being about to stall: only a silence that is longer by this
 * says something about the way here, and leaves the encoder's stalls to the owner, for all hosts alike.
 */
export const WAY_MARGIN_MS = 250;

/**
 * The health of an input that another host owns: what its owner says, as long as anything comes from there. `told` is null
 * until it has said something. `isOwn`: it is this host that finds something wrong.
 */
export function relayedHealthOf(
  told: ToldHealth | null,
  facts: Pick<HealthFacts, 'hasPublisher' | 'isDecodable' | 'lastProgressAt'>,
  policy: Pick<HealthPolicy, 'stallTimeoutMs'>,
  now: number,
): HealthReading & { readonly isOwn: boolean } {
  if (!facts.hasPublisher || told === null) return { health: 'absent', detail: '', isOwn: true };
  if (!canShow(told.health)) return { ...told, isOwn: false };
  if (!facts.isDecodable)
    return { health: 'starting', detail: 'no decodable keyframe yet from its host', isOwn: true };
  const silentMs = Math.round(now - facts.lastProgressAt);
  if (silentMs >= policy.stallTimeoutMs + WAY_MARGIN_MS) {
    return { health: 'stalled', detail: `nothing from its host for ${silentMs} ms`, isOwn: true };
  }
  return { ...told, isOwn: false };
}

/** Whether an input of this health can be on air. */
export function canShow(health: Health): boolean {
  return health === 'live' || health === 'degraded';
}

function degradation(facts: HealthFacts, policy: HealthPolicy, now: number): string {
  const { lastVideoAt, lastAudioAt, rates } = facts;
  const { degradedAfterMs, floor } = policy;
  if (lastVideoAt !== null && now - lastVideoAt >= degradedAfterMs) return 'no video';
  if (lastAudioAt !== null && now - lastAudioAt >= degradedAfterMs) return 'no audio';
  if (rates === null) return '';
  if (floor.videoKbps !== undefined && rates.videoKbps < floor.videoKbps) {
    return `video ${rates.videoKbps} kbit/s, floor ${floor.videoKbps}`;
  }
  if (floor.frameRate !== undefined && rates.frameRate < floor.frameRate) {
    return `${rates.frameRate} frames/s, floor ${floor.frameRate}`;
  }
  return '';
}
