import { InvalidInstanceId } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { CommandAnswer } from '../contract/control-api.ts';
import { describeFailure } from './call-failure.ts';
import { describeInvocation, printable } from './invocation.ts';
import type { HostReports, PlannedCommand } from './plan.ts';
import { type CommandTarget, type Invocation, LARGEST_TARGET, type RunCommand } from './run-command.ts';

/** What became of a command on one host. */
export interface HostOutcome {
  /** Its name; or, where only some of several silent hosts answered, an instance or one of which hosts it is. */
  readonly host: string;
  /** What a host answered; or it could not, or did not in time, or was never sent the command. */
  readonly outcome: CommandAnswer['outcome'] | 'failed' | 'no answer' | 'not sent';
  /** Nothing has to be done about it. */
  readonly isFine: boolean;
  readonly why: string;
}

export interface CommandOutcome {
  readonly planned: PlannedCommand;
  readonly hosts: readonly HostOutcome[];
}

export interface Execution {
  readonly runCommand: Pick<RunCommand, 'send' | 'collect'>;
  /** Who answered is reached by its instance, all others by their tags. */
  readonly reports: HostReports;
  /** Who has not answered when it aborts, has not. */
  readonly signal: AbortSignal;
}

const OUTCOMES = ['done', 'repeated', 'overtaken', 'expired', 'yielded', 'refused'] as const;
/** A later command stands, or a person's: as it should be. */
const FINE: ReadonlySet<string> = new Set(['done', 'repeated', 'overtaken', 'yielded']);

/** Of `understudy switch --json`, what is of use here. */
const answerSchema = z.object({
  outcome: z.enum(OUTCOMES) satisfies z.ZodType<CommandAnswer['outcome']>,
  why: z.string().optional(),
});

/** Carries out all commands of a plan at once. Never fails: what failed is in the outcomes. */
export async function execute(
  commands: readonly PlannedCommand[],
  execution: Execution,
): Promise<CommandOutcome[]> {
  return Promise.all(
    commands.map(async (planned) => {
      const groups = groupsOf(planned.hosts, execution.reports);
      const hosts = await Promise.all(groups.map((group) => tell(group, planned, execution)));
      return { planned, hosts: hosts.flat() };
    }),
  );
}

interface Group {
  /** As many as there are hosts in the target. */
  readonly names: readonly string[];
  readonly target: CommandTarget;
}

function groupsOf(hosts: readonly string[], reports: HostReports): Group[] {
  const instances = new Map<string, string>();
  for (const host of hosts) {
    const report = reports.get(host);
    if (report?.kind === 'summary') instances.set(host, report.instance);
  }
  const reached = slices([...instances]).map(
    (slice): Group => ({
      names: slice.map(([name]) => name),
      target: { kind: 'instances', ids: slice.map(([, id]) => id) },
    }),
  );
  const silent = slices(hosts.filter((host) => !instances.has(host)));
  return [...reached, ...silent.map((names): Group => ({ names, target: { kind: 'hosts', names } }))];
}

function slices<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / LARGEST_TARGET);
  return Array.from({ length: count }, (_, n) => items.slice(n * LARGEST_TARGET, (n + 1) * LARGEST_TARGET));
}

async function tell(group: Group, planned: PlannedCommand, execution: Execution): Promise<HostOutcome[]> {
  const { names, target } = group;
  const { runCommand, signal } = execution;
  let commandId: string;
  try {
    commandId = await runCommand.send(planned.command, target, signal);
  } catch (error) {
    if (hasGone(error) && names.length > 1) {
      const outcomes = await Promise.all(singles(group).map((single) => tell(single, planned, execution)));
      return outcomes.flat();
    }
    return names.map((host) => ({ host, outcome: 'not sent', isFine: false, why: describeFailure(error) }));
  }
  const areAll = (found: readonly Invocation[]) => found.length >= names.length;
  const { invocations, problem } = await runCommand.collect(commandId, areAll, signal);
  return outcomesOf(group, invocations, problem ?? 'not in time');
}

/** One instance that was terminated meanwhile, and Systems Manager tells none of them. */
function hasGone(error: unknown): boolean {
  return error instanceof InvalidInstanceId;
}

function singles({ names, target }: Group): Group[] {
  if (target.kind !== 'instances') return [];
  return target.ids.map((id, index) => ({
    names: names.slice(index, index + 1),
    target: { kind: 'instances', ids: [id] },
  }));
}

function outcomesOf(
  { names, target }: Group,
  invocations: readonly Invocation[],
  whyMissing: string,
): HostOutcome[] {
  const missing = (host: string): HostOutcome => ({
    host,
    outcome: 'no answer',
    isFine: false,
    why: whyMissing,
  });
  if (target.kind === 'instances') {
    return names.map((host, index) => {
      const invocation = invocations.find(({ instance }) => instance === target.ids[index]);
      return invocation === undefined ? missing(host) : outcomeOf(host, invocation);
    });
  }
  const [only] = names;
  const hostOf = ({ instance }: Invocation) => (names.length === 1 && only !== undefined ? only : instance);
  const answered = invocations.map((invocation) => outcomeOf(hostOf(invocation), invocation));
  // A host found by its tag does not say which one it is.
  const left = names.slice(answered.length);
  return [
    ...answered,
    ...left.map((host) => missing(answered.length === 0 ? host : `one of ${names.join(', ')}`)),
  ];
}

function outcomeOf(host: string, invocation: Invocation): HostOutcome {
  // The command's exit status says less than its answer: it is 1 also where a later command stands.
  const answer = answerOf(invocation.output);
  if (answer !== null) {
    const { outcome, why } = answer;
    return { host, outcome, isFine: FINE.has(outcome), why: printable(why ?? '') };
  }
  const outcome = invocation.output === null ? 'no answer' : 'failed';
  return { host, outcome, isFine: false, why: describeInvocation(invocation) };
}

function answerOf(output: string | null): z.output<typeof answerSchema> | null {
  if (output === null) return null;
  try {
    return answerSchema.parse(JSON.parse(output));
  } catch {
    return null;
  }
}
