/** What the control function knows when it plans, and what a plan is. */
import type { HostCommand } from '../contract/host-command.ts';
import type { HostSummary } from '../contract/host-summary.ts';

/** Why the function runs. */
export type ControlEvent =
  | {
      readonly kind: 'alarm';
      readonly alarm: string;
      readonly state: AlarmState;
      readonly previousState: AlarmState | null;
      /** Since when, ms since the epoch. */
      readonly at: number;
    }
  | { readonly kind: 'reconcile' };

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface AlarmReading {
  readonly state: AlarmState;
  /** Since when, ms since the epoch. */
  readonly since: number;
}

/** By the alarm's name; an alarm that could not be read is not in it. */
export type AlarmReadings = ReadonlyMap<string, AlarmReading>;

/** What a host says of itself, or why it says nothing. */
export type HostReport =
  | { readonly kind: 'summary'; readonly instance: string; readonly summary: HostSummary }
  | { readonly kind: 'silent'; readonly why: string };

/** By the host's name. Edges are in it when they answer, and only then. */
export type HostReports = ReadonlyMap<string, HostReport>;

/** One command for one or more hosts. */
export interface PlannedCommand {
  /** Names of hosts. */
  readonly hosts: readonly string[];
  readonly command: Exclude<HostCommand, { action: 'status' }>;
  /** In words, for the log and for people. */
  readonly why: string;
}

/** Something worth a line: also why nothing is done. */
export interface Finding {
  /** `page`: a person must come now. */
  readonly severity: 'info' | 'repair' | 'page';
  /** A program, an input, a host or an alarm. */
  readonly subject: string;
  readonly text: string;
}

export interface Plan {
  readonly commands: readonly PlannedCommand[];
  /** Never empty: a plan to do nothing says why. */
  readonly findings: readonly Finding[];
}
