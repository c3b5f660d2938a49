import type { ProgramSummary } from '../../runtime/contract/host-summary.ts';
import type { PlannedCommand } from '../../runtime/lambda/plan.ts';
import { Pins } from '../../runtime/program/pins.ts';
import {
  type Candidate,
  type FailbackPolicy,
  type SelectorPolicy,
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
  private orders = 0;

  constructor(name: string, candidates: readonly string[], { onLoss, failback }: ProgramPolicy) {
    this.name = name;
    this.candidates = candidates;
    this.policy = {
      onLoss,
      failback,
      failbackHoldMs: 10_000,
      flap: { losses: 3, windowMs: 60_000, maxHoldMs: 40_000 },
    };
    this.pins = new Pins(name, STALL_TIMEOUT_MS);
  }

  obey(command: PlannedCommand['command'], now: number): void {
    if (command.action === 'switch') {
      const pin = { ...command, candidate: command.source, expiresAt: command.until };
      this.pins.setPin(pin, this.onAir, now);
    } else if (command.action === 'release') {
      this.pins.release(command, now);
    }
  }

  /** A person's command. */
  pin(candidate: string, expiresAt: number, now: number): void {
    const command = { candidate, by: 'ann', reason: '', automatic: false, expiresAt };
    this.pins.setPin({ ...command, sequence: this.nextOrder() }, this.onAir, now);
  }

  /** A person's command. */
  release(now: number): void {
    this.pins.release({ by: 'ann', reason: '', automatic: false, sequence: this.nextOrder() }, now);
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
    const selection = select(known, state, this.policy, now);
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

  private nextOrder(): number {
    this.orders += 1;
    return this.orders;
  }
}
