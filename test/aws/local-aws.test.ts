/**
 * A small deployment, all of it in a template: an alarm runs a function, which asks for the alarm's state, tells a host
 * through a document, and puts an event on the bus. The function and the host's command are of the test; the clients, the
 * processes and what goes between them are real.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaAction, SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { buildSync } from 'esbuild';
import { testApp } from '../lib/support/app.ts';
import { LocalAws } from '../support/aws/local-aws.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const FUNCTION = `
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';

const cloudWatch = new CloudWatchClient();
const eventBridge = new EventBridgeClient();
const ssm = new SSMClient();

async function answerOf(CommandId) {
  for (;;) {
    try {
      const answer = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: 'i-master' }));
      if (answer.Status === 'Failed') return answer.StandardErrorContent;
      if (answer.Status === 'Success') return answer.StandardOutputContent;
    } catch (error) {
      if (error.name !== 'InvocationDoesNotExist') throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function handler(event) {
  if (event.source === 'aws.events') throw new Error('told to fail by the schedule');
  const { alarmName } = event.alarmData;
  const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [alarmName] }));
  const [{ StateValue: state }] = MetricAlarms;
  const Targets = [{ Key: 'tag:host', Values: ['master'] }];
  const Parameters = { state: [state] };
  const DocumentName = process.env.DOCUMENT;
  const { Command } = await ssm.send(new SendCommandCommand({ DocumentName, Targets, Parameters, TimeoutSeconds: 30 }));
  const answer = await answerOf(Command.CommandId);
  const Detail = JSON.stringify({ answer });
  await eventBridge.send(new PutEventsCommand({ Entries: [{ Source: 'understudy', DetailType: 'Done', Detail }] }));
  const metrics = [{ Namespace: 'Control', Dimensions: [['Deployment']], Metrics: [{ Name: 'Commands', Unit: 'Count' }] }];
  const _aws = { Timestamp: Date.parse(event.time.replace('+0000', 'Z')), CloudWatchMetrics: metrics };
  process.stdout.write(JSON.stringify({ _aws, Deployment: 'show', Commands: 1 }) + '\\n');
  console.log(JSON.stringify({ _aws, Deployment: 'show', Commands: 100 }));
}
`;

/** What the document runs on the host. */
const COMMAND = `#!/bin/bash
echo "$1" >>ran
echo "switched for $1"
`;

/** The names in the template of what the test asks for. */
interface Names {
  readonly control: string;
  readonly topic: string;
}

function deployment(): { readonly template: Template; readonly names: Names } {
  const stack = new Stack(testApp(), 'Small');
  const topic = new sns.Topic(stack, 'Topic');
  const document = new CfnDocument(stack, 'Document', {
    name: 'show-command',
    documentType: 'Command',
    content: {
      schemaVersion: '2.2',
      parameters: { state: { type: 'String', allowedPattern: '^[A-Z_]+$' } },
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'run',
          inputs: { runCommand: ["switch-program '{{ state }}'"] },
        },
      ],
    },
  });
  const deadLetterQueue = new sqs.Queue(stack, 'DeadLetters');
  const control = new lambda.Function(stack, 'Control', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('the test has it'),
    environment: { DOCUMENT: document.name ?? '' },
    timeout: Duration.seconds(10),
    deadLetterQueue,
    retryAttempts: 1,
  });
  const action = new LambdaAction(control);
  const page = new SnsAction(topic);
  const loss = new cloudwatch.Alarm(stack, 'Loss', {
    alarmName: 'show-input-loss',
    metric: new cloudwatch.Metric({
      namespace: 'Understudy',
      metricName: 'InputLoss',
      statistic: 'Maximum',
      period: Duration.seconds(10),
    }),
    threshold: 1,
    evaluationPeriods: 1,
  });
  loss.addAlarmAction(action, page);
  const failing = new cloudwatch.Alarm(stack, 'Failing', {
    alarmName: 'show-control-failing',
    metric: control.metricErrors({ statistic: 'Sum', period: Duration.minutes(1) }),
    threshold: 2,
    evaluationPeriods: 1,
  });
  failing.addAlarmAction(page);
  const lost = new cloudwatch.Alarm(stack, 'Lost', {
    alarmName: 'show-dead-letters',
    metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      period: Duration.minutes(1),
    }),
    threshold: 1,
    evaluationPeriods: 1,
  });
  lost.addAlarmAction(page);
  new events.Rule(stack, 'Schedule', {
    schedule: events.Schedule.rate(Duration.minutes(1)),
    targets: [new targets.LambdaFunction(control)],
  });
  new events.Rule(stack, 'Done', {
    eventPattern: { source: ['understudy'] },
    targets: [new targets.SnsTopic(topic, { message: events.RuleTargetInput.fromEventPath('$.detail') })],
  });
  const idOf = (type: string): string => Object.keys(Template.fromStack(stack).findResources(type))[0] ?? '';
  const names = { control: idOf('AWS::Lambda::Function'), topic: idOf('AWS::SNS::Topic') };
  return { template: Template.fromStack(stack), names };
}

