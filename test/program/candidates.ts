import type { Health } from '../../runtime/input/health.ts';
import type { Candidate, SelectorPolicy, SelectorState } from '../../runtime/program/selector.ts';
import { EPOCH } from '../support/fake-clock.ts';

export const NOW = EPOCH;

export const POLICY: SelectorPolicy = {
  onLoss: 'switch',
  failback: 'auto',
  failbackHoldMs: 10_000,
  flap: { losses: 3, windowMs: 60_000, maxHoldMs: 300_000 },
};

/** A program that shows `onAir` and that nobody has told anything. */
export function showing(onAir: string | null, rest: Partial<SelectorState> = {}): SelectorState {
  return { onAir, pin: null, returnTo: null, ...rest };
}

interface CandidateOptions {
  readonly health?: Health;
  /** For how long it has been as it is. */
  readonly forMs?: number;
  /** How long ago it was lost, each time. */
  readonly lostAgoMs?: readonly number[];
  readonly withheld?: Candidate['withheld'];
}

/** An input as a program sees it; live for an hour unless something else is said. Its name tells its kind. */
export function candidate(name: string, options: CandidateOptions = {}): Candidate {
  const { health = 'live', forMs = 3_600_000, lostAgoMs = [], withheld = null } = options;
  return {
    name,
    kind: name === 'slate' ? 'slate' : name.startsWith('master/') ? 'master' : 'backup',
    health,
    since: NOW - forMs,
    arrivedAt: NOW - forMs,
    losses: lostAgoMs.map((ago) => NOW - ago).sort((a, b) => a - b),
    withheld,
  };
}
