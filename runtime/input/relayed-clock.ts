import { unwrapTimestamp } from '../media/timestamp.ts';
import type { Anchor, ClockReading, PacketClock } from './packet-clock.ts';

/**
 * The clock of an input that another host owns: it follows what that host says in-band, ahead of the packets that it
 * holds for. Delays on the way change nothing.
 */
export class RelayedClock implements PacketClock {
  readonly isSettled = true;
  last: { dts: number; anchor: Anchor } | null = null;

  /** The next packet stands at `dts`, in ms on the owner's line, and from it on M(dts) = dts + offset. */
  mark(dts: number, offset: number): void {
    this.last = { dts, anchor: { offset } };
  }

  /** What the owner says of settling comes as the input's health. */
  settle(): void {}

  isRunningAway(): boolean {
    return false;
  }

  /** Throws where no mark has come yet: whoever relays sends one first. */
  read(_track: string, timestamp: number): ClockReading {
    if (this.last === null) throw new Error('a relayed packet without a mark in front of it');
    const { anchor } = this.last;
    const dts = unwrapTimestamp(timestamp, this.last.dts);
    this.last = { dts, anchor };
    return { dts, anchor, reanchored: null };
  }
}
