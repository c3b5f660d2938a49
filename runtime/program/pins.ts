import { Fence, type Fenced } from './fence.ts';
import type { Pin, SwitchCause } from './selector.ts';

/** Who wants something of a program, and why. Goes into the record of the switch. */
export interface Asker {
  readonly by: string;
  readonly reason: string;
}

export interface PinCommand extends Asker {
  readonly candidate: string;
  /** Given by the control function, not by a person. */
  readonly automatic: boolean;
  readonly expiresAt: number;
  /** Commands carry rising numbers: one that was overtaken by a later one of the same kind of asker does nothing. */
  readonly sequence: number;
}

export type ReleaseCommand = Pick<PinCommand, 'by' | 'reason' | 'automatic' | 'sequence'>;

export interface DrillCommand extends Asker {
  /** How the candidate on air seems to die: unpublished, or frozen until the stall is noticed. */
  readonly kind: 'unpublish' | 'stall';
  readonly durationMs: number;
}

/** What became of a command. Only `done` changed anything. */
export type CommandOutcome =
  | { readonly outcome: 'done' }
  | Fenced
  | { readonly outcome: 'expired' | 'yielded' | 'refused'; readonly why: string };

/** Of a command that is worth nothing any more, for `ms` by now. */
export function expired(ms: number): CommandOutcome {
  return { outcome: 'expired', why: `it was valid until ${Math.round(ms)} ms ago` };
}

interface Drill extends DrillCommand {
  readonly candidate: string;
  /** Where the program belongs afterwards: where it was, or where it was before a pin that ends meanwhile. */
  readonly returnTo: string | null;
  readonly startedAt: number;
}

/** What a program has been told from outside: its pin, its drill, and where to go back to afterwards. */
export class Pins {
  pin: (Pin & Asker & { readonly automatic: boolean }) | null = null;
  drill: Drill | null = null;
  /** The candidate that a pin or a drill took the program away from, once that has ended. */
  returnTo: string | null = null;
  private readonly program: string;
  private readonly stallTimeoutMs: number;
  private pinnedFrom: string | null = null;
  /** Functions and people count apart: neither knows the other's numbers. */
  private readonly fences = { automatic: new Fence(), person: new Fence() };
  private lastAsker: Asker | null = null;

  private readonly onDrill: (phase: 'began' | 'ended') => void;

  constructor(
    program: string,
    stallTimeoutMs: number,
    onDrill: (phase: 'began' | 'ended') => void = () => {},
  ) {
    this.program = program;
    this.stallTimeoutMs = stallTimeoutMs;
    this.onDrill = onDrill;
  }

  setPin(command: PinCommand, onAir: string | null, now: number): CommandOutcome {
    this.expire(now);
    const { sequence, automatic, expiresAt } = command;
    const fence = this.fenceOf(command);
    const what = `pin to ${command.candidate}`;
    const stopped = fence.check(sequence, what) ?? (expiresAt <= now ? expired(now - expiresAt) : null);
    if (stopped !== null) return stopped;
    const inTheWay = automatic ? (this.describePersonsPin(now) ?? this.describeDrill(now)) : null;
    if (inTheWay !== null) {
      fence.yield(sequence);
      return { outcome: 'yielded', why: inTheWay };
    }
    fence.pass(sequence, what);
    // Of several pins in a row, and of one in a drill or on the way back, the first place is where the program belongs.
    if (this.pin === null) this.pinnedFrom = this.drill?.returnTo ?? this.returnTo ?? onAir;
    this.pin = { ...command, since: now };
    this.returnTo = null;
    return { outcome: 'done' };
  }

  release(command: ReleaseCommand, now: number): CommandOutcome {
    this.expire(now);
    const { sequence, automatic } = command;
    const fence = this.fenceOf(command);
    const what = 'release';
    const stopped = fence.check(sequence, what);
    if (stopped !== null) return stopped;
    const inTheWay = automatic ? this.describePersonsPin(now) : null;
    if (inTheWay !== null) {
      fence.yield(sequence);
      return { outcome: 'yielded', why: inTheWay };
    }
    fence.pass(sequence, what);
    if (this.drill !== null && !automatic) this.endDrill(command);
    // Last: where both end, the program belongs where it was before the pin.
    this.unpin(command);
    return { outcome: 'done' };
  }

  startDrill(command: DrillCommand, onAir: string, now: number): CommandOutcome {
    this.expire(now);
    if (this.drill !== null) {
      return { outcome: 'refused', why: `a drill of ${this.program} is running` };
    }
    this.drill = { ...command, candidate: onAir, returnTo: onAir, startedAt: now };
    this.onDrill('began');
    return { outcome: 'done' };
  }

  /** Ends what has run its time. */
  expire(now: number): void {
    if (this.pin !== null && now >= this.pin.expiresAt) {
      this.unpin({ by: this.pin.by, reason: `pin expired (${this.pin.reason})` });
    }
    if (this.drill !== null && now >= this.drill.startedAt + this.drill.durationMs) this.endDrill(this.drill);
  }

  /** The candidate that a drill plays dead, from when its loss would be known. */
  withheldAt(now: number): string | null {
    if (this.drill === null) return null;
    const { kind, startedAt, candidate } = this.drill;
    return kind === 'stall' && now < startedAt + this.stallTimeoutMs ? null : candidate;
  }

  /** A drill lets nothing more of the candidate through, from its first moment. */
  isMuted(candidate: string): boolean {
    return this.drill?.candidate === candidate;
  }

  /** A candidate that is lost meanwhile is no place to go back to: it has to earn its failback like any other. */
  forgetReturnUnless(isLive: (candidate: string) => boolean): void {
    if (this.returnTo !== null && !isLive(this.returnTo)) this.returnTo = null;
  }

  switched(to: string): void {
    if (this.returnTo === to || (this.pin === null && this.drill === null)) this.returnTo = null;
  }

  /** Who is behind a switch of this cause. */
  askedBy(cause: SwitchCause): Asker | null {
    if (cause === 'pinned') return this.pin;
    if (cause === 'drill') return this.drill;
    return cause === 'return' ? this.lastAsker : null;
  }

  private unpin(asker: Asker): void {
    if (this.pin === null) return;
    this.pin = null;
    this.returnTo = this.pinnedFrom;
    if (this.drill !== null) this.drill = { ...this.drill, returnTo: this.pinnedFrom };
    this.lastAsker = asker;
  }

  private endDrill(asker: Asker): void {
    this.returnTo = this.drill?.returnTo ?? null;
    this.drill = null;
    this.lastAsker = { by: asker.by, reason: 'end of the drill' };
    this.onDrill('ended');
  }

  private fenceOf({ automatic }: { readonly automatic: boolean }): Fence {
    return automatic ? this.fences.automatic : this.fences.person;
  }

  private describePersonsPin(now: number): string | null {
    if (this.pin === null || this.pin.automatic) return null;
    const { candidate, expiresAt } = this.pin;
    return inTheWay(`pinned to ${candidate}`, this.pin, { until: expiresAt, now });
  }

  private describeDrill(now: number): string | null {
    if (this.drill === null) return null;
    const { candidate, startedAt, durationMs } = this.drill;
    return inTheWay(`drill of ${candidate}`, this.drill, { until: startedAt + durationMs, now });
  }
}

function inTheWay(
  what: string,
  { by, reason }: Asker,
  { until, now }: { until: number; now: number },
): string {
  const why = reason === '' ? '' : ` (${reason})`;
  return `${what} by ${by}${why} until ${Math.round(until)}, for ${Math.round(until - now)} ms more`;
}
