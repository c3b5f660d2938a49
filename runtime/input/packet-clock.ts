/**
 * One stretch of an input's clock: M(dts) = dts + offset, in ms of program time. All packets of the stretch share the
 * object, so that the first stretch can still be moved while nobody has seen it.
 */
export interface Anchor {
  offset: number;
}

/** Why the clock was anchored anew: what the encoder's timestamps did. */
export type ReanchorCause = 'jumped-ahead' | 'went-back' | 'fell-behind';

export interface ClockReading {
  /** ms on the input's own line, which does not wrap. */
  readonly dts: number;
  readonly anchor: Anchor;
  /** Set where this packet began a new stretch because the timestamps were not continuous. */
  readonly reanchored: { readonly cause: ReanchorCause; readonly byMs: number } | null;
}

/**
 * Maps an input's timestamps to program time. The host that an encoder publishes to finds the mapping out (InputClock);
 * every other host is told it (RelayedClock), so that all place the same packet at the same time.
 */
export interface PacketClock {
  /** Whether M can be relied on. */
  readonly isSettled: boolean;
  /** Where the last frame stood; null before there was one. */
  readonly last: Pick<ClockReading, 'dts' | 'anchor'> | null;
  /** The input comes back after a stall. */
  settle(now: number): void;
  /** Whether the timestamps jump about so much that no mapping holds. */
  isRunningAway(now: number): boolean;
  /** Reads the clock for one frame that arrived at `now`. `steer`: a keyframe, where the offset may change. */
  read(track: string, timestamp: number, steer: boolean, now: number): ClockReading;
}
