/** What each role of a deployment may do, and what it must not. */
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../../lib/config/read-config.ts';
import { LiveFailover } from '../../../lib/constructs/live-failover.ts';
import type { Config } from '../../../runtime/contract/config.ts';
import { EVERYTHING, SMALL_FUNCTIONS, testApp, testConfig } from '../support/app.ts';
import { SMALL_BUNDLE } from '../support/hosts-template.ts';
import { ACCOUNT, type Asked, arn, arnOf, REGION, rolesIn, stackId } from '../support/permissions.ts';

interface RoleCases {
  /** Of the role's path. */
  readonly role: RegExp;
  readonly trusts: string;
  readonly may: readonly Asked[];
  readonly mayNot: readonly Asked[];
}

const INSTANCE = arn('ec2', 'instance/i-0123456789abcdef0');
const TAG = 'ssm:resourceTag/understudy:deployment';
const ALARM = arn('cloudwatch', 'alarm:any');
const BUS = arn('events', 'event-bus/default');
/** What no role of a deployment may do. */
const NEVER: readonly Asked[] = [
  { action: 'ec2:TerminateInstances', resource: INSTANCE },
  { action: 'ec2:StopInstances', resource: INSTANCE },
  { action: 'ssm:StartSession', resource: INSTANCE, context: { [TAG]: 'understudy' } },
  { action: 'ssm:SendCommand', resource: arn('ssm', 'document/AWS-RunShellScript') },
  { action: 'ssm:UpdateDocument', resource: arn('ssm', 'document/understudy-command') },
  { action: 'iam:PassRole', resource: `arn:aws:iam::${ACCOUNT}:role/any` },
  { action: 'sts:AssumeRole', resource: `arn:aws:iam::${ACCOUNT}:role/any` },
  { action: 'lambda:UpdateFunctionCode', resource: arn('lambda', 'function:any') },
  { action: 'cloudwatch:PutMetricAlarm', resource: ALARM },
  { action: 'cloudwatch:DeleteAlarms', resource: ALARM },
  { action: 'events:DisableRule', resource: arn('events', 'rule/understudy-reconcile') },
  { action: 's3:ListBucket', resource: `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-${REGION}` },
  { action: 'secretsmanager:GetSecretValue', resource: arn('secretsmanager', 'secret:another-deployment') },
];

