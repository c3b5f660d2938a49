import type { Clock } from '../media/clock.ts';
import type { MediaPacket } from '../media/packet.ts';
import { wrapTimestamp } from '../media/timestamp.ts';

/**
 * Puts the tracks of an RTSP camera back on one time line. node-media-server sets each track to zero at its own first
 * frame, so a picture that came 400 ms after the first sound is 400 ms ahead of its sound for ever.
 *
 * What a track's packets say and when they arrived differ by a constant and a delay. The least difference of the first
 * half second is nearly that constant; the difference between two tracks' constants is what has to be put back.
 */

export const SETTLE_MS = 500;
/** What a camera sends in that time; where it is more, what has come decides. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

export class TrackAlignment {
  private readonly clock: Clock;
  private readonly out: (packet: MediaPacket) => void;
  private held: MediaPacket[] | null = [];
  private heldBytes = 0;
  /** By track: the least of arrival time less timestamp, ms. */
  private readonly offsets = new Map<string, number>();
  /** The least of all tracks: its timestamps stay as they are. */
  private anchor = 0;

  constructor(clock: Clock, out: (packet: MediaPacket) => void) {
    this.clock = clock;
    this.out = out;
  }

  push(packet: MediaPacket): void {
    const offset = this.clock.now() - packet.timestamp;
    const known = this.offsets.get(packet.track);
    if (known === undefined || (this.held !== null && offset < known)) {
      this.offsets.set(packet.track, offset);
    }
    if (this.held === null) {
      this.out(this.aligned(packet));
      return;
    }
    if (this.held.length === 0) this.clock.after(SETTLE_MS, () => this.settle());
    this.held.push(packet);
    this.heldBytes += packet.payload.length;
    if (this.heldBytes > MAX_HELD_BYTES) this.settle();
  }

  private settle(): void {
    const held = this.held ?? [];
    this.held = null;
    if (held.length === 0) return;
    this.anchor = Math.min(...this.offsets.values());
    for (const packet of held) this.out(this.aligned(packet));
  }

  private aligned(packet: MediaPacket): MediaPacket {
    const shift = Math.round((this.offsets.get(packet.track) ?? this.anchor) - this.anchor);
    // A track that begins later with a burst may be ahead of the anchor.
    const timestamp = wrapTimestamp(Math.max(0, packet.timestamp + shift));
    return shift === 0 ? packet : { ...packet, timestamp };
  }
}
