import { Stack, Validations } from 'aws-cdk-lib';
import { Effect, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { HostBundle } from './host-bundle.ts';

export interface HostRoleProps {
  readonly bundle: HostBundle;
  readonly logGroup: ILogGroup;
  /** The keys that this host needs, and no other's. */
  readonly secrets: readonly Secret[];
  /** The only namespace that it may send metrics to. */
  readonly metricNamespace: string;
}

/** What an instance may do: fetch its software and its own keys, send logs and metrics, say that it is up, be managed by SSM. */
export function hostRole(scope: Construct, id: string, props: HostRoleProps): Role {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
    description: 'An Understudy host',
  });
  props.bundle.grantDownload(role);
  for (const secret of props.secrets) secret.grantRead(role);
  props.logGroup.grantWrite(role);
  role.addToPolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'cloudwatch:namespace': props.metricNamespace } },
    }),
  );
  role.addToPolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      actions: ['cloudformation:SignalResource'],
      resources: [Stack.of(scope).stackId],
    }),
  );
  Validations.of(role).acknowledge(
    {
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore]',
      reason:
        'AmazonSSMManagedInstanceCore is what Session Manager and Run Command need of an instance, kept up to date by AWS; there is no SSH.',
    },
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'cloudwatch:PutMetricData has no resources; a condition holds it to the namespace of this deployment.',
    },
  );
  return role;
}
