import type { Cancel, Clock } from './clock.ts';
import { isHeader, type MediaPacket, type Metadata } from './packet.ts';
import { wrapTimestamp } from './timestamp.ts';

/** A short recording that is played in a loop: the slate, or a test encoder. Timestamps begin at 0. */
export interface Clip {
  /** In order of DTS; sequence headers first. */
  readonly packets: readonly MediaPacket[];
  readonly metadata: Metadata | null;
  /** From the first frame's beginning to the end of the last, ms. */
  readonly durationMs: number;
}

export interface ClipListener {
  packet(packet: MediaPacket): void;
  metadata(metadata: Metadata): void;
}

const TICK_MS = 20;

/** Plays a clip at real speed, over and over, with timestamps that go on rising. Returns how to stop it. */
export function playClip(clip: Clip, clock: Clock, listener: ClipListener): Cancel {
  const startedAt = clock.now();
  let round = 0;
  let next = 0;
  if (clip.metadata !== null) listener.metadata(clip.metadata);
  const playDue = (): void => {
    const elapsed = clock.now() - startedAt;
    for (;;) {
      const packet = clip.packets[next];
      if (packet === undefined) {
        next = 0;
        round += 1;
        continue;
      }
      const timestamp = packet.timestamp + round * clip.durationMs;
      if (timestamp > elapsed) return;
      next += 1;
      // The headers hold for all rounds.
      if (!isHeader(packet) || round === 0) {
        listener.packet({ ...packet, timestamp: wrapTimestamp(timestamp) });
      }
    }
  };
  playDue();
  return clock.every(TICK_MS, playDue);
}
