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
  /** How many environments there may be: `ReservedConcurrentExecutions`. @default 1 */
  readonly concurrency?: number;
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

/** Where an environment is, or was, with those that wait for it. */
interface Place {
  environment: LambdaEnvironment | null;
  waiting: number;
  /** Resolves when the last of them is done. */
  last: Promise<unknown>;
}

/**
 * A function that is invoked asynchronously, as alarms and EventBridge do: its events wait in a queue, each is tried up to
 * three times, and then becomes a dead letter. An event that waits for a retry does not hold up the others, and one that
 * comes while another is handled gets an environment of its own, as long as there may be more.
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
  private readonly places: Place[] = [];
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

  /** As a caller that waits for what comes of it: once, and nothing is kept where it fails. Null where it is stopped. */
  call(event: unknown): Promise<Outcome | null> {
    return this.inTurn({ event, requestId: randomUUID(), attempt: 1 });
  }

  /** Resolves when no event waits. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  /** Gives up what it does. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.stopMeasuring();
    await this.stopEnvironments();
    await this.idle();
    await this.stopEnvironments();
  }

  private async stopEnvironments(): Promise<void> {
    await Promise.all(this.places.map(({ environment }) => environment?.stop()));
  }

  private async tryAll(event: unknown, requestId: string): Promise<void> {
    const { retries = 2, retryDelaysMs = SHORT_RETRY_DELAYS_MS } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.inTurn({ event, requestId, attempt });
      if (outcome === null || outcome.kind === 'result') return;
      if (attempt > retries) return this.bury(event, requestId, outcome.error);
      await pause(retryDelaysMs[attempt - 1] ?? 0, null, { signal: this.stopping.signal }).catch(() => {});
    }
  }

  private inTurn(own: Pick<Attempt, 'event' | 'requestId' | 'attempt'>): Promise<Outcome | null> {
    const place = this.nextPlace();
    place.waiting += 1;
    const turn = place.last
      .then(() => this.attempt(own, place))
      .finally(() => {
        place.waiting -= 1;
      });
    place.last = turn;
    return turn;
  }

  /** One where nobody waits, or a new one, or the one with the shortest queue. */
  private nextPlace(): Place {
    const [best] = this.places.toSorted((a, b) => a.waiting - b.waiting);
    const isFull = this.places.length >= (this.options.concurrency ?? 1);
    if (best !== undefined && (best.waiting === 0 || isFull)) return best;
    const place = { environment: null, waiting: 0, last: Promise.resolve() };
    this.places.push(place);
    return place;
  }

  /** Null where the function is stopped. */
  private async attempt(
    own: Pick<Attempt, 'event' | 'requestId' | 'attempt'>,
    place: Place,
  ): Promise<Outcome | null> {
    if (this.stopping.signal.aborted) return null;
    const isNew = place.environment?.isAlive !== true;
    const environment = isNew ? this.start() : (place.environment as LambdaEnvironment);
    place.environment = environment;
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
    return new LambdaEnvironment({
      directory,
      log: wholeLines((line) => this.write(line)),
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
  }

  private write(line: string): void {
    this.output += `${line}\n`;
    for (const put of embeddedMetrics(line)) {
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

/** Takes pieces of text, and gives `take` each line once it has ended: several processes write, and none into another's line. */
function wholeLines(take: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  };
}
