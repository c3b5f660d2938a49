import type { HostCommand } from '../../runtime/contract/host-command.ts';
import type { HostSummary } from '../../runtime/contract/host-summary.ts';
import { encodeSummary } from '../../runtime/contract/summary-text.ts';
import type { Topology } from '../../runtime/contract/topology.ts';
import type { Plan, PlannedCommand } from '../../runtime/lambda/plan.ts';
import { EPOCH } from '../support/fake-clock.ts';
import type { ScriptResult, StandInHost } from './stand-in.ts';

/** `masters` hosts with a master, and one with the backup that all of them share. */
export function topologyOf(masters: number): Topology {
  const names = Array.from({ length: masters }, (_, n) => `camera${n + 1}`);
  return {
    deployment: 'show',
    namespace: 'Understudy/Test',
    hosts: [
      ...names.map((name) => ({ name: `master-${name}`, input: `master/${name}`, kind: 'master' as const })),
      { name: 'backup-spare', input: 'backup/spare', kind: 'backup' },
    ],
    programs: names.map((name) => ({
      name,
      candidates: [`master/${name}`, 'backup/spare', 'slate'],
      home: `master-${name}`,
    })),
  };
}

export function summaryOf(host: string, over: Partial<HostSummary> = {}): HostSummary {
  return { version: 1, host, state: 'serving', now: EPOCH, programs: [], ...over };
}

/** Hosts of a deployment that answer as they should; `over` by name: what they leave behind instead. */
export function hostsOf(
  topology: Topology,
  over: Readonly<Record<string, StandInHost['run']>> = {},
): StandInHost[] {
  return topology.hosts.map(({ name }, index) => ({
    instance: instanceOf(index),
    name,
    run: over[name] ?? ((parameters) => healthyAnswer(name, parameters)),
  }));
}

export function instanceOf(index: number): string {
  return `i-${String(index).padStart(17, '0')}`;
}

export function healthyAnswer(host: string, { action }: Record<string, string>): ScriptResult {
  return {
    output: `${action === 'status' ? encodeSummary(summaryOf(host)) : JSON.stringify(answer('done'))}\n`,
  };
}

/** As `understudy switch --json` prints it; other fields are not read. */
export function answer(outcome: string, why?: string): object {
  return { outcome, ...(why === undefined ? {} : { why }), program: { name: 'camera1' } };
}

export const SWITCH = {
  action: 'switch',
  program: 'camera1',
  source: 'backup/spare',
  until: EPOCH + 600_000,
  by: 'control function',
  reason: 'master/camera1 is lost',
  sequence: EPOCH,
  notAfter: EPOCH + 60_000,
  automatic: true,
} as const satisfies HostCommand;

export function switchOn(...hosts: string[]): PlannedCommand {
  return { hosts, command: SWITCH, why: 'its input is lost' };
}

export function planOf(...commands: PlannedCommand[]): Plan {
  return { commands, findings: [{ severity: 'info', subject: 'camera1', text: 'as it should be' }] };
}
