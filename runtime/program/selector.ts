import { type Health, canShow as isFit } from '../input/health.ts';
import type { InputKind } from '../input/input.ts';

// The selector: which candidate should a program show? A pure function of what is known; the program acts on it.
//
//   1. A pin (operator, control function) wins while its candidate can be shown.
//   2. A candidate that is lost is left at once, for the best that can be shown. Where the policy is to wait, only a
//      command leads away from it.
//   3. Otherwise the program stays where it is, but for failback: to a better candidate that has been clean long enough.

export type FailbackPolicy = 'auto' | 'manual' | 'sticky';

export interface SelectorPolicy {
  /** `wait`: what is lost on air is waited for, and who decides is elsewhere. */
  readonly onLoss: 'switch' | 'wait';
  readonly failback: FailbackPolicy;
  /** A better candidate must have been clean for so long before the program returns to it. */
  readonly failbackHoldMs: number;
  /** Lost `losses` times within `windowMs`: each further loss doubles the hold, up to `maxHoldMs`. */
  readonly flap: { readonly losses: number; readonly windowMs: number; readonly maxHoldMs: number };
}

/** An input as one program sees it. */
export interface Candidate {
  readonly name: string;
  readonly kind: InputKind;
  readonly health: Health;
  /** Since when, ms since the epoch. */
  readonly since: number;
  /** Since when it can be shown, whether clean or degraded. */
  readonly arrivedAt: number;
  /** When it was lost lately, oldest first. */
  readonly losses: readonly number[];
  /** It counts as lost, whatever its health: a drill plays its death, or another program has it. */
  readonly withheld: 'drill' | 'contention' | null;
}

/** An operator's or the control function's wish. */
export interface Pin {
  readonly candidate: string;
  readonly since: number;
  readonly expiresAt: number;
}

export type SwitchCause =
  | 'start'
  | 'lost'
  | 'degraded'
  | 'failback'
  | 'pinned'
  | 'return'
  | 'drill'
  | 'contention'
  | 'nothing-left';

export interface Selection {
  /** Null: nothing can be shown. */
  readonly candidate: string | null;
  /** Why it differs from what is on air; null where it does not. */
  readonly cause: SwitchCause | null;
  /** A cut is made at the first keyframe from here on, ms of program time; undefined: at the next one. */
  readonly cutFrom?: number | undefined;
}

export interface SelectorState {
  readonly onAir: string | null;
  readonly pin: Pin | null;
  /** A candidate to go back to without waiting: where a drill or a pin took the program away from. */
  readonly returnTo: string | null;
}

/**
 * By then every host that shows the program has decided on a failback: all count the same hold from the same time, but one
 * looks, or hears, a little later than another. So all of them cut at the same keyframe.
 */
export const DECISION_MARGIN_MS = 250;

/** `candidates` in the program's order: the master, then the backups, then the slate. */
export function select(
  candidates: readonly Candidate[],
  state: SelectorState,
  policy: SelectorPolicy,
  now: number,
): Selection {
  const current = candidates.find(({ name }) => name === state.onAir);
  const chosen = choose(candidates, current, state, policy, now);
  if (chosen === undefined) {
    return { candidate: null, cause: state.onAir === null ? null : 'nothing-left' };
  }
  return {
    candidate: chosen.candidate.name,
    cause: chosen.candidate.name === state.onAir ? null : chosen.cause,
    cutFrom: chosen.candidate.name === state.onAir ? undefined : chosen.cutFrom,
  };
}

interface Choice {
  readonly candidate: Candidate;
  readonly cause: SwitchCause;
  readonly cutFrom?: number;
}

