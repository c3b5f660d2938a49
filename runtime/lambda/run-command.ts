import {
  type CommandInvocation,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  type SSMClient,
  type Target,
} from '@aws-sdk/client-ssm';
import { documentParameters, type HostCommand } from '../contract/host-command.ts';
import { INSTANCE_TAGS } from '../contract/instance-tags.ts';
import type { WaitingClock } from '../media/clock.ts';
import { describeFailure, isPassing } from './call-failure.ts';
import { eitherOf, unlessAborted, withinLimit } from './time-limit.ts';

export type CommandTarget =
  | { readonly kind: 'deployment' }
  /** By the hosts' names; at most `LARGEST_TARGET`. */
  | { readonly kind: 'hosts'; readonly names: readonly string[] }
  /** At most `LARGEST_TARGET`. */
  | { readonly kind: 'instances'; readonly ids: readonly string[] };

/** What became of a command on one instance. */
export interface Invocation {
  readonly instance: string;
  /** In the words of Systems Manager: `Success`, `Failed`, `Delivery Timed Out`, `In Progress`. */
  readonly status: string;
  readonly isOver: boolean;
  /** Both null as long as it is not over, or could not be read. */
  readonly output: string | null;
  readonly errorOutput: string | null;
}

/** Instances appear one after the other: whether more are to come, only who sent the command knows. */
export type AreEnough = (invocations: readonly Invocation[]) => boolean;

export interface Collected {
  readonly invocations: readonly Invocation[];
  /** What the service answered last instead of an answer, where that is why something is missing. */
  readonly problem: string | null;
}

export interface RunCommandOptions {
  readonly client: SSMClient;
  /** The name of the deployment's document. */
  readonly document: string;
  readonly deployment: string;
  readonly clock: WaitingClock;
}

/** Systems Manager takes so many values for a tag, or instances. */
export const LARGEST_TARGET = 50;
/** A command that has not begun by then never does. The least that Systems Manager allows. */
const DELIVERY_TIMEOUT_S = 30;
/** Of the default values, the one would stop after the first host that says no, the other wait for hosts that are gone. */
const ALL_AT_ONCE = { MaxConcurrency: '100%', MaxErrors: '100%' };
/**
 * The version that the stack made last: it does not learn the number of a version, and changes function and document
 * together. `$LATEST` would also take a version that somebody is still trying out.
 */
const DOCUMENT_VERSION = '$DEFAULT';
const PAGE = 50;
/** 1,000 invocations: far more hosts than a deployment has, also where pages are not full. */
const MOST_PAGES = 20;
/** What Systems Manager keeps of an output. */
const LONGEST_OUTPUT = 24_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
const PAUSE_GROWTH = 1.5;
/** One call that hangs must not hold up what others have to say: it is asked again. */
const ROUND_LIMIT_MS = 2_000;
const OVER: ReadonlySet<string> = new Set(['Success', 'Failed', 'TimedOut', 'Cancelled']);

/** The one place that speaks to Systems Manager: sends a command to hosts, and collects what they answered. */
export class RunCommand {
  private readonly options: RunCommandOptions;

  constructor(options: RunCommandOptions) {
    this.options = options;
  }

  /**
   * Gives back the command's id. Tries again while the service is busy or down, until `signal` aborts: hosts take a command
   * that comes twice once.
   */
  async send(command: HostCommand, target: CommandTarget, signal: AbortSignal): Promise<string> {
    const { client, document, deployment } = this.options;
    const request = new SendCommandCommand({
      DocumentName: document,
      DocumentVersion: DOCUMENT_VERSION,
      Parameters: documentParameters(command),
      Targets: targetsOf(target, deployment),
      TimeoutSeconds: DELIVERY_TIMEOUT_S,
      ...ALL_AT_ONCE,
    });
    let failure: unknown;
    for (const pauseMs of growingPauses()) {
      try {
        const { Command } = await unlessAborted(signal, client.send(request, { abortSignal: signal }));
        if (Command?.CommandId === undefined) throw new Error('Systems Manager gave a command no id');
        return Command.CommandId;
      } catch (error) {
        if (signal.aborted) throw failure ?? error;
        if (!isPassing(error)) throw error;
        failure = error;
      }
      await this.options.clock.sleep(pauseMs, signal);
    }
    throw failure;
  }

