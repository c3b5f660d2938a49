import { type Headers, type InputPacket, programTime } from './input-packet.ts';

/** A group of pictures: packets in order of arrival, the first of them one that decoding can start at. */
export interface Gop {
  /** What was in force when it began. Later changes stand among the packets. */
  readonly headers: Headers;
  readonly packets: InputPacket[];
  bytes: number;
}

export interface WarmBufferLimits {
  readonly limitBytes: number;
  readonly limitMs: number;
  /** Keep a keyframe at least this old (besides one GOP), so that a switch can fill the time that detection takes. */
  readonly reachMs: number;
}

/** Sound without pictures can be entered anywhere: it is cut into groups of this length. */
const AUDIO_GROUP_MS = 1_000;

/** The recent past of an input, from a keyframe on. Holds references; the packets exist once. */
export class WarmBuffer {
  private readonly limits: WarmBufferLimits;
  private readonly groups: Gop[] = [];
  private bytes = 0;
  private hasVideo = false;

  constructor(limits: WarmBufferLimits) {
    this.limits = limits;
  }

  get gops(): readonly Gop[] {
    return this.groups;
  }

  get heldBytes(): number {
    return this.bytes;
  }

  clear(): void {
    this.groups.length = 0;
    this.bytes = 0;
    this.hasVideo = false;
  }

  add(p: InputPacket, headers: Headers): void {
    if (this.startsGroup(p)) {
      this.groups.push({ headers, packets: [], bytes: 0 });
      this.trim(programTime(p));
    }
    const gop = this.groups.at(-1);
    if (gop === undefined) return;
    gop.packets.push(p);
    gop.bytes += p.packet.payload.length;
    this.bytes += p.packet.payload.length;
    while (this.bytes > this.limits.limitBytes && this.groups.length > 0) this.dropOldest();
  }

  /** The last GOP that begins at or before `time`; undefined where none reaches back so far. */
  lastBeginningBy(time: number): Gop | undefined {
    return this.groups.findLast((gop) => beginning(gop) <= time);
  }

  private startsGroup(p: InputPacket): boolean {
    const { track, keyframe, config } = p.packet;
    if (track === 'video') {
      if (config === null && !this.hasVideo) {
        // Groups of sound only, from before the first picture, are no place to start a picture at.
        this.hasVideo = true;
        while (this.groups.length > 0) this.dropOldest();
      }
      return keyframe;
    }
    if (this.hasVideo || track !== 'audio' || config !== null) return false;
    const newest = this.groups.at(-1);
    return newest === undefined || programTime(p) - beginning(newest) >= AUDIO_GROUP_MS;
  }

  /** Drops what is older than a switch can need. The newest group begins at `now`. */
  private trim(now: number): void {
    const previous = this.groups.at(-2);
    const gopMs = previous === undefined ? 0 : now - beginning(previous);
    const needed = Math.min(this.limits.limitMs, this.limits.reachMs + gopMs);
    for (;;) {
      const second = this.groups[1];
      if (second === undefined || second.packets.length === 0 || beginning(second) > now - needed) return;
      this.dropOldest();
    }
  }

  private dropOldest(): void {
    this.bytes -= this.groups.shift()?.bytes ?? 0;
  }
}

export function beginning(gop: Gop): number {
  const first = gop.packets[0];
  return first === undefined ? Number.POSITIVE_INFINITY : programTime(first);
}
