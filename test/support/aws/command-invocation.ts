import type { CommandDocument, ParameterValues } from './command-document.ts';
import type { Tagged } from './command-targets.ts';
import type { ShellResult } from './shell-script.ts';

/** A host with an agent. */
export interface ManagedInstance extends Tagged {
  /** Where commands run, and with what variables: nothing else of the test's own is there. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Where a command stands on one instance: `StatusDetails`. */
type Progress = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'ExecutionTimedOut' | 'DeliveryTimedOut';

/** A command on one instance. */
export interface Invocation {
  readonly commandId: string;
  readonly instance: ManagedInstance;
  readonly documentName: string;
  readonly document: CommandDocument;
  readonly values: ParameterValues;
  readonly comment: string | undefined;
  readonly requestedAt: number;
  /** Later than that it does not begin, ms since the epoch. */
  readonly startBefore: number;
  progress: Progress;
  startedAt: number | null;
  endedAt: number | null;
  result: ShellResult;
}

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CommandPlugin.html */
const LISTED_OUTPUT_LIMIT = 2_500;

export const NO_RESULT: ShellResult = { stdout: '', stderr: '', exitCode: null, hasTimedOut: false };

/** In seconds. */
export function executionTimeoutOf({ document }: Invocation): number {
  return document.mainSteps[0].inputs.timeoutSeconds;
}

/** As GetCommandInvocation has it. */
export function detailOf(own: Invocation): object {
  const { commandId, instance, documentName, document, comment, result, startedAt, endedAt } = own;
  return {
    CommandId: commandId,
    InstanceId: instance.id,
    Comment: comment,
    DocumentName: documentName,
    PluginName: document.mainSteps[0].name,
    ResponseCode: result.exitCode ?? -1,
    ExecutionStartDateTime: startedAt === null ? '' : new Date(startedAt).toISOString(),
    ExecutionEndDateTime: endedAt === null ? '' : new Date(endedAt).toISOString(),
    ...statusOf(own),
    StandardOutputContent: result.stdout,
    StandardErrorContent: result.stderr,
  };
}

function statusOf({ progress }: Invocation): { Status: string; StatusDetails: string } {
  switch (progress) {
    case 'DeliveryTimedOut':
    case 'ExecutionTimedOut':
      return { Status: 'TimedOut', StatusDetails: progress };
    default:
      return { Status: progress, StatusDetails: progress };
  }
}

/** As ListCommandInvocations has it. */
export function listItemOf(own: Invocation, hasDetails: boolean): object {
  const { commandId, instance, documentName, requestedAt, comment, result, document } = own;
  const plugin = {
    Name: document.mainSteps[0].name,
    ...statusOf(own),
    ResponseCode: result.exitCode ?? -1,
    Output: (result.stdout + result.stderr).slice(0, LISTED_OUTPUT_LIMIT),
  };
  return {
    CommandId: commandId,
    InstanceId: instance.id,
    Comment: comment,
    DocumentName: documentName,
    RequestedDateTime: new Date(requestedAt),
    ...statusOf(own),
    CommandPlugins: hasDetails ? [plugin] : [],
  };
}