function choose(
  candidates: readonly Candidate[],
  current: Candidate | undefined,
  state: SelectorState,
  policy: SelectorPolicy,
  now: number,
): Choice | undefined {
  const pinned = pinnedCandidate(candidates, current, state.pin, policy, now);
  if (pinned !== undefined) return { candidate: pinned, cause: 'pinned' };
  const back = candidates.find((c) => c.name === state.returnTo && c !== current && isReal(c) && isClean(c));
  if (current !== undefined && isWaitedFor(current, candidates, state, policy, now)) {
    return back ? { candidate: back, cause: 'return' } : { candidate: current, cause: 'start' };
  }
  if (current === undefined || !canShow(current)) {
    const next = best(candidates, policy.failback);
    return next && { candidate: next, cause: current === undefined ? 'start' : (current.withheld ?? 'lost') };
  }
  if (current.kind === 'slate') {
    // Anything real beats the slate, under every policy and however shaky it is.
    const real = best(
      candidates.filter(({ kind }) => kind !== 'slate'),
      policy.failback,
    );
    return real ? { candidate: real, cause: 'failback' } : { candidate: current, cause: 'start' };
  }
  const better =
    policy.failback === 'auto' ? failbackTarget(candidates, back ?? current, policy, now) : undefined;
  // Where the list has a better one by now, a return would only be a detour.
  if (back !== undefined && better === undefined) return { candidate: back, cause: 'return' };
  if (current.health === 'degraded') {
    const clean = best(candidates.filter(isReal).filter(isClean), policy.failback);
    if (clean !== undefined) return { candidate: clean, cause: 'degraded' };
  }
  if (better === undefined) return { candidate: current, cause: 'start' };
  const due = better.since + holdMs(better.losses, policy);
  return { candidate: better, cause: 'failback', cutFrom: due + DECISION_MARGIN_MS };
}

/** Whether what is lost on air is left there: by policy, as long as nobody has said anything else. */
function isWaitedFor(
  current: Candidate,
  candidates: readonly Candidate[],
  { pin }: SelectorState,
  policy: SelectorPolicy,
  now: number,
): boolean {
  if (policy.onLoss !== 'wait' || !isReal(current) || canShow(current)) return false;
  const isPinned = pin !== null && now < pin.expiresAt;
  const isDrilled = candidates.some(({ withheld }) => withheld === 'drill');
  return !isPinned && !isDrilled && current.withheld === null;
}

function pinnedCandidate(
  candidates: readonly Candidate[],
  current: Candidate | undefined,
  pin: Pin | null,
  policy: SelectorPolicy,
  now: number,
): Candidate | undefined {
  if (pin === null || now >= pin.expiresAt) return undefined;
  const pinned = candidates.find(({ name }) => name === pin.candidate);
  if (pinned === undefined || !canShow(pinned)) return undefined;
  // The operator's own switch is immediate. After a loss the pin is a place to fall back to, and flaps are damped.
  const wasLost = (pinned.losses.at(-1) ?? Number.NEGATIVE_INFINITY) > pin.since;
  const mustWait =
    wasLost && current !== undefined && current !== pinned && canShow(current) && isReal(current);
  return mustWait && !hasBeenClean(pinned, policy, now) ? undefined : pinned;
}

function best(candidates: readonly Candidate[], failback: FailbackPolicy): Candidate | undefined {
  // Sticky: the list is in order of arrival, as in Flash Media Server's list of active streams; the slate stays last.
  const inOrder =
    failback === 'sticky'
      ? candidates.toSorted(
          (a, b) => Number(a.kind === 'slate') - Number(b.kind === 'slate') || a.arrivedAt - b.arrivedAt,
        )
      : candidates;
  const shown = inOrder.filter(canShow);
  return shown.find((c) => isReal(c) && isClean(c)) ?? shown.find(isReal) ?? shown[0];
}

function failbackTarget(
  candidates: readonly Candidate[],
  current: Candidate,
  policy: SelectorPolicy,
  now: number,
): Candidate | undefined {
  const better = candidates.slice(0, candidates.indexOf(current)).filter(isReal);
  return better.find((candidate) => hasBeenClean(candidate, policy, now));
}

function hasBeenClean(candidate: Candidate, policy: SelectorPolicy, now: number): boolean {
  return isClean(candidate) && now - candidate.since >= holdMs(candidate.losses, policy);
}

/** How long a candidate must be clean before it is trusted again: longer, the more its last losses crowd together. */
export function holdMs(losses: readonly number[], policy: SelectorPolicy): number {
  const { flap, failbackHoldMs } = policy;
  const last = losses.at(-1) ?? 0;
  const recent = losses.filter((at) => last - at < flap.windowMs).length;
  const doublings = Math.max(0, recent - flap.losses + 1);
  return Math.max(failbackHoldMs, Math.min(flap.maxHoldMs, failbackHoldMs * 2 ** doublings));
}

function isClean(candidate: Candidate): boolean {
  return candidate.health === 'live' && candidate.withheld === null;
}

function canShow(candidate: Candidate): boolean {
  return isFit(candidate.health) && candidate.withheld === null;
}

function isReal(candidate: Candidate): boolean {
  return candidate.kind !== 'slate';
}
