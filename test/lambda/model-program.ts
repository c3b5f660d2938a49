import type { ProgramSummary } from '../../runtime/contract/host-summary.ts';
import type { PlannedCommand } from '../../runtime/lambda/plan.ts';
import { Pins } from '../../runtime/program/pins.ts';
import {
  type Candidate,
  type FailbackPolicy,
  type Selection,
  type SelectorPolicy,
  type SelectorState,
  select,
} from '../../runtime/program/selector.ts';
import { candidate } from '../program/candidates.ts';

const STALL_TIMEOUT_MS = 500;
const SLATE = 'slate';

/** What hosts know of an input. */
export interface ModelInput {
  /** Whether its encoder publishes. */
  isUp: boolean;
  /** And its host serves. */
  isLive: boolean;
  /** Since when it is as it is. */
  since: number;
  readonly losses: number[];
}

export interface ProgramPolicy {
  readonly onLoss: 'switch' | 'wait';
  readonly failback: FailbackPolicy;
}

/** A program on a host, without media. */
export class ModelProgram {
  readonly name: string;
  onAir: string | null = null;
  readonly pins: Pins;
  readonly candidates: readonly string[];
  private readonly policy: SelectorPolicy;
  private readonly onLoss: ProgramPolicy['onLoss'];
  private orders = 0;
  private lastAutomatic = Number.NEGATIVE_INFINITY;

  constructor(name: string, candidates: readonly string[], { onLoss, failback }: ProgramPolicy) {
    this.name = name;
    this.candidates = candidates;
    this.onLoss = onLoss;
    this.policy = {
      failback,
      failbackHoldMs: 10_000,
      flap: { losses: 3, windowMs: 60_000, maxHoldMs: 40_000 },
    };
    this.pins = new Pins(name, STALL_TIMEOUT_MS);
  }

  /** Automatic commands are fenced apart, and yield to people. */
  obey(command: PlannedCommand['command'], now: number): void {
    this.pins.expire(now);
    const isPersons = this.pins.pin !== null && !this.pins.pin.automatic;
    if (command.sequence <= this.lastAutomatic) return;
    this.lastAutomatic = command.sequence;
    if (isPersons || this.pins.drill !== null) return;
    if (command.action === 'switch') {
      this.pin({ ...command, candidate: command.source, expiresAt: command.until }, now);
    } else if (command.action === 'release') {
      this.release(command);
    }
  }

  pin(
    command: { candidate: string; by: string; reason: string; automatic: boolean; expiresAt: number },
    now: number,
  ): void {
    this.pins.setPin({ ...command, sequence: this.nextOrder() }, this.onAir, now);
  }

  release({ by, reason }: { by: string; reason: string }): void {
    this.pins.release({ by, reason, sequence: this.nextOrder() });
  }

  drill(durationMs: number, now: number): void {
    if (this.onAir === null) return;
    this.pins.startDrill({ kind: 'unpublish', durationMs, by: 'eve', reason: '' }, this.onAir, now);
  }

  decide(inputs: ReadonlyMap<string, ModelInput>, now: number): void {
    this.pins.expire(now);
    this.pins.forgetReturnUnless((name) => inputs.get(name)?.isLive === true);
    const withheld = this.pins.withheldAt(now);
    const known = this.candidates.map((name): Candidate => {
      const input = inputs.get(name);
      // Only the slate is no input.
      if (input === undefined) return candidate(name);
      const { isLive, since, losses } = input;
      return {
        ...candidate(name, {
          health: isLive ? 'live' : 'absent',
          withheld: name === withheld ? 'drill' : null,
        }),
        since,
        arrivedAt: since,
        losses,
      };
    });
    const state = { onAir: this.onAir, pin: this.pins.pin, returnTo: this.pins.returnTo };
    const selection = this.select(known, state, now);
    if (selection.cause === null) return;
    this.onAir = selection.candidate;
    if (this.onAir !== null) this.pins.switched(this.onAir);
  }

  summary(inputs: ReadonlyMap<string, ModelInput>): ProgramSummary {
    const { pin, drill } = this.pins;
    return {
      name: this.name,
      resting: false,
      onAir: this.onAir,
      health: Object.fromEntries(
        this.candidates.map((name) => [name, this.canShow(name, inputs) ? 'live' : 'absent']),
      ),
      pin: pin && {
        source: pin.candidate,
        by: pin.by,
        reason: pin.reason,
        automatic: pin.automatic,
        expiresAt: pin.expiresAt,
      },
      drill: drill && { source: drill.candidate, by: drill.by, endsAt: drill.startedAt + drill.durationMs },
      viewers: 1,
      lastSwitch: null,
      warnings: 0,
    };
  }

  canShow(name: string, inputs: ReadonlyMap<string, ModelInput>): boolean {
    return name === SLATE || inputs.get(name)?.isLive === true;
  }

  /** What could be shown, the best first; the slate is the last. */
  showable(inputs: ReadonlyMap<string, ModelInput>): readonly string[] {
    return this.candidates.filter((name) => this.canShow(name, inputs));
  }

  /** Where the policy is to wait, a lost input is left only for a pin, a drill, or the way back from one. */
  private select(candidates: readonly Candidate[], state: SelectorState, now: number): Selection {
    const selection = select(candidates, state, this.policy, now);
    const isWaiting =
      this.onLoss === 'wait' &&
      (selection.cause === 'lost' || selection.cause === 'nothing-left') &&
      state.pin === null &&
      this.pins.drill === null;
    if (!isWaiting) return selection;
    const back = candidates.find(({ name, health }) => name === state.returnTo && health === 'live');
    return back ? { candidate: back.name, cause: 'return' } : { candidate: state.onAir, cause: null };
  }

  private nextOrder(): number {
    this.orders += 1;
    return this.orders;
  }
}
