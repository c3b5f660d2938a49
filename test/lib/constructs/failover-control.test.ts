import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { topologyOf } from '../../../lib/config/topology.ts';
import { ControlStack } from '../../../lib/stacks/control-stack.ts';
import { topologySchema } from '../../../runtime/contract/topology.ts';
import { SMALL_FUNCTIONS, testApp, testConfig } from '../support/app.ts';
import { alarmProperties, widgetsOf } from '../support/watched-metrics.ts';

const config = testConfig({ name: 'games' });
const app = testApp();
const stack = new ControlStack(app, 'Control', { config, functionsDirectory: SMALL_FUNCTIONS });
const template = Template.fromStack(stack);
const { failoverControl, widget } = stack;
const idOf = (construct: { readonly node: { readonly defaultChild?: unknown } }) =>
  stack.getLogicalId(construct.node.defaultChild as never);
const functionArn = { 'Fn::GetAtt': [idOf(failoverControl.function), 'Arn'] };
const queueArn = { 'Fn::GetAtt': [idOf(failoverControl.deadLetters), 'Arn'] };

describe('the control function', () => {
  it('runs on Graviton with time for hosts to answer, told what to command with', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: 60,
      MemorySize: 512,
      DeadLetterConfig: { TargetArn: queueArn },
      Environment: {
        Variables: { UNDERSTUDY_DOCUMENT: 'understudy-games-command', UNDERSTUDY_CHANNELS: '{}' },
      },
    });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 300,
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  it.each(['control', 'widget'])('has the code of %s and the topology in one folder', (name) => {
    const manifest = JSON.parse(readFileSync(join(app.outdir, 'Control.assets.json'), 'utf8')) as {
      files: Record<string, { source: { path: string; packaging: string } }>;
    };
    const folders = Object.values(manifest.files)
      .filter(({ source }) => source.packaging === 'zip')
      .map(({ source }) => join(app.outdir, source.path));
    expect(folders).toHaveLength(2);
    const folder = folders.find((own) => readFileSync(join(own, 'index.mjs'), 'utf8').includes(`'${name}'`));
    const topology: unknown = JSON.parse(readFileSync(join(folder ?? '', 'topology.json'), 'utf8'));
    expect(topologySchema.parse(topology)).toEqual(topologyOf(config));
  });

  it('is run by the alarms of inputs and hosts, when they go on and when they end, and by no other', () => {
    const alarms = alarmProperties(stack);
    const running = alarms.filter(({ AlarmActions, OKActions }) => {
      const [on, off] = [AlarmActions, OKActions].map((own) =>
        JSON.stringify(own).includes(JSON.stringify(functionArn)),
      );
      expect(on).toBe(off);
      return on;
    });
    expect(running.map(({ AlarmName }) => AlarmName).sort()).toEqual(
      ['host-lost', 'input-loss'].flatMap((kind) =>
        ['backup-spare', 'master-camera1', 'master-camera2', 'master-camera3'].map(
          (name) => `games-${kind}-${name}`,
        ),
      ),
    );
    for (const kind of ['host-lost', 'input-loss']) {
      template.hasResourceProperties('AWS::Lambda::Permission', {
        Principal: 'lambda.alarms.cloudwatch.amazonaws.com',
        FunctionName: functionArn,
        SourceAccount: { Ref: 'AWS::AccountId' },
        SourceArn: { 'Fn::Join': ['', Match.arrayWith([`:alarm:games-${kind}-*`])] },
      });
    }
  });

  it('is run each minute, by a rule that people can switch off by its name', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      Name: 'understudy-games-reconcile',
      ScheduleExpression: 'rate(1 minute)',
      Targets: [
        Match.objectLike({
          Arn: functionArn,
          DeadLetterConfig: { Arn: queueArn },
          RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 },
        }),
      ],
    });
  });

  it('keeps what it could not do in an encrypted queue that is reached over TLS alone', () => {
    template.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('has people paged for what its own events say they must come for', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['understudy.control'],
        'detail-type': ['Understudy Page'],
        detail: { deployment: ['games'] },
      },
      Targets: [
        Match.objectLike({
          Arn: { Ref: idOf(stack.topic) },
          DeadLetterConfig: { Arn: queueArn },
          RoleArn: Match.anyValue(),
          InputPath: '$.detail',
        }),
      ],
    });
  });

  it('is watched: its errors, its dead letters, what hosts refuse, and its silence', () => {
    const watched = alarmProperties(stack)
      .filter(({ AlarmName }) => AlarmName.startsWith('games-control-failing-'))
      .map(({ AlarmName, Namespace, MetricName, Period, TreatMissingData }) => [
        AlarmName.slice('games-control-failing-'.length),
        `${Namespace} ${MetricName}`,
        Period,
        TreatMissingData,
      ]);
    expect(watched.sort()).toEqual([
      ['commands', 'Understudy ControlFailures', 60, 'notBreaching'],
      ['dead-letters', 'AWS/SQS ApproximateNumberOfMessagesVisible', 60, 'notBreaching'],
      ['errors', 'AWS/Lambda Errors', 60, 'notBreaching'],
      ['silence', 'AWS/Lambda Invocations', 60, 'breaching'],
    ]);
  });

  it('may be run by so many alarms as there can be: its policy stays below what Lambda takes', () => {
    const many = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index + 1}` }));
    const most = testConfig({ masters: many('camera', 20), backups: many('spare', 3) });
    const large = new ControlStack(testApp(), 'Control', {
      config: most,
      functionsDirectory: SMALL_FUNCTIONS,
    });
    // Two kinds of alarms and the schedule. A policy holds 20 KB, a statement is about 500 bytes.
    Template.fromStack(large).resourceCountIs('AWS::Lambda::Permission', 3);
  });
});

describe('the widget', () => {
  it('stands at the top, follows the refresh of the dashboard, and asks its own function', () => {
    const [first] = widgetsOf(stack);
    expect(first).toMatchObject({
      type: 'custom',
      y: 0,
      properties: { endpoint: 'TOKEN', updateOn: { refresh: true, resize: false, timeRange: false } },
    });
    const body = JSON.stringify(template.findResources('AWS::CloudWatch::Dashboard'));
    expect(body).toContain(JSON.stringify([idOf(widget.function), 'Arn']));
  });

  it('can be run by nobody but those whom their own rights let', () => {
    const permissions = JSON.stringify(template.findResources('AWS::Lambda::Permission'));
    expect(permissions).not.toContain(idOf(widget.function));
    template.resourceCountIs('AWS::Lambda::Url', 0);
  });
});
