import type { Cancel, Clock } from '../../../runtime/media/clock.ts';
import { resolvedAll, type TemplateValues } from '../../lib/support/template-values.ts';
import { actionEvent, bridgeEvent, type StateChange } from './alarm-events.ts';
import { Alarms, actionsOf } from './alarms.ts';
import { AwsEndpoint } from './aws-endpoint.ts';
import { type CommandDocument, commandDocument } from './command-document.ts';
import { EventBus } from './event-bus.ts';
import { LambdaFunction } from './lambda-runtime.ts';
import { MetricStore } from './metric-store.ts';
import { RunCommand } from './run-command.ts';
import { REGION } from './signature.ts';
import { ACCOUNT, alarmsOf, type TemplateJson } from './template-alarms.ts';
import { templateFunction } from './template-function.ts';
import { templateRules } from './template-rules.ts';

export interface LocalAwsOptions {
  readonly clock: Clock;
  /** `Template.fromStack(stack).toJSON()` */
  readonly template: TemplateJson;
  /** Where a function's bundle is, by its logical id; null for one that is not run. */
  readonly codeOf: (logicalId: string) => string | null;
  /** What references mean that the template itself does not say (`physicalNames`). */
  readonly values?: TemplateValues;
  readonly retryDelaysMs?: readonly number[];
}

/**
 * A deployment without an account: what a synthesized template has of alarms, functions, rules and documents, joined as
 * the template joins them, behind one endpoint.
 */
export class LocalAws {
  readonly metrics: MetricStore;
  readonly alarms: Alarms;
  readonly bus: EventBus;
  readonly runCommand: RunCommand;
  readonly endpoint: AwsEndpoint;
  /** By logical id; there are none before the start. */
  readonly functions = new Map<string, LambdaFunction>();
  /** What went elsewhere than to a function: to topics. */
  readonly sent: Array<{ readonly to: string; readonly event: unknown }> = [];
  /** Whether rules with a schedule run when it is time; where not, a test runs them (`runSchedules`). */
  hasSchedules = true;
  private readonly schedules: Array<() => void> = [];
  private readonly options: LocalAwsOptions;
  private readonly values: TemplateValues;
  private readonly stops: Cancel[] = [];

  constructor(options: LocalAwsOptions) {
    const { clock, template } = options;
    const now = () => clock.now();
    this.options = options;
    this.values = { ...physicalNames(template), ...options.values };
    this.metrics = new MetricStore(now);
    this.bus = new EventBus(now);
    this.alarms = new Alarms({
      clock,
      metrics: this.metrics,
      alarms: alarmsOf(template, this.values, REGION),
      deliver: (change) => this.deliver(change),
    });
    this.runCommand = new RunCommand({ clock, documents: documentsOf(template, this.values) });
    this.endpoint = new AwsEndpoint({
      cloudwatch: { PutMetricData: this.metrics.put, DescribeAlarms: this.alarms.describe },
      eventbridge: { PutEvents: this.bus.put },
      ssm: {
        SendCommand: this.runCommand.send,
        ListCommandInvocations: this.runCommand.list,
        GetCommandInvocation: this.runCommand.get,
      },
    });
  }

  async start(): Promise<this> {
    const { clock, template } = this.options;
    const rules = templateRules(template, this.values);
    const functions = resources(template, 'AWS::Lambda::Function').map(
      ([id, properties]) => [id, templateFunction(properties, this.values)] as const,
    );
    await this.endpoint.open();
    for (const [id, own] of functions) this.addFunction(id, own);
    for (const { name, pattern, periodMs, targets } of rules) {
      const send = (event: object): void => {
        for (const { arn, payload } of targets) this.send(arn, payload(event));
      };
      if (pattern !== null) this.bus.addRule(pattern, send);
      if (periodMs === null) continue;
      const run = (): void => send(this.bus.scheduled(name));
      this.schedules.push(run);
      this.stops.push(clock.every(periodMs, () => this.hasSchedules && run()));
    }
    this.stops.push(this.alarms.start());
    return this;
  }

  /** Runs every rule that has a schedule, now. */
  runSchedules(): void {
    for (const run of this.schedules) run();
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.splice(0)) stop();
    await Promise.all([...this.functions.values()].map((own) => own.stop()));
    await this.runCommand.stop();
    await this.endpoint.close();
  }

  private addFunction(name: string, own: ReturnType<typeof templateFunction>): void {
    const { clock, template, codeOf, retryDelaysMs } = this.options;
    const directory = codeOf(name);
    if (directory === null) return;
    const { metrics, endpoint } = this;
    const options = { ...own, name, directory, metrics, clock, aws: endpoint.environment };
    const retries = { retries: retriesOf(template, name), ...(retryDelaysMs && { retryDelaysMs }) };
    this.functions.set(name, new LambdaFunction({ ...options, ...retries }));
  }

  private deliver(change: StateChange): void {
    for (const arn of actionsOf(change)) this.send(arn, actionEvent(change));
    this.bus.carry(bridgeEvent(change));
  }

  private send(arn: string, event: unknown): void {
    const [, id = ''] = /:function:(.+)$/.exec(arn) ?? [];
    const target = this.functions.get(id);
    if (target === undefined) this.sent.push({ to: arn, event });
    else target.invoke(event);
  }
}

function resources(
  template: TemplateJson,
  type: string,
): Array<[id: string, properties: Record<string, unknown>]> {
  return Object.entries(template.Resources ?? {})
    .filter(([, { Type }]) => Type === type)
    .map(([id, { Properties = {} }]) => [id, Properties]);
}

/** What references to resources mean. Names that the template leaves to CloudFormation are the logical ids. */
export function physicalNames(template: TemplateJson): TemplateValues {
  const arn = (service: string, id: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${id}`;
  const of = (type: string, values: (id: string) => object): object =>
    Object.assign({}, ...resources(template, type).map(([id]) => values(id)));
  return {
    'AWS::AccountId': ACCOUNT,
    'AWS::Partition': 'aws',
    'AWS::Region': REGION,
    ...of('AWS::IAM::Role', (id) => ({ [`${id}.Arn`]: arn('iam', `role/${id}`) })),
    ...of('AWS::Logs::LogGroup', (id) => ({ [id]: id })),
    ...of('AWS::SNS::Topic', (id) => ({ [id]: arn('sns', id) })),
    ...of('AWS::SQS::Queue', (id) => ({ [`${id}.Arn`]: arn('sqs', id), [`${id}.QueueName`]: id })),
    ...of('AWS::Lambda::Function', (id) => ({ [id]: id, [`${id}.Arn`]: arn('lambda', `function:${id}`) })),
  };
}

function documentsOf(template: TemplateJson, values: TemplateValues): Map<string, CommandDocument> {
  return new Map(
    resources(template, 'AWS::SSM::Document').map(([id, { Name = id, Content }]) => [
      String(resolvedAll(Name, values)),
      commandDocument(Content, values),
    ]),
  );
}

function retriesOf(template: TemplateJson, id: string): number {
  const configs = resources(template, 'AWS::Lambda::EventInvokeConfig');
  const own = configs.find(([, { FunctionName }]) => (FunctionName as { readonly Ref?: string }).Ref === id);
  return Number(own?.[1].MaximumRetryAttempts ?? 2);
}
