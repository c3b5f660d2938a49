import { randomUUID } from 'node:crypto';
import type {
  GetCommandInvocationCommandInput,
  ListCommandInvocationsCommandInput,
  SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import type { Cancel, Clock } from '../../../runtime/media/clock.ts';
import { AwsError } from './aws-error.ts';
import { type CommandDocument, checkParameters, scriptOf } from './command-document.ts';
import type { ManagedInstance } from './command-invocation.ts';
import {
  detailOf,
  executionTimeoutOf,
  type Invocation,
  listItemOf,
  NO_RESULT,
} from './command-invocation.ts';
import { MAX_INSTANCES, targetsOf } from './command-targets.ts';
import { runShellScript } from './shell-script.ts';

export interface RunCommandOptions {
  readonly clock: Clock;
  /** By name. */
  readonly documents: ReadonlyMap<string, CommandDocument>;
  /** From a call to the agent. Until then the invocation is not there: the API is "eventually consistent". @default 50 */
  readonly deliveryMs?: number;
}

const DEFAULT_DELIVERY_MS = 50;
const DEFAULT_TIMEOUT_SECONDS = 3_600;
const MIN_TIMEOUT_SECONDS = 30;
const MAX_TIMEOUT_SECONDS = 2_592_000;
const MAX_COMMENT = 100;
const MAX_RESULTS = 50;

/** Systems Manager's Run Command, with the agents of all instances. */
export class RunCommand {
  private readonly options: RunCommandOptions;
  private readonly instances = new Map<string, ManagedInstance>();
  private readonly frozen = new Set<string>();
  /** In order; only those that callers can see. */
  private readonly invocations: Invocation[] = [];
  private readonly timers = new Set<Cancel>();
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(options: RunCommandOptions) {
    this.options = options;
  }

  register(instance: ManagedInstance): void {
    this.instances.set(instance.id, instance);
  }

  /** As a host that was terminated: commands cannot name it any more. */
  deregister(id: string): void {
    this.instances.delete(id);
  }

  /** As a host that is cut off: commands wait for it. */
  freeze(id: string): void {
    this.frozen.add(id);
  }

  /** It takes what waits, unless that is too old. */
  thaw(id: string): void {
    this.frozen.delete(id);
    for (const own of this.invocations) {
      if (own.instance.id === id && own.progress === 'Pending') this.deliver(own);
    }
  }

  /** Ends what runs. */
  async stop(): Promise<void> {
    for (const cancel of this.timers) cancel();
    this.stopping.abort();
    await Promise.all(this.running);
  }

  /** SendCommand: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html */
  readonly send = (input: SendCommandCommandInput): object => {
    const { DocumentName = '', Parameters = {}, Comment, InstanceIds, Targets, ...others } = input;
    const { TimeoutSeconds = DEFAULT_TIMEOUT_SECONDS, DocumentVersion = '$DEFAULT', ...limits } = others;
    const { MaxConcurrency = String(MAX_INSTANCES), MaxErrors = '0', ...unknown } = limits;
    refuseUnknown(unknown);
    if (DocumentVersion !== '$DEFAULT') throw new AwsError('InvalidDocumentVersion', DocumentVersion);
    if (TimeoutSeconds < MIN_TIMEOUT_SECONDS || TimeoutSeconds > MAX_TIMEOUT_SECONDS) {
      throw new AwsError('ValidationException', `a timeout of ${TimeoutSeconds} s`);
    }
    if ((Comment?.length ?? 0) > MAX_COMMENT) throw new AwsError('ValidationException', 'a long comment');
    const document = this.options.documents.get(DocumentName);
    if (document === undefined) throw new AwsError('InvalidDocument', `no document ${DocumentName}`);
    const values = checkParameters(document, Parameters);
    const instances = targetsOf(input, [...this.instances.values()]);
    // All get it at once, so that how many may fail makes no difference.
    const atOnce = MaxConcurrency === '100%' ? instances.length : Number(MaxConcurrency);
    if (instances.length > atOnce) throw new Error(`the test does not know ${MaxConcurrency} at once`);
    const commandId = randomUUID();
    const requestedAt = this.options.clock.now();
    const startBefore = requestedAt + TimeoutSeconds * 1_000;
    const own = { commandId, document, values, requestedAt, startBefore };
    for (const instance of instances) {
      const create = () => this.create({ ...own, instance, documentName: DocumentName, comment: Comment });
      this.after(this.options.deliveryMs ?? DEFAULT_DELIVERY_MS, create);
    }
    const Status = 'Pending';
    const RequestedDateTime = new Date(requestedAt);
    const given = {
      DocumentName,
      Parameters,
      Comment,
      InstanceIds: InstanceIds ?? [],
      Targets: Targets ?? [],
    };
    return {
      Command: {
        CommandId: commandId,
        ...given,
        MaxConcurrency,
        MaxErrors,
        TimeoutSeconds,
        RequestedDateTime,
        Status,
        StatusDetails: Status,
      },
    };
  };

  /** ListCommandInvocations: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommandInvocations.html */
  readonly list = (input: ListCommandInvocationsCommandInput): object => {
    const { CommandId, InstanceId, Details = false, MaxResults = MAX_RESULTS, NextToken, ...unknown } = input;
    refuseUnknown(unknown);
    if (MaxResults < 1 || MaxResults > MAX_RESULTS) throw new AwsError('ValidationException', 'MaxResults');
    const found = this.invocations.filter(
      (own) =>
        own.commandId === (CommandId ?? own.commandId) && own.instance.id === (InstanceId ?? own.instance.id),
    );
    const start = Number(NextToken ?? 0);
    const end = start + MaxResults;
    return {
      CommandInvocations: found.slice(start, end).map((own) => listItemOf(own, Details)),
      NextToken: end < found.length ? String(end) : undefined,
    };
  };

  /** GetCommandInvocation: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html */
  readonly get = ({ CommandId, InstanceId, PluginName }: GetCommandInvocationCommandInput): object => {
    const found = this.invocations.find(
      (own) => own.commandId === CommandId && own.instance.id === InstanceId,
    );
    if (found === undefined) throw new AwsError('InvocationDoesNotExist', '');
    const step = found.document.mainSteps[0].name;
    if (PluginName !== undefined && PluginName !== step) throw new AwsError('InvalidPluginName', '');
    return detailOf(found);
  };

  /** From now on callers see it. */
  private create(own: Omit<Invocation, 'progress' | 'startedAt' | 'endedAt' | 'result'>): void {
    const invocation: Invocation = {
      ...own,
      progress: 'Pending',
      startedAt: null,
      endedAt: null,
      result: NO_RESULT,
    };
    this.invocations.push(invocation);
    this.deliver(invocation);
    // It begins within its own time or never; callers see that when the script's time is over as well:
    // https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
    const totalMs = own.startBefore - this.options.clock.now() + executionTimeoutOf(invocation) * 1_000;
    this.after(totalMs, () => {
      if (invocation.progress === 'Pending') invocation.progress = 'DeliveryTimedOut';
    });
  }

  private deliver(own: Invocation): void {
    if (this.frozen.has(own.instance.id) || this.options.clock.now() >= own.startBefore) return;
    own.progress = 'InProgress';
    const done = this.run(own).finally(() => this.running.delete(done));
    this.running.add(done);
  }

  private async run(own: Invocation): Promise<void> {
    const { clock } = this.options;
    const { cwd, env } = own.instance;
    own.startedAt = clock.now();
    own.result = await runShellScript({
      script: scriptOf(own.document, own.values),
      cwd,
      env,
      timeoutSeconds: executionTimeoutOf(own),
      signal: this.stopping.signal,
    });
    own.endedAt = clock.now();
    const { exitCode, hasTimedOut } = own.result;
    if (hasTimedOut) own.progress = 'ExecutionTimedOut';
    else own.progress = exitCode === 0 ? 'Success' : 'Failed';
  }

  private after(delayMs: number, task: () => void): void {
    const cancel = this.options.clock.after(delayMs, () => {
      this.timers.delete(cancel);
      task();
    });
    this.timers.add(cancel);
  }
}

function refuseUnknown(members: object): void {
  if (Object.keys(members).length > 0) throw new Error(`the test does not know ${Object.keys(members)}`);
}
