import type { ProgramSummary } from '../contract/host-summary.ts';
import type { Topology } from '../contract/topology.ts';
import type { AlarmTruth, InputStanding } from './alarm-truth.ts';

export type Program = Topology['programs'][number];

export const SLATE = 'slate';

/** A program on a host, as the host and the alarms see it. */
export class ProgramView {
  readonly shown: ProgramSummary;
  readonly truth: AlarmTruth;
  /** Its candidates but the slate, the best first. */
  readonly inputs: readonly string[];
  readonly hasSlate: boolean;
  /** Those of them that alarms call lost. */
  readonly lost: readonly string[];

  constructor(program: Program, shown: ProgramSummary, truth: AlarmTruth) {
    this.shown = shown;
    this.truth = truth;
    this.inputs = inputsOf(program);
    this.hasSlate = program.candidates.includes(SLATE);
    this.lost = this.inputs.filter((input) => this.isLost(input));
  }

  get onAir(): string | null {
    return this.shown.onAir;
  }

  standing(input: string): InputStanding['standing'] {
    return this.truth.inputs.get(input)?.standing ?? 'unknown';
  }

  isLost(input: string): boolean {
    return this.standing(input) === 'lost';
  }

  canShow(candidate: string): boolean {
    return canShow(this.shown, candidate);
  }

  /** Viewers see nothing that moves. */
  get isDark(): boolean {
    return this.onAir === null || !this.canShow(this.onAir);
  }

  /** The first input that this host can show; one that alarms call lost only where there is no other. */
  get best(): string | undefined {
    const shown = this.inputs.filter((input) => this.canShow(input));
    return shown.find((input) => !this.isLost(input)) ?? shown[0];
  }

  get sight(): string {
    if (this.onAir === null) return 'shows nothing';
    return `shows ${this.onAir}, which it reports ${this.onAir === SLATE ? 'live' : (this.shown.health[this.onAir] ?? 'unknown')}`;
  }
}

/** By the host's own report, which is fresher than any alarm. */
export function canShow({ health }: ProgramSummary, candidate: string): boolean {
  return candidate === SLATE || health[candidate] === 'live' || health[candidate] === 'degraded';
}

/** Its candidates but the slate, the best first. */
export function inputsOf({ candidates }: Program): string[] {
  return candidates.filter((candidate) => candidate !== SLATE);
}
