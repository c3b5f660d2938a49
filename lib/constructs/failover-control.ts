import { ArnFormat, Aws, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type AlarmKind, alarmName } from '../../runtime/contract/alarm-names.ts';
import { CHANNELS_VARIABLE } from '../../runtime/contract/channels.ts';
import type { Config } from '../../runtime/contract/config.ts';
import { CONTROL_EVENT_SOURCE, CONTROL_EVENT_TYPES } from '../../runtime/contract/control-function.ts';
import { resourceName } from '../config/resource-names.ts';
import { CommandDocument } from './command-document.ts';
import { commandingFunction } from './commanding-function.ts';
import { metricSource } from './contract-metric.ts';
import { controlAlarms } from './control-alarms.ts';
import type { FunctionBundle } from './function-bundle.ts';

/** It waits for what hosts answer. */
const TIMEOUT = Duration.seconds(60);
/** An alarm that is older has been looked at by the schedule meanwhile. */
const LONGEST_WAIT = Duration.minutes(5);
const RETRIES = 2;
const SCHEDULE = Duration.minutes(1);

export interface FailoverControlProps {
  readonly config: Pick<Config, 'name' | 'metrics' | 'aws'>;
  /** The code, with the topology of the same configuration. */
  readonly functions: FunctionBundle;
  /** Gets what a person must come for. */
  readonly topic: sns.Topic;
  /**
   * What the function is told of MediaLive channels, as JSON. Who makes channels also grants it what switching them takes.
   *
   * @default '{}' - it switches none
   */
  readonly channels?: string;
}

/**
 * The control function with all around it. Alarms run it (`watch`), and so does a schedule each minute, which repairs what was
 * lost on the way. It tells hosts what to do through the document, and may do nothing else to them.
 *
 * What it could not do after two repeats lies in `deadLetters`; `alarms` tell of that, of its errors, and of its silence.
 */
export class FailoverControl extends Construct {
  readonly function: lambda.Function;
  readonly document: CommandDocument;
  /** Events that the function failed on, or that never reached it. Nobody reads it but people. */
  readonly deadLetters: sqs.Queue;
  /** Runs the function each minute. */
  readonly schedule: events.Rule;
  /** Where something is wrong with the function; they have no action yet. */
  readonly alarms: readonly cloudwatch.Alarm[];
  private readonly deployment: string;

  constructor(scope: Construct, id: string, props: FailoverControlProps) {
    super(scope, id);
    const { config, functions, topic, channels = '{}' } = props;
    this.deployment = config.name;
    this.document = new CommandDocument(this, 'Command', {
      name: resourceName(config, 'command'),
      deployment: this.deployment,
    });
    this.deadLetters = this.makeDeadLetters();
    this.function = commandingFunction(this, 'Function', {
      description: `Understudy ${config.name}: repairs what alarms tell of`,
      code: functions.control,
      document: this.document,
      logRetentionDays: config.aws.logRetentionDays,
      memoryMiB: 512,
      timeout: TIMEOUT,
      environment: { [CHANNELS_VARIABLE]: channels },
      deadLetterQueue: this.deadLetters,
      retryAttempts: RETRIES,
      maxEventAge: LONGEST_WAIT,
    });
    this.grantEvents();
    this.schedule = this.makeSchedule(resourceName(config, 'reconcile'));
    this.pageBy(topic);
    this.alarms = controlAlarms(this, {
      source: metricSource(config),
      function: this.function,
      deadLetters: this.deadLetters,
    });
  }

  /**
   * Has alarms of a kind, by its name, run the function when they go on and when they end. One permission for all of them:
   * one for each would be more than a function's policy holds (20 KB) where there are twenty inputs.
   */
  watch(kind: AlarmKind, alarms: Iterable<cloudwatch.AlarmBase>): void {
    this.function.addPermission(`Alarms-${kind}`, {
      principal: new iam.ServicePrincipal('lambda.alarms.cloudwatch.amazonaws.com'),
      sourceAccount: Aws.ACCOUNT_ID,
      sourceArn: Stack.of(this).formatArn({
        service: 'cloudwatch',
        resource: 'alarm',
        resourceName: alarmName(this.deployment, kind, '*'),
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    });
    const run: cloudwatch.IAlarmAction = { bind: () => ({ alarmActionArn: this.function.functionArn }) };
    for (const alarm of alarms) {
      alarm.addAlarmAction(run);
      alarm.addOkAction(run);
    }
  }

  private makeDeadLetters(): sqs.Queue {
    const queue = new sqs.Queue(this, 'DeadLetters', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is a dead-letter queue itself, of a function and of a rule.',
    });
    return queue;
  }

  private grantEvents(): void {
    iam.Grant.addToPrincipal({
      grantee: this.function,
      actions: ['events:PutEvents'],
      resourceArns: [this.defaultBus()],
      // A call has many events, and so the key many values; none at all would be "all values", too.
      conditions: {
        'ForAllValues:StringEquals': { 'events:source': CONTROL_EVENT_SOURCE },
        Null: { 'events:source': 'false' },
      },
    });
  }

  private defaultBus(): string {
    return Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
  }

  private makeSchedule(ruleName: string): events.Rule {
    return new events.Rule(this, 'Schedule', {
      ruleName,
      description: `Understudy ${this.deployment}: looks each minute whether an event was lost`,
      schedule: events.Schedule.rate(SCHEDULE),
      targets: [
        new targets.LambdaFunction(this.function, {
          deadLetterQueue: this.deadLetters,
          // The next one comes in a minute anyway.
          retryAttempts: 0,
          maxEventAge: SCHEDULE,
        }),
      ],
    });
  }

  /** By a role of its own: the topic and its key then need not let all of EventBridge in. */
  private pageBy(topic: sns.Topic): void {
    const rule = new events.Rule(this, 'Page', {
      description: `Understudy ${this.deployment}: what a person must come for`,
      eventPattern: {
        source: [CONTROL_EVENT_SOURCE],
        detailType: [CONTROL_EVENT_TYPES.page],
        detail: { deployment: [this.deployment] },
      },
    });
    const role = new iam.Role(this, 'PageRole', {
      assumedBy: new iam.ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      description: 'Publishes what a person must come for',
    });
    topic.grantPublish(role);
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]',
      reason: 'SNS asks for it as it stands; it is for the key of the topic alone.',
    });
    rule.addTarget(
      new targets.SnsTopic(topic, {
        role,
        // As it is: a text that is put together would be lost where what goes into it has quotes.
        message: events.RuleTargetInput.fromEventPath('$.detail'),
        deadLetterQueue: this.deadLetters,
        maxEventAge: LONGEST_WAIT,
      }),
    );
  }
}
