import type { Input } from '../input/input.ts';
import type { Cancel, Clock } from '../media/clock.ts';
import { assign, type ContentionPolicy } from './contention.ts';
import type { Program } from './program.ts';

/** How often health is looked at: a stall is noticed at most this much after its time-out. */
const TICK_MS = 50;
/** A tick that comes later than this means that the host stood still, not the encoders. */
const LATE_TICK_MS = 150;

/** Keeps all programs of a host on the candidate that the selector wants: at once for events, else every 50 ms. */
export class Director {
  private readonly clock: Clock;
  private readonly inputs: readonly Input[];
  private readonly programs: readonly Program[];
  private readonly contention: ContentionPolicy;
  private lastTickAt = 0;
  private isDeciding = false;
  private isStopped = false;

  constructor(options: {
    clock: Clock;
    inputs: readonly Input[];
    /** In the order of the configuration, which is their priority. */
    programs: readonly Program[];
    contention: ContentionPolicy;
  }) {
    this.clock = options.clock;
    this.inputs = options.inputs;
    this.programs = options.programs;
    this.contention = options.contention;
  }

  start(): Cancel {
    this.lastTickAt = this.clock.now();
    const stopTicks = this.clock.every(TICK_MS, () => this.tick());
    return () => {
      // A host that ends its publishers must not look for stand-ins.
      this.isStopped = true;
      stopTicks();
    };
  }

  /** Something happened that may change what a program should show. */
  decide(): void {
    // Applying a decision can change an input's health, which asks for a decision: the next tick takes that up.
    if (this.isDeciding || this.isStopped) return;
    this.isDeciding = true;
    try {
      const now = this.clock.now();
      // Of those that rest too: alarms wait to hear of the end of a drill.
      for (const { pins } of this.programs) pins.expire(now);
      const programs = this.programs.filter(({ isResting }) => !isResting);
      const contenders = programs.map((program) => program.contender(now));
      const selections = assign(contenders, this.contention, now);
      for (const program of programs) {
        const selection = selections.get(program.name);
        if (selection !== undefined) program.apply(selection, now);
      }
    } finally {
      this.isDeciding = false;
    }
  }

  private tick(): void {
    const now = this.clock.now();
    const late = now - this.lastTickAt - TICK_MS;
    this.lastTickAt = now;
    // After a pause of the whole process every input looks stalled, until its socket has been read: leave it time for that.
    if (late > LATE_TICK_MS) return;
    this.isDeciding = true;
    for (const input of this.inputs) input.evaluate(now);
    this.isDeciding = false;
    this.decide();
  }
}
