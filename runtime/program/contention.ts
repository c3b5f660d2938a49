import {
  type Candidate,
  type Selection,
  type SelectorPolicy,
  type SelectorState,
  select,
} from './selector.ts';

/**
 * What several programs that have lost their masters do with one backup.
 * `share`: all of them show it. `priority`: the first in the configuration's order has it, also where it must be taken
 * from another. `exclusive`: who has it keeps it. Who goes without falls through to the next candidate, the slate.
 */
export type ContentionPolicy = 'share' | 'priority' | 'exclusive';

export interface Contender {
  readonly name: string;
  readonly candidates: readonly Candidate[];
  readonly state: SelectorState;
  readonly policy: SelectorPolicy;
  /** Since when it shows what it shows. */
  readonly onAirSince: number;
}

/** Selects for all programs at once; pure. `contenders` stand in the order of the configuration. */
export function assign(
  contenders: readonly Contender[],
  policy: ContentionPolicy,
  now: number,
): Map<string, Selection> {
  const selections = new Map<string, Selection>();
  const taken = new Set<string>();
  for (const { name, candidates, state, policy: own } of inTurn(contenders, policy)) {
    const open =
      policy === 'share'
        ? candidates
        : candidates.map(
            (candidate): Candidate =>
              taken.has(candidate.name) && candidate.withheld === null
                ? { ...candidate, withheld: 'contention' }
                : candidate,
          );
    const selection = select(open, state, own, now);
    selections.set(name, selection);
    const chosen = candidates.find((candidate) => candidate.name === selection.candidate);
    if (chosen?.kind === 'backup') taken.add(chosen.name);
  }
  return selections;
}

function inTurn(contenders: readonly Contender[], policy: ContentionPolicy): readonly Contender[] {
  if (policy !== 'exclusive') return contenders;
  const heldSince = ({ candidates, state, onAirSince }: Contender): number =>
    candidates.some(({ name, kind }) => name === state.onAir && kind === 'backup')
      ? onAirSince
      : Number.MAX_VALUE;
  return contenders.toSorted((a, b) => heldSince(a) - heldSince(b));
}
