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
  /** Commands carry rising numbers: one that was overtaken by a later one does nothing. */
  readonly sequence: number;
}

export interface ReleaseCommand extends Asker {
  readonly sequence: number;
}

export interface DrillCommand extends Asker {
  /** How the candidate on air seems to die: unpublished, or frozen until the stall is noticed. */
  readonly kind: 'unpublish' | 'stall';
  readonly durationMs: number;
}

/** What became of a command. Only `done` changed anything. */
export type CommandOutcome =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'repeated' | 'overtaken' | 'expired' | 'refused'; readonly why: string };

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
  private lastSequence = Number.NEGATIVE_INFINITY;
  /** What the last sequence stood for: the same number on another command is a mistake, not a repetition. */
  private lastCommand = '';
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
    const what = `pin to ${command.candidate}`;
    const late = this.checkSequence(command.sequence, what);
    if (late !== null) return late;
    if (command.expiresAt <= now) {
      return {
        outcome: 'expired',
        why: `it was valid until ${Math.round(now - command.expiresAt)} ms ago`,
      };
    }
    this.lastSequence = command.sequence;
    this.lastCommand = what;
    if (this.pin === null) this.pinnedFrom = onAir;
    this.pin = { ...command, since: now };
    this.returnTo = null;
    return { outcome: 'done' };
  }

  release(command: ReleaseCommand): CommandOutcome {
    const what = 'release';
    const late = this.checkSequence(command.sequence, what);
    if (late !== null) return late;
    this.lastSequence = command.sequence;
    this.lastCommand = what;
    if (this.drill !== null) this.endDrill(command);
    // Last: where both end, the program belongs where it was before the pin.
    this.unpin(command);
    return { outcome: 'done' };
  }

  startDrill(command: DrillCommand, onAir: string, now: number): CommandOutcome {
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

  private checkSequence(sequence: number, what: string): CommandOutcome | null {
    if (sequence === this.lastSequence && what !== this.lastCommand) {
      return {
        outcome: 'overtaken',
        why: `sequence ${sequence} was a ${this.lastCommand}; take a higher one`,
      };
    }
    if (sequence === this.lastSequence)
      return { outcome: 'repeated', why: `sequence ${sequence} was carried out` };
    if (sequence < this.lastSequence) {
      return { outcome: 'overtaken', why: `sequence ${sequence} is older than ${this.lastSequence}` };
    }
    return null;
  }
}