  /**
   * Waits until all instances that are known to have the command are through with it, and are enough; or until `signal` aborts.
   * Never fails: what cannot be read is asked for again, since a new command is not known everywhere at once, and services are
   * busy at times.
   */
  async collect(commandId: string, areEnough: AreEnough, signal: AbortSignal): Promise<Collected> {
    const { clock } = this.options;
    const known = new Map<string, Invocation>();
    let problem: string | null = null;
    for (const pauseMs of growingPauses()) {
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) break;
      const failures = await withinLimit(clock, ROUND_LIMIT_MS, (limit) =>
        this.ask(commandId, known, eitherOf(signal, limit)),
      );
      if (signal.aborted) break;
      problem = failures.length === 0 ? null : describeFailure(failures[0]);
      const all = [...known.values()];
      if (all.every(({ output }) => output !== null) && areEnough(all)) break;
    }
    return { invocations: [...known.values()], problem };
  }

  /** One round: what is new goes into `known`. Returns what failed. */
  private async ask(
    commandId: string,
    known: Map<string, Invocation>,
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const failures: unknown[] = [];
    const attempt = (call: Promise<void>) => call.catch((error) => void failures.push(error));
    await attempt(this.list(commandId, known, signal));
    const unread = [...known.values()].filter(({ isOver, output }) => isOver && output === null);
    await Promise.all(unread.map((invocation) => attempt(this.read(commandId, invocation, known, signal))));
    return failures;
  }

  private async list(commandId: string, known: Map<string, Invocation>, signal: AbortSignal): Promise<void> {
    let token: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const request = new ListCommandInvocationsCommand({
        CommandId: commandId,
        MaxResults: PAGE,
        NextToken: token,
      });
      const answer = await unlessAborted(signal, this.options.client.send(request, { abortSignal: signal }));
      for (const invocation of answer.CommandInvocations ?? []) note(known, invocation);
      token = answer.NextToken;
      if (token === undefined || token === '') break;
    }
  }

  private async read(
    commandId: string,
    invocation: Invocation,
    known: Map<string, Invocation>,
    signal: AbortSignal,
  ): Promise<void> {
    const { instance } = invocation;
    const request = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instance });
    const answer = await unlessAborted(signal, this.options.client.send(request, { abortSignal: signal }));
    known.set(instance, {
      ...invocation,
      output: (answer.StandardOutputContent ?? '').slice(0, LONGEST_OUTPUT),
      errorOutput: (answer.StandardErrorContent ?? '').slice(0, LONGEST_OUTPUT),
    });
  }
}

/** What has been read of an instance stays. */
function note(known: Map<string, Invocation>, listed: CommandInvocation): void {
  const { InstanceId: instance, Status: status, StatusDetails: details } = listed;
  if (instance === undefined || status === undefined || typeof known.get(instance)?.output === 'string')
    return;
  const isOver = OVER.has(status);
  known.set(instance, { instance, status: details || status, isOver, output: null, errorOutput: null });
}

function targetsOf(target: CommandTarget, deployment: string): Target[] {
  const ours = { Key: `tag:${INSTANCE_TAGS.deployment}`, Values: [deployment] };
  switch (target.kind) {
    case 'deployment':
      return [ours];
    case 'hosts':
      return [ours, { Key: `tag:${INSTANCE_TAGS.host}`, Values: [...target.names] }];
    case 'instances':
      return [{ Key: 'InstanceIds', Values: [...target.ids] }];
  }
}

function* growingPauses(): Generator<number, undefined> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS))
    yield pauseMs;
}
