import type { InputState, ProgramState } from '../../contract/control-api.ts';
import { formatCount } from './format.ts';

/** `hand`: somebody must do something. `watch`: look at it now and then. `idle`: nobody plays it. */
export type Tone = 'good' | 'watch' | 'hand' | 'idle';

export interface Condition {
  readonly tone: Tone;
  /** In plain words, for who has to do something about it. */
  readonly text: string;
}

type Health = InputState['health'];

/**
 * How a program is, in one sentence: the worst that is true of it. Needing a hand is what viewers notice, and what they would
 * notice of the next loss.
 */
export function conditionOf(program: ProgramState): Condition {
  const { onAir, pin, drill, candidates } = program;
  if (program.isResting) return { tone: 'idle', text: 'Nobody plays it' };
  if (onAir === null) return { tone: 'hand', text: 'Off air: there is nothing to show' };
  if (drill !== null) return { tone: 'watch', text: 'A drill is running' };
  if (onAir === 'slate') {
    return pin?.source === 'slate'
      ? { tone: 'watch', text: 'Viewers see the slate, as pinned' }
      : { tone: 'hand', text: 'Viewers see the slate' };
  }
  const health = healthOf(program, onAir);
  if (!canShow(health)) return { tone: 'hand', text: `${onAir} is ${health}: viewers get nothing new` };
  const encoders = candidates.filter(({ name }) => name !== 'slate');
  const standIns = encoders.filter(({ name, health }) => name !== onAir && health === 'live');
  if (standIns.length === 0 && encoders.length > 1) {
    const lost = encoders
      .filter(({ name }) => name !== onAir)
      .map(({ name, health }) => `${name} is ${health}`);
    return { tone: 'hand', text: `No stand-in is left: ${lost.join(', ')}` };
  }
  if (health === 'degraded') return { tone: 'watch', text: `${onAir} is degraded` };
  const [first] = candidates;
  if (first !== undefined && first.name !== onAir) return { tone: 'watch', text: awayFrom(program, first) };
  const lost = encoders.filter(({ health }) => health !== 'live');
  if (lost.length > 0) {
    return { tone: 'watch', text: lost.map(({ name, health }) => `${name} is ${health}`).join(', ') };
  }
  if (pin !== null) return { tone: 'watch', text: `Pinned to ${pin.source}` };
  if (program.warnings.length > 0) {
    return { tone: 'watch', text: 'The stand-in differs: viewers may notice a failover' };
  }
  const [standIn] = standIns;
  return { tone: 'good', text: standIn === undefined ? 'On air' : `${standIn.name} stands by` };
}

/** What viewers see, whatever may come: the first choice, a stand-in, or neither. */
export function toneOnAir({ onAir, isResting, candidates }: ProgramState): Tone {
  if (onAir === null) return isResting ? 'idle' : 'hand';
  if (onAir === 'slate') return 'hand';
  return candidates[0]?.name === onAir ? 'good' : 'watch';
}

function awayFrom({ pin }: ProgramState, first: { name: string; health: Health }): string {
  if (pin !== null) return `Pinned away from ${first.name}`;
  return first.health === 'live' ? `${first.name} is live again` : `${first.name} is ${first.health}`;
}

function healthOf({ candidates }: ProgramState, name: string): Health {
  return candidates.find((candidate) => candidate.name === name)?.health ?? 'absent';
}

function canShow(health: Health): boolean {
  return health === 'live' || health === 'degraded';
}

/** How an input is, by itself. The slate is built in. */
export function toneOfHealth(health: Health): Tone {
  switch (health) {
    case 'live':
      return 'good';
    case 'starting':
    case 'degraded':
      return 'watch';
    case 'stalled':
    case 'absent':
      return 'hand';
  }
}

/** All programs of a host in one sentence. */
export function overviewOf(conditions: readonly Condition[]): Condition {
  const count = (tone: Tone): number => conditions.filter((condition) => condition.tone === tone).length;
  const [hand, watch, idle] = [count('hand'), count('watch'), count('idle')];
  if (hand > 0)
    return {
      tone: 'hand',
      text: `${hand} of ${formatCount(conditions.length, 'program')} ${hand === 1 ? 'needs' : 'need'} a hand`,
    };
  if (watch > 0)
    return { tone: 'watch', text: `${watch} of ${formatCount(conditions.length, 'program')} to watch` };
  if (idle > 0 && idle === conditions.length) return { tone: 'idle', text: 'All programs rest' };
  return {
    tone: 'good',
    text: conditions.length === 1 ? 'All is well' : `All ${conditions.length} programs are well`,
  };
}
