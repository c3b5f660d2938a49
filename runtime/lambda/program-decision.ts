/** What one program needs on one host: pure. The planner asks for each of them. */
import type { ProgramSummary } from '../contract/host-summary.ts';
import { shortened } from '../contract/wording.ts';
import type { AlarmTruth } from './alarm-truth.ts';
import type { Finding } from './plan.ts';
import { inputsOf, type Program, ProgramView, SLATE } from './program-view.ts';

// Of a host that answers:
//
//   shows what it can show     stays there, whatever alarms say; an automatic pin ends when its cause has ended
//   shows what it cannot show  goes to the best that is left, where an alarm says what is lost
//   nobody plays it            is left alone
//
// A drill and a person's pin suppress any command. They are looked at last, so that it can be said what they suppress.
//
// Of a silent host only alarms tell. It is never sent to the slate: that would take viewers off the air where the alarms
// are wrong, as they all are when CloudWatch loses the metrics of a region.

/** How long an automatic pin lasts. Should the control function die, hosts are free again after that. */
export const PIN_MS = 600_000;
/** A pin that is still needed is renewed with less than this left. */
const RENEWAL_MS = PIN_MS / 2;

export type ProgramOrder =
  | { readonly action: 'switch'; readonly source: string }
  | { readonly action: 'release' };

export interface Decision {
  /** Null: nothing is to be done, and `why` not. */
  readonly order: ProgramOrder | null;
  readonly severity: Finding['severity'];
  readonly why: string;
}

/** Of a host that shows the program as `shown` says. Null: there is nothing to say. */
export function decideShown(options: {
  readonly program: Program;
  readonly shown: ProgramSummary;
  readonly truth: AlarmTruth;
  readonly now: number;
}): Decision | null {
  const { shown, now } = options;
  const view = new ProgramView(options.program, shown, options.truth);
  if (shown.resting) return view.lost.length === 0 ? null : note('nobody plays it: it rests');
  const decision = decideFree(view, now);
  const { pin, drill } = shown;
  if (drill !== null && decision !== null && decision.order !== null) {
    const until = `${secondsTo(drill.endsAt, now)} s`;
    return note(`${decision.why}: suppressed for another ${until} by the drill of ${shortened(drill.by)}`);
  }
  if (pin === null || pin.automatic) return decision;
  const text = `pinned to ${pin.source} by ${shortened(pin.by)} for another ${secondsTo(pin.expiresAt, now)} s`;
  if (view.isDark && view.lost.length > 0) return page(`${view.sight}; ${text}: only a person may end that`);
  return note(`${text}: left alone`);
}

/** Of a host that does not answer. `isOver`: the event ends the loss of one of the program's inputs. */
export function decideBlind(options: {
  readonly program: Program;
  readonly truth: AlarmTruth;
  readonly isOver: boolean;
}): Decision | null {
  const { program, truth, isOver } = options;
  const inputs = inputsOf(program);
  const [first] = inputs;
  if (first === undefined) return null;
  const target = inputs.find((input) => truth.inputs.get(input)?.standing !== 'lost');
  if (target === undefined) return note('all its inputs are lost, and the host is silent: left to the host');
  if (target !== first) return goTo(target, lossText(first, truth));
  return isOver && truth.inputs.get(first)?.standing === 'well' ? release(`${first} is well again`) : null;
}

/** As if there were no people. */
function decideFree(view: ProgramView, now: number): Decision | null {
  const { onAir, lost, sight } = view;
  const missing = onAir === null ? lost[0] : lost.find((input) => input === onAir);
  if (view.isDark && missing !== undefined) return replace(missing, view);
  const pinned = decidePinned(view, now);
  if (pinned !== null) return pinned;
  if (view.isDark) return note(`${sight}, and no alarm says that it is lost: left to the host`);
  if (missing !== undefined) return note(`${sight}: its alarm is late or wrong`);
  return lost.length > 0 ? note(`${sight}: nothing to do`) : null;
}

function replace(missing: string, view: ProgramView): Decision {
  const { best, truth } = view;
  const why = lossText(missing, truth);
  if (best !== undefined)
    return goTo(best, view.isLost(best) ? `${why}, the alarms call all others lost too` : why);
  return view.hasSlate ? goTo(SLATE, why) : page(`${view.sight}, and there is nothing else that it can show`);
}

/**
 * An automatic pin stands in for all candidates before it, and lasts until one of those is well. A pin to the first candidate
 * stands in for those behind it: the program was on one of them when that was lost.
 */
function decidePinned(view: ProgramView, now: number): Decision | null {
  const { inputs, best, truth } = view;
  const { pin } = view.shown;
  if (pin === null || !pin.automatic) return null;
  // A pin to the slate holds back whatever could be shown: here the host's word is enough.
  if (pin.source === SLATE && best !== undefined) return release(`${best} can be shown again`);
  const place = inputs.indexOf(pin.source);
  const causes = place === 0 ? inputs.slice(1) : inputs.slice(0, place === -1 ? undefined : place);
  const well = causes.filter((input) => view.standing(input) === 'well');
  const isOver = place === 0 ? well.length === causes.length : well.length > 0;
  if (isOver) return release(`${well.join(', ')} well again`);
  const cause = causes.find((input) => view.isLost(input));
  const pinned = `pinned to ${pin.source} for another ${secondsTo(pin.expiresAt, now)} s`;
  if (cause === undefined)
    return note(`${pinned}, and not released: alarms say nothing of ${causes.join(', ')}`);
  const isDue = pin.expiresAt - now < RENEWAL_MS && view.canShow(pin.source);
  return isDue
    ? { ...goTo(pin.source, lossText(cause, truth)), severity: 'info' }
    : note(`${lossText(cause, truth)}: ${pinned}`);
}

function lossText(input: string, { inputs }: AlarmTruth): string {
  const truth = inputs.get(input);
  return truth?.standing === 'lost' ? `${input} is lost (${truth.alarm})` : `${input} is lost`;
}

function goTo(source: string, why: string): Decision {
  return { order: { action: 'switch', source }, severity: source === SLATE ? 'page' : 'repair', why };
}

function release(why: string): Decision {
  return { order: { action: 'release' }, severity: 'repair', why };
}

function note(why: string): Decision {
  return { order: null, severity: 'info', why };
}

function page(why: string): Decision {
  return { order: null, severity: 'page', why };
}

function secondsTo(time: number, now: number): number {
  return Math.max(0, Math.round((time - now) / 1_000));
}