function casesOf({ network, hosts, control }: LiveFailover, config: Config): RoleCases[] {
  const { name } = config;
  const namespace = config.metrics.cloudWatch === false ? 'Understudy' : config.metrics.cloudWatch.namespace;
  const own = { [TAG]: name };
  const document = arn('ssm', `document/${control.failoverControl.document.documentName}`);
  const relayKey = arnOf(hosts.secrets.relayKey);
  const bundle = `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-${REGION}/${hosts.bundle.asset.assetHash}.tar`;
  const streams = (logGroup: string) => logGroup.replace(/\*$/, 'log-stream:any');
  const writes = (logGroup: string): Asked => ({ action: 'logs:PutLogEvents', resource: streams(logGroup) });
  const metric = (wanted: string): Asked => ({
    action: 'cloudwatch:PutMetricData',
    resource: '*',
    context: { 'cloudwatch:namespace': wanted },
  });

  const hostCases = {
    trusts: 'ec2.amazonaws.com',
    may: [
      { action: 's3:GetObject', resource: bundle },
      { action: 'secretsmanager:GetSecretValue', resource: relayKey },
      { action: 'cloudformation:SignalResource', resource: stackId(hosts) },
      metric(namespace),
      writes(arnOf(hosts.logGroup)),
    ],
    mayNot: [
      { action: 's3:GetObject', resource: bundle.replace(/[0-9a-f]{64}/, '0'.repeat(64)) },
      { action: 's3:PutObject', resource: bundle },
      { action: 'secretsmanager:PutSecretValue', resource: relayKey },
      { action: 'cloudformation:SignalResource', resource: stackId(control) },
      metric('Other'),
      { action: 'ssm:SendCommand', resource: INSTANCE, context: own },
      { action: 'ssm:SendCommand', resource: document },
      { action: 'events:PutEvents', resource: BUS, context: { 'events:source': ['understudy.control'] } },
    ],
  };
  const keys = hosts.hosts.map(({ planned }) => arnOf(hosts.secrets.streamKey(planned.input)));
  const readKey = (resource: string): Asked => ({ action: 'secretsmanager:GetSecretValue', resource });

  const commandingCases = {
    trusts: 'lambda.amazonaws.com',
    may: [
      { action: 'ssm:SendCommand', resource: document },
      { action: 'ssm:SendCommand', resource: INSTANCE, context: own },
      { action: 'ssm:GetCommandInvocation', resource: '*' },
      { action: 'ssm:ListCommandInvocations', resource: '*' },
      { action: 'cloudwatch:DescribeAlarms', resource: ALARM },
    ],
    mayNot: [
      { action: 'ssm:SendCommand', resource: `${document}2` },
      { action: 'ssm:SendCommand', resource: INSTANCE, context: { [TAG]: 'another' } },
      { action: 'ssm:SendCommand', resource: INSTANCE },
      { action: 'ssm:CancelCommand', resource: '*' },
      { action: 'events:PutEvents', resource: BUS, context: { 'events:source': ['aws.ec2'] } },
      { action: 'events:PutEvents', resource: BUS },
      { action: 'cloudwatch:SetAlarmState', resource: ALARM },
      readKey(relayKey),
      metric(namespace),
      writes(arnOf(hosts.logGroup)),
    ],
  };
  const { function: controlFunction, deadLetters } = control.failoverControl;
  const controlLogs = arnOf(controlFunction.logGroup);
  const widgetLogs = arnOf(control.widget.function.logGroup);
  const putOwnEvent: Asked = {
    action: 'events:PutEvents',
    resource: BUS,
    context: { 'events:source': ['understudy.control'] },
  };
  const keepLetter: Asked = { action: 'sqs:SendMessage', resource: arnOf(deadLetters) };
  const key = control.node.findChild('AlarmTopic').node.findChild('Key');
  const publish: Asked = { action: 'sns:Publish', resource: arnOf(control.topic) };

  const channels = [...(control.channels?.channels ?? [])];
  const ofChannel = (id: string): Asked[] =>
    ['DescribeChannel', 'DescribeSchedule', 'BatchUpdateSchedule'].map((action) => ({
      action: `medialive:${action}`,
      resource: arn('medialive', `channel:${id}`),
    }));
  const mayNotOfChannels: Asked[] = [
    ...ofChannel('another'),
    ...['StartChannel', 'StopChannel', 'DeleteChannel', 'DeleteSchedule'].map((action) => ({
      action: `medialive:${action}`,
      resource: arn('medialive', 'channel:another'),
    })),
  ];

  return [
    ...hosts.hosts.map(({ planned }, index) => ({
      ...hostCases,
      role: new RegExp(`/Hosts/${planned.name}/Role$`),
      may: [...hostCases.may, readKey(keys[index] ?? '')],
      mayNot: [...hostCases.mayNot, ...keys.filter((_, other) => other !== index).map(readKey)],
    })),
    {
      ...hostCases,
      role: /\/Hosts\/EdgeRole$/,
      mayNot: [...hostCases.mayNot, ...keys.map(readKey)],
    },
    {
      ...commandingCases,
      role: /\/FailoverControl\/FunctionRole$/,
      may: [
        ...commandingCases.may,
        writes(controlLogs),
        putOwnEvent,
        keepLetter,
        ...channels.flatMap(([, { channel }]) => ofChannel(control.getLogicalId(channel))),
      ],
      mayNot: [
        ...commandingCases.mayNot,
        ...mayNotOfChannels,
        writes(widgetLogs),
        publish,
        { action: 'sqs:ReceiveMessage', resource: arnOf(deadLetters) },
        { ...putOwnEvent, resource: `${BUS}2` },
        { ...putOwnEvent, context: { 'events:source': ['understudy.control', 'aws.ec2'] } },
      ],
    },
    {
      ...commandingCases,
      role: /\/DashboardWidget\/FunctionRole$/,
      may: [...commandingCases.may, writes(widgetLogs)],
      mayNot: [
        ...commandingCases.mayNot,
        ...channels.flatMap(([, { channel }]) => ofChannel(control.getLogicalId(channel))),
        writes(controlLogs),
        putOwnEvent,
        keepLetter,
        publish,
      ],
    },
    ...channels.map(([program]): RoleCases => {
      const anInterface = arn('ec2', 'network-interface/eni-0123');
      const elsewhere = { 'ec2:Subnet': arn('ec2', 'subnet/subnet-0123') };
      const folder = `${control.channels?.bucket === undefined ? '' : arnOf(control.channels.bucket)}/${program}`;
      return {
        role: new RegExp(`/Channels/${program}/Role$`),
        trusts: 'medialive.amazonaws.com',
        may: [
          { action: 'ec2:DescribeSubnets', resource: '*' },
          {
            action: 'logs:PutLogEvents',
            resource: arn('logs', 'log-group:ElementalMediaLive:log-stream:any'),
          },
          // The other one sends to MediaPackage.
          ...(program === 'camera1' ? [{ action: 's3:PutObject', resource: `${folder}/720.m3u8` }] : []),
        ],
        mayNot: [
          { action: 'ec2:CreateNetworkInterface', resource: arn('ec2', 'subnet/subnet-0123') },
          { action: 'ec2:DeleteNetworkInterface', resource: anInterface, context: elsewhere },
          { action: 'ec2:AssociateAddress', resource: arn('ec2', 'elastic-ip/eipalloc-0123') },
          { action: 's3:PutObject', resource: `${folder}2/720.m3u8` },
          { action: 's3:PutObject', resource: 'arn:aws:s3:::another/camera1/720.m3u8' },
          writes(controlLogs),
          { action: 'ssm:SendCommand', resource: document },
          ...ofChannel('another'),
        ],
      };
    }),
    {
      role: /\/FailoverControl\/PageRole$/,
      trusts: 'events.amazonaws.com',
      may: [
        publish,
        { action: 'kms:GenerateDataKey', resource: arnOf(key) },
        { action: 'kms:Decrypt', resource: arnOf(key) },
      ],
      mayNot: [
        { action: 'sns:Publish', resource: arn('sns', 'another') },
        { action: 'sns:Subscribe', resource: publish.resource },
        { action: 'kms:Decrypt', resource: arn('kms', 'key/another') },
        { action: 'kms:ScheduleKeyDeletion', resource: arnOf(key) },
      ],
    },
    {
      role: /\/Network\/Vpc\/Rejections\/IAMRole$/,
      trusts: 'vpc-flow-logs.amazonaws.com',
      may: [writes(arnOf(network.flowLogGroup))],
      mayNot: [
        { action: 'logs:DeleteLogGroup', resource: arnOf(network.flowLogGroup) },
        writes(arnOf(hosts.logGroup)),
        { action: 'ssm:SendCommand', resource: document },
      ],
    },
  ];
}

