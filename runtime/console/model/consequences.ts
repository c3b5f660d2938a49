import type { ProgramState } from '../../contract/control-api.ts';
import { formatCount, formatLength } from './format.ts';

/** What a command will do, in words, for who is asked to confirm it. */
export interface Consequences {
  readonly title: string;
  readonly text: readonly string[];
  /** What viewers will notice, or what will not happen as one might think. */
  readonly caution: string | null;
  readonly confirm: string;
}

export function ofSwitch(program: ProgramState, source: string, lengthMs: number): Consequences {
  const { name, onAir, candidates } = program;
  const health = candidates.find((candidate) => candidate.name === source)?.health ?? 'absent';
  const canBeShown = health === 'live' || health === 'degraded';
  const pinned = `pinned for ${formatLength(lengthMs)}`;
  const text =
    source === onAir
      ? `${name} stays on ${source}, ${pinned}: no failback, and no way to another source while it can be shown.`
      : `${name} goes from ${onAir ?? 'nothing'} to ${source} for ${forViewers(program)}; ${pinned}.`;
  return {
    title: source === onAir ? `Keep ${name} on ${source}?` : `Switch ${name} to ${source}?`,
    text: [
      text,
      ...(source === onAir || !canBeShown ? [] : [`The cut waits for the next keyframe of ${source}.`]),
      ...(program.pin === null
        ? []
        : [`This takes the place of the pin to ${program.pin.source} by ${program.pin.by}.`]),
      `If ${source} is lost meanwhile, the host goes to the best that is left.`,
    ],
    caution: cautionOfSwitch(source, health, canBeShown),
    confirm: source === onAir ? `Pin ${source}` : `Switch to ${source}`,
  };
}

function cautionOfSwitch(source: string, health: string, canBeShown: boolean): string | null {
  if (source === 'slate') return 'Viewers will see the slate instead of the programme.';
  if (!canBeShown) return `${source} is ${health}: nothing changes now; it takes over once it is live.`;
  return health === 'degraded' ? `${source} is degraded.` : null;
}

export function ofRelease(program: ProgramState): Consequences {
  const { name, pin, drill, candidates, onAir } = program;
  const [first] = candidates;
  const ended = [
    ...(pin === null ? [] : [`the pin to ${pin.source} by ${pin.by}`]),
    ...(drill === null ? [] : [`the drill of ${drill.source} by ${drill.by}`]),
  ].join(' and ');
  const next =
    first !== undefined && first.name !== onAir && first.health === 'live'
      ? `The host decides again: ${name} may go from ${onAir ?? 'nothing'} to ${first.name} at its next keyframe, for ${forViewers(program)}.`
      : 'The host decides again.';
  return {
    title: `Release ${name}?`,
    text: [ended === '' ? 'There is nothing to release.' : `This ends ${ended}.`, next],
    caution: null,
    confirm: `Release ${name}`,
  };
}

export function ofDrill(
  program: ProgramState,
  kind: 'unpublish' | 'stall',
  durationMs: number,
): Consequences {
  const { name, onAir } = program;
  const standIn = standInOf(program);
  const how =
    kind === 'unpublish' ? 'as if its encoder left' : 'as if its encoder froze, until the stall is noticed';
  return {
    title: `Drill ${name}?`,
    text: [
      `${onAir ?? 'What is on air'} plays dead for ${formatLength(durationMs)}, ${how}.`,
      ...(standIn === null
        ? []
        : [
            `${forViewers(program, true)} ${program.viewers === 1 ? 'goes' : 'go'} to ${standIn}, and back afterwards. The encoder itself notices nothing.`,
          ]),
    ],
    caution:
      standIn === null
        ? 'No other candidate is live: the host will refuse.'
        : program.warnings.length > 0
          ? 'The preflight warns: viewers may notice it.'
          : null,
    confirm: `Start the drill of ${name}`,
  };
}

/** Who takes over when what is on air is lost; null where only the slate is left. */
export function standInOf({ candidates, onAir }: ProgramState): string | null {
  return (
    candidates.find(({ name, health }) => name !== onAir && name !== 'slate' && health === 'live')?.name ??
    null
  );
}

function forViewers({ viewers }: ProgramState, isStart = false): string {
  if (viewers === 0) return isStart ? 'No viewers' : 'no viewers';
  return formatCount(viewers, 'viewer');
}
