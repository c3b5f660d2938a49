import type { HostEvent, HostState, InputState, SwitchEvent } from '../../contract/control-api.ts';
import { type History, withSample } from './history.ts';

// What the page knows of its host, and how it comes to know it. States of the connection:
//
//   unknown ──session──▶ out (access `none`): the login is shown
//      │                  ▲ │ login
//      └──session──▶ in ──┘ ▼
//                    here ◀──state── away (no answer for AWAY_AFTER_MS)

export type Access = 'none' | 'read' | 'full';

export interface ConsoleState {
  /** Null until the host has said. */
  readonly access: Access | null;
  readonly host: HostState | null;
  /** When the host answered last, by the browser's clock, and what to add to that clock to get the host's. */
  readonly seenAt: number | null;
  readonly clockOffsetMs: number;
  /** Since when it has not answered, by the browser's clock; null where it does. */
  readonly awaySince: number | null;
  /** By program, oldest first. */
  readonly switches: Readonly<Record<string, readonly SwitchEvent[]>>;
  readonly history: History | null;
  /** The version of the host that this page came from. */
  readonly pageVersion: string | null;
}

export type ConsoleAction =
  | { readonly type: 'session'; readonly access: Access }
  /** `at`: when it was made, as well as can be told, by the browser's clock. */
  | { readonly type: 'state'; readonly state: HostState; readonly at: number }
  | { readonly type: 'silence'; readonly at: number }
  | { readonly type: 'event'; readonly event: HostEvent }
  | { readonly type: 'switches'; readonly switches: readonly SwitchEvent[] }
  | { readonly type: 'history'; readonly history: History };

export const START: ConsoleState = {
  access: null,
  host: null,
  seenAt: null,
  clockOffsetMs: 0,
  awaySince: null,
  switches: {},
  history: null,
  pageVersion: null,
};

/** One request may fail, or be slow. */
export const AWAY_AFTER_MS = 2_500;
/** For each program: more is nothing that anybody scrolls through. */
export const MAX_SWITCHES = 200;

export function reduce(before: ConsoleState, action: ConsoleAction): ConsoleState {
  switch (action.type) {
    case 'session':
      return { ...before, access: action.access, awaySince: null };
    case 'state':
      return withState(before, action.state, action.at);
    case 'silence': {
      const since = before.seenAt ?? action.at;
      const isAway = before.seenAt === null || action.at - since >= AWAY_AFTER_MS;
      return isAway ? { ...before, awaySince: before.awaySince ?? since } : before;
    }
    case 'event':
      return withEvent(before, action.event);
    case 'switches':
      return { ...before, switches: withSwitches(before.switches, action.switches) };
    case 'history':
      return { ...before, history: action.history };
  }
}

/** The host's clock. */
export function hostNow({ clockOffsetMs }: ConsoleState, browserNow: number): number {
  return browserNow + clockOffsetMs;
}

/** Whether it is another process than before: what was known of its switches is gone. */
export function isOtherRun(before: HostState | null, state: HostState): boolean {
  return before !== null && (before.pid !== state.pid || before.startedAt !== state.startedAt);
}

function withState(before: ConsoleState, state: HostState, at: number): ConsoleState {
  const isOther = isOtherRun(before.host, state);
  const last = state.programs.flatMap(({ lastSwitch }) => lastSwitch ?? []);
  return {
    ...before,
    host: state,
    seenAt: at,
    clockOffsetMs: state.now - at,
    awaySince: null,
    switches: withSwitches(isOther ? {} : before.switches, last),
    history: before.history && withSample(before.history, state.now, state.inputs),
    pageVersion: before.pageVersion ?? state.version,
  };
}

function withSwitches(
  known: ConsoleState['switches'],
  added: readonly SwitchEvent[],
): ConsoleState['switches'] {
  const fresh = added.filter(({ program, id }) => !known[program]?.some((other) => other.id === id));
  if (fresh.length === 0) return known;
  const switches: Record<string, readonly SwitchEvent[]> = { ...known };
  for (const added of fresh) {
    const all = [...(switches[added.program] ?? []), added];
    switches[added.program] = all.toSorted((a, b) => a.id - b.id).slice(-MAX_SWITCHES);
  }
  return switches;
}

/** An event is shown at once; the state that is asked for on its account says the rest. */
function withEvent(before: ConsoleState, event: HostEvent): ConsoleState {
  const { host } = before;
  switch (event.type) {
    case 'switch': {
      const { type: _, ...added } = event;
      return { ...before, switches: withSwitches(before.switches, [added]) };
    }
    case 'health':
      return host === null ? before : { ...before, host: withHealth(host, event) };
    case 'preflight': {
      if (host === null) return before;
      const programs = host.programs.map((program) =>
        program.name === event.program ? { ...program, warnings: event.warnings } : program,
      );
      return { ...before, host: { ...host, programs } };
    }
    case 'drill':
      return before;
  }
}

function withHealth(host: HostState, event: Extract<HostEvent, { type: 'health' }>): HostState {
  // A stream of events that resumes tells of the past.
  if (event.at < host.now) return host;
  const { input: name, health, detail, at: since } = event;
  return {
    ...host,
    inputs: host.inputs.map(
      (input): InputState => (input.name === name ? { ...input, health, detail, since } : input),
    ),
    programs: host.programs.map((program) => ({
      ...program,
      candidates: program.candidates.map((candidate) =>
        candidate.name === name ? { name, health } : candidate,
      ),
    })),
  };
}
