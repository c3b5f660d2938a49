import type { Cancel, Clock } from '../media/clock.ts';
import type { ProgramPacket } from '../program/program-packet.ts';

/** When packets that are gathered go out: at the end of this turn of the event loop, or when the first has waited long enough. */
export class FlushTimer {
  private readonly clock: Clock;
  private readonly flush: () => void;
  private isDue = false;
  /** Calls off the flush of what is held. */
  private cancelHeld: Cancel | null = null;

  constructor(clock: Clock, flush: () => void) {
    this.clock = clock;
    this.flush = flush;
  }

  /** At the end of this turn. */
  get isDueThisTurn(): boolean {
    return this.isDue;
  }

  /** `holdMs`: how long it may be held; what is urgent is not. */
  plan(isUrgent: boolean, holdMs: number): void {
    if (this.isDue) return;
    if (isUrgent || holdMs === 0) {
      this.isDue = true;
      this.clock.soon(() => {
        if (this.isDue) this.flush();
      });
    } else this.cancelHeld ??= this.clock.after(holdMs, () => this.flush());
  }

  /** It has gone out, or never will. */
  clear(): void {
    this.isDue = false;
    this.cancelHeld?.();
    this.cancelHeld = null;
  }
}

/** Whether a viewer may begin with this packet, or what it shows changes there. Neither waits. */
export function isUrgent(packet: ProgramPacket): boolean {
  return packet.kind === 'frame' ? packet.keyframe : packet.kind === 'header' || packet.kind === 'splice';
}