const { template, names } = deployment();
const TOPIC = `arn:aws:sns:eu-central-1:123456789012:${names.topic}`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'deployment-'));
  buildSync({
    stdin: { contents: FUNCTION, resolveDir: join(import.meta.dirname, '../..') },
    outfile: join(directory, 'index.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The clients as modules: a CommonJS one would ask for a require() that modules do not have.
    mainFields: ['module', 'main'],
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

let clock: FakeClock;
let aws: LocalAws;
let host: string;
let undo: () => void;
beforeEach(async () => {
  clock = new FakeClock();
  host = mkdtempSync(join(tmpdir(), 'host-'));
  writeFileSync(join(host, 'switch-program'), COMMAND, { mode: 0o755 });
  aws = new LocalAws({ clock, template: template.toJSON(), codeOf: () => directory, retryDelaysMs: [1] });
  await aws.start();
  undo = aws.endpoint.intoEnvironment();
  aws.runCommand.register({
    id: 'i-master',
    tags: { host: 'master' },
    cwd: host,
    env: { PATH: `${host}:/usr/bin:/bin` },
  });
});
afterEach(async () => {
  await aws.stop();
  undo();
  rmSync(host, { recursive: true });
  expect(aws.endpoint.problems).toEqual([]);
});

async function lose(): Promise<void> {
  const client = new CloudWatchClient();
  const datum = { MetricName: 'InputLoss', Value: 1, Timestamp: new Date(clock.now()), StorageResolution: 1 };
  await client.send(new PutMetricDataCommand({ Namespace: 'Understudy', MetricData: [datum] }));
  client.destroy();
  clock.advance(10_000);
}

/** Lets a little time pass, again and again: commands are delivered by the clock of the test. */
function happens(what: string, check: () => boolean): Promise<boolean> {
  return until(what, () => {
    clock.advance(1);
    return check();
  });
}

const ran = () => (existsSync(join(host, 'ran')) ? readFileSync(join(host, 'ran'), 'utf8') : '');
const control = () => {
  const own = aws.functions.get(names.control);
  if (own === undefined) throw new Error('no function');
  return own;
};

describe('AWS without an account', () => {
  it('brings a lost input from a metric to a command on a host, and what came of it to a topic', async () => {
    await lose();
    await happens('the end', () => aws.sent.length === 2);
    expect(ran()).toBe('ALARM\n');
    expect(aws.sent).toEqual([
      { to: TOPIC, event: expect.objectContaining({ source: 'aws.cloudwatch' }) },
      { to: TOPIC, event: { answer: 'switched for ALARM\n' } },
    ]);
    await control().idle();
    expect(control().attempts).toMatchObject([{ attempt: 1, outcome: { kind: 'result' } }]);
    // Only the line that is nothing but JSON has metrics: the runtime puts a time before what console.log writes.
    const commands = { Namespace: 'Control', MetricName: 'Commands' };
    const data = aws.metrics.of({ ...commands, Dimensions: [{ Name: 'Deployment', Value: 'show' }] });
    expect(data).toMatchObject([{ SampleCount: 1, Sum: 1 }]);
  });

  it('repeats events and calls, and loses them, as a test says', async () => {
    aws.alarms.schedule = () => [0, 5];
    aws.endpoint.misbehaviour = ({ operation }) => {
      const isFirst = aws.endpoint.calls.filter((call) => call.operation === operation).length === 1;
      return isFirst && operation === 'SendCommand' ? { kind: 'cut', isCarriedOut: true } : null;
    };
    await lose();
    await happens('all of it', () => ran() === 'ALARM\nALARM\nALARM\n');
    await control().idle();
    expect(control().attempts).toHaveLength(2);
  });

  it('has the alarms on the function itself go on, when it fails and when it leaves dead letters', async () => {
    clock.advance(60_000);
    await control().idle();
    expect(control().attempts).toHaveLength(2);
    expect(control().deadLetters).toHaveLength(1);
    clock.advance(60_000);
    expect(aws.alarms.stateOf('show-control-failing').value).toBe('ALARM');
    expect(aws.alarms.stateOf('show-dead-letters').value).toBe('ALARM');
    expect(aws.sent.map(({ to }) => to)).toEqual([TOPIC, TOPIC]);
  });
});
