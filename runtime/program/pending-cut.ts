import type { Input } from '../input/input.ts';
import { type InputPacket, programTime } from '../input/input-packet.ts';
import { beginning, type Gop } from '../input/warm-buffer.ts';
import type { SwitchCause } from './selector.ts';

// A cut between two live sources:
//
//   waits for K, the new source's first keyframe from `from` on -[K]▶ waits for the old one to reach M(K) -[both tracks]▶ made
//   waits for K -[the new source is late by CUT_WAIT_MS]▶ does not hold the old one up any more
//   waits for the old one -[CUT_WAIT_MS]▶ overdue
//
// While K is awaited, old and new are put in the order of program time, and not of arrival: that is the same on every host.
// So a packet of the old source waits until the new one has been heard up to its time.

/** Neither source holds the other up for longer than this. */
const CUT_WAIT_MS = 1_000;

export interface PendingCutOptions {
  readonly to: Input;
  readonly cause: SwitchCause;
  /** K is the first keyframe at or after this program time. */
  readonly from: number;
  /** Program time up to which viewers have seen the old source. */
  readonly reached: number;
  readonly now: number;
  /** Puts out a packet of the old source. */
  readonly pass: (p: InputPacket) => void;
}

/** A switch that was decided and waits for its place in the media. */
export class PendingCut {
  readonly to: Input;
  readonly cause: SwitchCause;
  /** The GOP that K begins; null before K has come. */
  gop: Gop | null = null;
  private readonly from: number;
  private readonly pass: (p: InputPacket) => void;
  /** M(K). */
  private at = Number.POSITIVE_INFINITY;
  private deadline = Number.POSITIVE_INFINITY;
  /** Up to where K is known not to lie: the last picture of the new source; its last sound where it has no pictures. */
  private heardUpTo: number;
  /** The old source's packets that K may lie in front of, in order of arrival. */
  private readonly held: Array<{ readonly p: InputPacket; readonly since: number }> = [];
  /** The tracks of the old source that have come up to M(K). */
  private readonly ended = new Set<string>();

  constructor({ to, cause, from, reached, now, pass }: PendingCutOptions) {
    this.to = to;
    this.cause = cause;
    this.from = from;
    this.pass = pass;
    this.heardUpTo = lastHeard(to);
    // K may have come already, where this host decides late, or hears the old source late.
    const gop = to.buffer.gops.find((one) => beginning(one) >= Math.max(from, reached + 1));
    if (gop !== undefined) this.cutAt(gop, now);
  }

  /** A packet of the old source: is passed on, waits, or is the new source's to send. */
  takeOld(p: InputPacket, now: number): void {
    // What came behind a packet that waits does not overtake it.
    const mustWait =
      this.gop === null && (this.held.length > 0 || programTime(p) > Math.max(this.heardUpTo, this.from));
    if (mustWait) this.held.push({ p, since: now });
    else this.settle(p);
  }

  /** A packet of the new source. Its buffer has it already. */
  takeNew(p: InputPacket, now: number): void {
    if (this.gop !== null) return;
    // Where it begins a group, decoding can start at it.
    const gop = this.to.buffer.gops.at(-1);
    if (gop?.packets[0] === p && programTime(p) >= this.from) {
      this.cutAt(gop, now);
    } else if (p.packet.track === leadingTrack(this.to) && p.packet.config === null) {
      this.heardUpTo = Math.max(this.heardUpTo, programTime(p));
      this.release(this.heardUpTo);
    }
  }

  /** Time has passed: a new source that is too late does not hold the old one up for the rest of this cut. */
  tick(now: number): void {
    const oldest = this.held[0];
    if (oldest === undefined || now - oldest.since < CUT_WAIT_MS) return;
    this.heardUpTo = Number.POSITIVE_INFINITY;
    this.release();
  }

  /** K has come, and the old source has not reached it in time. */
  isOverdue(now: number): boolean {
    return now >= this.deadline;
  }

  /** Whether the old source has reached M(K) on a track. `last`: what was put out last on it. */
  isReachedOn(track: 'video' | 'audio', last: number): boolean {
    return this.gop !== null && (this.ended.has(track) || last >= this.at);
  }

  /** The cut is not made: what waited for it goes on. */
  drop(): void {
    this.at = Number.POSITIVE_INFINITY;
    this.release();
  }

  private cutAt(gop: Gop, now: number): void {
    this.gop = gop;
    this.at = beginning(gop);
    this.deadline = now + CUT_WAIT_MS;
    this.release();
  }

  /** Lets go on what waits, up to a program time or altogether. */
  private release(upTo = Number.POSITIVE_INFINITY): void {
    let count = 0;
    for (const { p } of this.held) {
      if (programTime(p) > upTo) break;
      count += 1;
      this.settle(p);
    }
    this.held.splice(0, count);
  }

  private settle(p: InputPacket): void {
    if (p.packet.config === null && programTime(p) >= this.at) this.ended.add(p.packet.track);
    else this.pass(p);
  }
}

/** The track that groups of packets begin with: pictures, where there are any. */
function leadingTrack({ headers }: Input): 'video' | 'audio' {
  return headers.video === null ? 'audio' : 'video';
}

function lastHeard(input: Input): number {
  const track = leadingTrack(input);
  const last = input.buffer.gops
    .at(-1)
    ?.packets.findLast(({ packet }) => packet.track === track && packet.config === null);
  return last === undefined ? Number.NEGATIVE_INFINITY : programTime(last);
}
