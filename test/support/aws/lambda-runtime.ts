import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cancel, Clock } from '../../../runtime/media/clock.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { type FunctionError, LambdaEnvironment, type Outcome } from './lambda-environment.ts';
import type { MetricStore } from './metric-store.ts';
import { REGION } from './signature.ts';

/**
 * Between the attempts. Lambda waits a minute, and then two:
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const SHORT_RETRY_DELAYS_MS = [50, 100];
/** SQS measures each minute: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html */
const QUEUE_METRICS_MS = 60_000;
const MAX_ERROR_MESSAGE = 1_024;

export interface FunctionOptions {
  readonly name: string;
  /** Where its bundle is. */
  readonly directory: string;
  /** `index.handler` */
  readonly handler: string;
  /** `Environment.Variables` of the template, resolved. */
  readonly variables: Readonly<Record<string, string>>;
  /** Credentials and endpoints: `AwsEndpoint.environment`. */
  readonly aws: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb?: number;
  /** After the first attempt. @default 2 */
  readonly retries?: number;
  /** Before each of the retries. @default short ones */
  readonly retryDelaysMs?: readonly number[];
  /** The name of the queue of its dead letters; where it has none, they are lost. */
  readonly queue: string | null;
  readonly metrics: MetricStore;
  /** For what its queue measures; attempts and their time-outs are in real time. */
  readonly clock: Clock;
}

/** One attempt at an event. */
export interface Attempt {
  readonly requestId: string;
  readonly event: unknown;
  /** 1 for the first. */
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Only where the event had to wait for a new environment. */
  readonly initMs: number | null;
}

/** As in SQS: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
export interface DeadLetter {
  /** The event as it was, as JSON. */
  readonly body: string;
  readonly attributes: Readonly<Record<'RequestID' | 'ErrorCode' | 'ErrorMessage', string>>;
}

/**
 * A function that is invoked asynchronously, as alarms and EventBridge do: its events wait in a queue, each is tried up to
 * three times, and then becomes a dead letter. It has one environment, as with `ReservedConcurrentExecutions` of 1; an
 * event that waits for a retry does not hold up the others.
 */
export class LambdaFunction {
  readonly attempts: Attempt[] = [];
  readonly deadLetters: DeadLetter[] = [];
  /** All that it wrote. */
  output = '';
  /** What of it CloudWatch would not take. */
  readonly problems: string[] = [];
  private readonly options: FunctionOptions;
  private readonly stopMeasuring: Cancel;
  private environment: LambdaEnvironment | null = null;
  /** The last of the queue. */
  private last: Promise<unknown> = Promise.resolve();
  private readonly pending = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(options: FunctionOptions) {
    this.options = options;
    this.stopMeasuring = options.clock.every(QUEUE_METRICS_MS, () => this.measureQueue());
  }

  /** Takes an event as the queue does: at once. Twice where a test wants to see that. */
  invoke(event: unknown): void {
    const done = this.tryAll(event, randomUUID()).finally(() => this.pending.delete(done));
    this.pending.add(done);
  }

  /** Resolves when no event waits. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  /** Gives up what it does. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.stopMeasuring();
    await this.environment?.stop();
    await this.idle();
    await this.environment?.stop();
  }

  private async tryAll(event: unknown, requestId: string): Promise<void> {
    const { retries = 2, retryDelaysMs = SHORT_RETRY_DELAYS_MS } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      const turn = this.last.then(() => this.attempt({ event, requestId, attempt }));
      this.last = turn;
      const outcome = await turn;
      if (outcome === null || outcome.kind === 'result') return;
      if (attempt > retries) return this.bury(event, requestId, outcome.error);
      await pause(retryDelaysMs[attempt - 1] ?? 0, null, { signal: this.stopping.signal }).catch(() => {});
    }
  }

  /** Null where the function is stopped. */
  private async attempt(own: Pick<Attempt, 'event' | 'requestId' | 'attempt'>): Promise<Outcome | null> {
    if (this.stopping.signal.aborted) return null;
    const isNew = this.environment?.isAlive !== true;
    const environment = isNew ? this.start() : (this.environment as LambdaEnvironment);
    const { timeoutMs } = this.options;
    const begin = performance.now();
    const outcome = await environment.invoke({ ...own, timeoutMs });
    const initMs = isNew ? environment.initMs : null;
    this.attempts.push({
      ...own,
      outcome,
      durationMs: Math.max(0, performance.now() - begin - (initMs ?? 0)),
      initMs,
    });
    const { name, metrics } = this.options;
    const series = {
      Namespace: 'AWS/Lambda',
      Dimensions: [{ Name: 'FunctionName', Value: name }],
      Unit: 'Count',
    };
    metrics.measure({ ...series, MetricName: 'Invocations' }, 1);
    metrics.measure({ ...series, MetricName: 'Errors' }, outcome.kind === 'failed' ? 1 : 0);
    return this.stopping.signal.aborted ? null : outcome;
  }

  private start(): LambdaEnvironment {
    const { name, directory, handler, variables, aws, memoryMb = 128 } = this.options;
    this.environment = new LambdaEnvironment({
      directory,
      log: (text) => this.write(text),
      // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
      variables: {
        ...variables,
        ...aws,
        AWS_DEFAULT_REGION: REGION,
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs',
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
        LAMBDA_TASK_ROOT: directory,
        TZ: ':UTC',
        _HANDLER: handler,
      },
    });
    return this.environment;
  }

  private write(text: string): void {
    const lineStart = this.output.lastIndexOf('\n') + 1;
    this.output += text;
    const lines = this.output.slice(lineStart).split('\n').slice(0, -1);
    for (const put of lines.flatMap(embeddedMetrics)) {
      try {
        this.options.metrics.put(put);
      } catch (error) {
        this.problems.push(String(error));
      }
    }
  }

  private bury(event: unknown, requestId: string, { errorMessage }: FunctionError): void {
    if (this.options.queue === null) return;
    this.deadLetters.push({
      body: JSON.stringify(event),
      attributes: {
        RequestID: requestId,
        ErrorCode: '200',
        ErrorMessage: errorMessage.slice(0, MAX_ERROR_MESSAGE),
      },
    });
    this.measureQueue();
  }

  private measureQueue(): void {
    const { queue, metrics } = this.options;
    if (queue === null) return;
    const series = { Namespace: 'AWS/SQS', Dimensions: [{ Name: 'QueueName', Value: queue }], Unit: 'Count' };
    metrics.measure({ ...series, MetricName: 'ApproximateNumberOfMessagesVisible' }, this.deadLetters.length);
  }
}
