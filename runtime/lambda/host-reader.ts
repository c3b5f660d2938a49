import type { HostSummary } from '../contract/host-summary.ts';
import { decodeSummary } from '../contract/summary-reader.ts';
import { describeFailure } from './call-failure.ts';
import { describeInvocation } from './invocation.ts';
import type { HostReport, HostReports } from './plan.ts';
import type { Invocation, RunCommand } from './run-command.ts';

export interface HostAnswers {
  readonly reports: HostReports;
  /** Why hosts could not be asked, or not all of them: nothing that is known of them is the reason. */
  readonly problem: string | null;
}

/** In the reason of each silent host. */
const NAMED_STRAYS = 3;

/** Asks all hosts of the deployment at once how they are; who has not answered when `signal` aborts is silent. Never fails. */
export async function readHosts(
  runCommand: Pick<RunCommand, 'send' | 'collect'>,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<HostAnswers> {
  const areAll = (invocations: readonly Invocation[]): boolean => {
    const { summaries, strays } = summariesOf(invocations);
    return hosts.filter((host) => !summaries.has(host)).length <= strays.length;
  };
  try {
    const commandId = await runCommand.send({ action: 'status' }, { kind: 'deployment' }, signal);
    const { invocations, problem } = await runCommand.collect(commandId, areAll, signal);
    const { summaries, strays } = summariesOf(invocations);
    // Which host an instance would have been only its answer says.
    const more = strays.length > NAMED_STRAYS ? [`${strays.length - NAMED_STRAYS} more`] : [];
    const why = ['no answer from it', ...strays.slice(0, NAMED_STRAYS), ...more].join('; ');
    return { reports: withSilent(summaries, hosts, why), problem };
  } catch (error) {
    const problem = describeFailure(error);
    return { reports: withSilent(new Map(), hosts, `could not be asked: ${problem}`), problem };
  }
}

interface Summaries {
  /** By the host's name. */
  readonly summaries: ReadonlyMap<string, HostReport>;
  /** What came from instances instead of a summary. */
  readonly strays: readonly string[];
}

function summariesOf(invocations: readonly Invocation[]): Summaries {
  const summaries = new Map<string, HostReport>();
  const strays: string[] = [];
  for (const invocation of invocations) {
    const summary = summaryOf(invocation);
    if (summary === null) strays.push(describeInvocation(invocation));
    // Two of one name: one replaces the other, and only that which serves is worth a command.
    else if (summary.state === 'serving' || !summaries.has(summary.host)) {
      summaries.set(summary.host, { kind: 'summary', instance: invocation.instance, summary });
    }
  }
  return { summaries, strays };
}

function withSilent(
  summaries: ReadonlyMap<string, HostReport>,
  hosts: readonly string[],
  why: string,
): HostReports {
  const silent = hosts.filter((host) => !summaries.has(host));
  return new Map([
    ...summaries,
    ...silent.map((host): [string, HostReport] => [host, { kind: 'silent', why }]),
  ]);
}

function summaryOf({ output }: Invocation): HostSummary | null {
  if (output === null) return null;
  try {
    return decodeSummary(output);
  } catch {
    return null;
  }
}
