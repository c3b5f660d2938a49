/** What a host may do, by the rules of IAM, with the policies of the synthesized template. */

import { runSimulation } from '@cloud-copilot/iam-simulate';
import { expect, it } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { testConfig } from '../support/app.ts';
import { hostsStack, resourcesOf } from '../support/hosts-template.ts';
import { resolved, type TemplateValues } from '../support/template-values.ts';

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';
const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const STACK = arn('cloudformation', 'stack/Hosts/0123');
const LOGS = arn('logs', 'log-group:hosts:*');
const OTHERS_SECRET = arn('secretsmanager', 'secret:another-deployment');

const stack = hostsStack(testConfig());
const template = Template.fromStack(stack);
const host = stack.hosts[0];
const secretArn = (id: string) => arn('secretsmanager', `secret:${id}`);
const idOf = (construct: { readonly node: { readonly defaultChild?: unknown } } | undefined) =>
  stack.getLogicalId(construct?.node.defaultChild as never);
const ownSecret = secretArn(idOf(stack.secrets.streamKey('master/camera1')));
const otherSecret = secretArn(idOf(stack.secrets.streamKey('master/camera2')));
const relaySecret = secretArn(idOf(stack.secrets.relayKey));
const bundle = `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-${REGION}/${stack.bundle.asset.assetHash}.tar`;

const values: TemplateValues = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::StackId': STACK,
  [`${idOf(stack.logGroup)}.Arn`]: LOGS,
  ...Object.fromEntries(
    resourcesOf(template, 'AWS::SecretsManager::Secret').map(([id]) => [id, secretArn(id)]),
  ),
};

/** The same without functions of CloudFormation. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && /^(Ref$|Fn::)/.test(entries[0]?.[0] ?? '')) return resolved(value, values);
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}

const role = idOf(host?.role);
const identityPolicies = resourcesOf(template, 'AWS::IAM::Policy')
  .filter(([, { Properties }]) => JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: role }]))
  .map(([name, { Properties }]) => ({ name, policy: plain(Properties.PolicyDocument) }));

interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

async function answer({ action, resource, context = {} }: Asked): Promise<string> {
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/host`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context,
      },
      identityPolicies,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    } as never,
    {},
  );
  if (result.resultType === 'error') throw new Error(JSON.stringify(result));
  return result.overallResult;
}

const ALLOWED: Asked[] = [
  { action: 's3:GetObject', resource: bundle },
  { action: 'secretsmanager:GetSecretValue', resource: ownSecret },
  { action: 'secretsmanager:GetSecretValue', resource: relaySecret },
  { action: 'cloudformation:SignalResource', resource: STACK },
  { action: 'cloudwatch:PutMetricData', resource: '*', context: { 'cloudwatch:namespace': 'Understudy' } },
];

it.each(ALLOWED)('may $action on $resource', async (asked) => {
  expect(await answer(asked)).toBe('Allowed');
});

const INSTANCE = arn('ec2', 'instance/i-0123456789abcdef0');
const DENIED: Asked[] = [
  { action: 's3:GetObject', resource: bundle.replace(/[0-9a-f]{64}/, '0'.repeat(64)) },
  { action: 's3:PutObject', resource: bundle },
  { action: 'secretsmanager:GetSecretValue', resource: otherSecret },
  { action: 'secretsmanager:GetSecretValue', resource: OTHERS_SECRET },
  { action: 'secretsmanager:PutSecretValue', resource: ownSecret },
  { action: 'cloudformation:SignalResource', resource: STACK.replace('Hosts', 'Other') },
  { action: 'cloudwatch:PutMetricData', resource: '*', context: { 'cloudwatch:namespace': 'Other' } },
  { action: 'ec2:TerminateInstances', resource: INSTANCE },
  { action: 'ssm:SendCommand', resource: INSTANCE },
];

it.each(DENIED)('may not $action on $resource', async (asked) => {
  expect(await answer(asked)).toBe('ImplicitlyDenied');
});
