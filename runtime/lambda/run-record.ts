import type { Topology } from '../contract/topology.ts';
import type { CommandOutcome } from './executor.ts';
import type { AlarmReadings, ControlEvent, Finding, HostReports } from './plan.ts';

/** Everything about one run of the control function. */
export interface RunRecord {
  readonly topology: Topology;
  readonly event: ControlEvent;
  /** When it began, ms since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly alarms: AlarmReadings;
  readonly hosts: HostReports;
  readonly findings: readonly Finding[];
  readonly commands: readonly CommandOutcome[];
  /** What of AWS did not work, in words. */
  readonly problems: readonly string[];
}

/** `of` the record's commands, on how many hosts. */
export function countOutcomes(record: Pick<RunRecord, 'commands'>, of: 'all' | 'failed'): number {
  const outcomes = record.commands.flatMap(({ hosts }) => hosts);
  return of === 'all' ? outcomes.length : outcomes.filter(({ isFine }) => !isFine).length;
}