describe.each([
  { what: 'the default', config: testConfig() },
  { what: 'everything on', config: readConfig(EVERYTHING) },
])('in a deployment with $what', ({ config }) => {
  const site = new LiveFailover(testApp(), 'Site', {
    config,
    bundleDirectory: SMALL_BUNDLE,
    functionsDirectory: SMALL_FUNCTIONS,
  });
  const cases = casesOf(site, config);
  const roles = rolesIn(site);
  const casesFor = (path: string) => cases.filter(({ role }) => role.test(path));

  it('no role is without its cases', () => {
    expect(roles.filter(({ path }) => casesFor(path).length !== 1).map(({ path }) => path)).toEqual([]);
    const unused = cases.filter(({ role }) => !roles.some(({ path }) => role.test(path)));
    expect(unused.map(({ role }) => role.source)).toEqual(
      config.aws.edges === false ? ['\\/Hosts\\/EdgeRole$'] : [],
    );
  });

  it.each(roles)('$path may do what it needs, and no more', async (role) => {
    const [own] = casesFor(role.path);
    expect(JSON.stringify(role.trust).match(/[\w-]+\.amazonaws\.com/g)).toEqual([own?.trusts]);
    const answers = async (asked: readonly Asked[] = []) =>
      Promise.all(asked.map(async (one) => ({ ...one, answer: await role.answer(one) })));
    const allowed = await answers(own?.may);
    expect(allowed.filter(({ answer }) => answer !== 'Allowed')).toEqual([]);
    const denied = await answers([...(own?.mayNot ?? []), ...NEVER]);
    expect(denied.filter(({ answer }) => answer !== 'ImplicitlyDenied')).toEqual([]);
  });
});
