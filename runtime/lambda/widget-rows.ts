/** A deployment's programs as a table shows them: what each host says, put together. */
import type { ProgramSummary } from '../contract/host-summary.ts';
import type { Topology } from '../contract/topology.ts';
import type { HostReports } from './plan.ts';

export interface WidgetRow {
  readonly program: string;
  /** What viewers see, and on which hosts; where nobody watches, what its home shows. The most hosts first. */
  readonly onAir: ReadonlyArray<{ readonly source: string; readonly hosts: readonly string[] }>;
  /** By its home, or by any host that answers, where the home does not. */
  readonly candidates: ReadonlyArray<{ readonly name: string; readonly health: string }>;
  readonly viewers: number;
  /** Pins, drills and warnings, once each. */
  readonly notes: readonly string[];
  /** The latest on any host. */
  readonly lastSwitch: NonNullable<ProgramSummary['lastSwitch']> | null;
  /** `trouble`: slate, nothing, or no host answers. */
  readonly state: 'first' | 'other' | 'trouble';
}

interface Seen {
  readonly host: string;
  readonly own: ProgramSummary;
}

export function widgetRows(topology: Topology, reports: HostReports): WidgetRow[] {
  return topology.programs.map(({ name, candidates, home }) => {
    const seen = [...reports].flatMap(([host, report]) => {
      const own =
        report.kind === 'summary'
          ? report.summary.programs.find((program) => program.name === name)
          : undefined;
      return own === undefined ? [] : [{ host, own }];
    });
    const reference = seen.find(({ host }) => host === home) ?? seen[0];
    const onAir = groupByOnAir(seen, reference);
    return {
      program: name,
      onAir,
      candidates: candidates.map((candidate) => ({
        name: candidate,
        health: reference?.own.health[candidate] ?? 'unknown',
      })),
      viewers: seen.reduce((sum, { own }) => sum + own.viewers, 0),
      notes: [...new Set(seen.flatMap(notesOf))],
      lastSwitch: latest(seen),
      state: stateOf(onAir, candidates[0]),
    };
  });
}

function groupByOnAir(seen: readonly Seen[], reference: Seen | undefined): WidgetRow['onAir'] {
  const watched = seen.filter(({ own }) => own.viewers > 0);
  const shown = watched.length > 0 ? watched : reference === undefined ? [] : [reference];
  const sourceOf = ({ own }: Seen): string => own.onAir ?? 'nothing';
  return [...new Set(shown.map(sourceOf))]
    .map((source) => ({
      source,
      hosts: shown.filter((one) => sourceOf(one) === source).map(({ host }) => host),
    }))
    .toSorted((a, b) => b.hosts.length - a.hosts.length);
}

function notesOf({ own }: Seen): string[] {
  const { pin, drill, warnings } = own;
  return [
    ...(pin === null ? [] : [`pinned to ${pin.source} by ${pin.by}`]),
    ...(drill === null ? [] : [`drill by ${drill.by}: ${drill.source} plays dead`]),
    ...(warnings === 0 ? [] : [`inputs differ (${warnings})`]),
  ];
}

function latest(seen: readonly Seen[]): WidgetRow['lastSwitch'] {
  const all = seen.flatMap(({ own }) => own.lastSwitch ?? []);
  return all.toSorted((a, b) => b.at - a.at)[0] ?? null;
}

function stateOf(onAir: WidgetRow['onAir'], first: string | undefined): WidgetRow['state'] {
  const sources = onAir.map(({ source }) => source);
  if (sources.length === 0 || sources.includes('slate') || sources.includes('nothing')) return 'trouble';
  return sources.every((source) => source === first) ? 'first' : 'other';
}
