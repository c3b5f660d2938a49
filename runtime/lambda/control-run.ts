import type { Channels } from '../contract/channels.ts';
import type { Topology } from '../contract/topology.ts';
import type { WaitingClock } from '../media/clock.ts';
import { readAlarms } from './alarm-reader.ts';
import type { AwsClients } from './aws-clients.ts';
import { switchChannels } from './channel-switcher.ts';
import { execute } from './executor.ts';
import { readHosts } from './host-reader.ts';
import type { PageMemory } from './page-memory.ts';
import type { ControlEvent, Plan } from './plan.ts';
import type { Situation } from './planner.ts';
import { recordRun } from './recorder.ts';
import { RunCommand } from './run-command.ts';
import { countOutcomes, type RunRecord } from './run-record.ts';
import { withinLimit } from './time-limit.ts';

export interface ControlRunOptions {
  readonly clients: AwsClients;
  readonly clock: WaitingClock;
  readonly topology: Topology;
  /** The name of the deployment's document. */
  readonly document: string;
  /** The MediaLive channels that are looked after. */
  readonly channels: Channels;
  /** What earlier runs have paged. */
  readonly pages: PageMemory;
  readonly plan: (facts: Situation) => Plan;
  /** Takes a line of the log, without its end. */
  readonly write: (line: string) => void;
}

/** How long each step may take where the function has the time. */
const LIMITS_MS = { read: 5_000, execute: 20_000, record: 4_000 };
/** Lambda must not end a run before it has said what became of it. */
const MARGIN_MS = 1_000;

/**
 * One run of the control function: read alarms and hosts, plan, carry out, record. Fails, once all is recorded, where a host
 * did not carry out a command or AWS did not work: Lambda then tries again, and commands that come twice do no harm.
 * `remainingMs`: how long Lambda lets it run.
 */
export async function controlRun(
  event: ControlEvent,
  remainingMs: number,
  { clients, clock, topology, document, channels, pages, plan, write }: ControlRunOptions,
): Promise<void> {
  const at = clock.now();
  const limits = limitsOf(remainingMs);
  const { deployment } = topology;
  const runCommand = new RunCommand({ client: clients.ssm, document, deployment, clock });
  const names = topology.hosts.map(({ name }) => name);

  const [alarms, hosts] = await withinLimit(clock, limits.read, (signal) =>
    Promise.all([readAlarms(clients.cloudWatch, topology, signal), readHosts(runCommand, names, signal)]),
  );
  const { reports } = hosts;
  const planned = plan({ event, topology, alarms: alarms.readings, reports, now: clock.now() });
  const [commands, ofChannels] = await Promise.all([
    withinLimit(clock, limits.execute, (signal) =>
      execute(planned.commands, { runCommand, reports, signal }),
    ),
    switchChannels({
      client: clients.mediaLive,
      channels,
      topology,
      alarms: alarms.readings,
      clock,
      deadline: clock.now() + limits.execute,
    }),
  ]);
  const findings = pages.quieten([...planned.findings, ...ofChannels], clock.now());

  const record: RunRecord = {
    topology,
    event,
    at,
    durationMs: clock.now() - at,
    alarms: alarms.readings,
    hosts: reports,
    findings,
    commands,
    problems: [
      ...(alarms.problem === null ? [] : [`alarms: ${alarms.problem}`]),
      ...(hosts.problem === null ? [] : [`hosts: ${hosts.problem}`]),
    ],
  };
  const problems = await withinLimit(clock, limits.record, (signal) =>
    recordRun(record, { client: clients.eventBridge, write }, signal),
  );
  if (problems.length === record.problems.length) pages.remember(findings, clock.now());
  const failed = countOutcomes(record, 'failed');
  if (failed > 0) throw new Error(`commands were not carried out on hosts: ${failed}`);
  if (problems.length > 0) throw new Error(problems.join('; '));
}

/** Less of each where time is short. */
function limitsOf(remainingMs: number): typeof LIMITS_MS {
  const { read, execute: tell, record } = LIMITS_MS;
  const share = Math.min(1, Math.max(0, remainingMs - MARGIN_MS) / (read + tell + record));
  return { read: read * share, execute: tell * share, record: record * share };
}
