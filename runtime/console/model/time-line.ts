import type { ProgramState, SwitchEvent } from '../../contract/control-api.ts';
import { formatCount } from './format.ts';

/** From here on, milliseconds say nothing any more. */
const LONG_HOLE_MS = 10_000;

/** A switch as the time line shows it. */
export interface TimeLineEntry {
  readonly id: number;
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** Why, in plain words. */
  readonly cause: string;
  /** What viewers missed: `no hole`, `hole 33 ms`. */
  readonly hole: string;
  /** The same of both tracks, and how long delivery stood still. */
  readonly measures: string;
  readonly viewers: string;
}

/** Newest first. */
export function timeLineOf(switches: readonly SwitchEvent[]): TimeLineEntry[] {
  return switches.map(entryOf).reverse();
}

function entryOf(record: SwitchEvent): TimeLineEntry {
  const { id, decidedAt, from, to, viewers } = record;
  return {
    id,
    at: decidedAt,
    from: from ?? 'nothing',
    to: to ?? 'nothing',
    cause: causeOf(record),
    hole: holeOf(record),
    measures: measuresOf(record),
    viewers: formatCount(viewers, 'viewer'),
  };
}

function causeOf({ cause, detail, by, from }: SwitchEvent): string {
  const asked = `by ${by ?? 'the host'}${detail === '' ? '' : `: ${detail}`}`;
  switch (cause) {
    case 'start':
      return 'came on air';
    case 'lost':
    case 'degraded':
      return troubleOf(detail, from) || cause;
    case 'failback':
      return 'failback';
    case 'pinned':
      return `pinned ${asked}`;
    case 'return':
      return `back ${asked}`;
    case 'drill':
      return `drill ${asked}`;
    case 'contention':
      return `another program has ${from ?? 'it'}`;
    case 'nothing-left':
      return 'nothing is left to show';
    default:
      return detail === '' ? cause : `${cause}: ${detail}`;
  }
}

/** `NAME stalled no media …`: which source it is about stands beside it already. */
function troubleOf(detail: string, from: string | null): string {
  if (from === null || !detail.startsWith(`${from} `)) return detail;
  return detail.slice(from.length + 1).replace(' ', ': ');
}

/** The worse of the tracks. */
function holeOf({ holeMs, to }: SwitchEvent): string {
  if (to === null) return 'off air';
  const known = [holeMs.video, holeMs.audio].filter((hole) => hole !== null);
  if (known.length === 0) return 'hole not measured';
  const worst = Math.round(Math.max(...known));
  if (worst <= 0) return 'no hole';
  return worst < LONG_HOLE_MS ? `hole ${worst} ms` : `hole ${(worst / 1_000).toFixed(1)} s`;
}

function measuresOf({ kind, holeMs, gapMs, squeezedFrames }: SwitchEvent): string {
  const ms = (value: number | null): string => (value === null ? '–' : `${Math.round(value)} ms`);
  return (
    `${kind} cut; hole in pictures ${ms(holeMs.video)}, in sound ${ms(holeMs.audio)}; ` +
    `delivery stood still for ${ms(gapMs)}; ${formatCount(squeezedFrames, 'frame')} squeezed`
  );
}

/** What was on air for a part of the last minutes; `left` and `width` as parts of the whole. */
export interface Segment {
  readonly source: string | null;
  readonly left: number;
  readonly width: number;
  readonly rank: 'first' | 'other' | 'slate' | 'none';
}

/** Who was on air from `from` to `to`, ms since the epoch. */
export function segmentsOf(
  program: Pick<ProgramState, 'onAir' | 'candidates'>,
  switches: readonly SwitchEvent[],
  from: number,
  to: number,
): Segment[] {
  const inside = switches.filter(({ decidedAt }) => decidedAt > from && decidedAt < to);
  const edges = [from, ...inside.map(({ decidedAt }) => decidedAt), to];
  const sources = [
    inside.length === 0 ? program.onAir : (inside[0]?.from ?? null),
    ...inside.map((s) => s.to),
  ];
  return sources.map((source, i) => ({
    source,
    left: ((edges[i] ?? from) - from) / (to - from),
    width: ((edges[i + 1] ?? to) - (edges[i] ?? from)) / (to - from),
    rank: rankOf(program, source),
  }));
}

function rankOf({ candidates }: Pick<ProgramState, 'candidates'>, source: string | null): Segment['rank'] {
  if (source === null) return 'none';
  if (source === 'slate') return 'slate';
  return candidates[0]?.name === source ? 'first' : 'other';
}
