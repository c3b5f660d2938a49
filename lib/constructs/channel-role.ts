import { ArnFormat, type CfnElement, Stack, Token, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface ChannelRoleProps {
  /** Where its network interfaces are. */
  readonly subnetIds: readonly string[];
  /** Their security group. */
  readonly securityGroupId: string;
  /** Their Elastic IPs, by allocation id. */
  readonly addressIds: readonly string[];
  /** Where its HLS goes; undefined: to MediaPackage. */
  readonly output: { readonly bucket: IBucket; readonly prefix: string } | undefined;
}

/** MediaLive's own name for the log group of all channels. */
const LOG_GROUP = 'ElementalMediaLive';

/**
 * What MediaLive may do for one channel: have network interfaces in its subnets and give them its addresses, write its HLS,
 * send its logs.
 */
export function channelRole(scope: Construct, id: string, props: ChannelRoleProps): Role {
  const stack = Stack.of(scope);
  const ec2 = (resource: string, resourceName: string) =>
    stack.formatArn({ service: 'ec2', resource, resourceName });
  const subnets = props.subnetIds.map((subnet) => ec2('subnet', subnet));
  const interfaces = ec2('network-interface', '*');
  const logs = (resourceName: string) =>
    stack.formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });

  const role = new Role(scope, id, {
    // MediaLive tags its sessions.
    assumedBy: new ServicePrincipal('medialive.amazonaws.com').withSessionTags(),
    description: 'A MediaLive channel of Understudy',
  });
  const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>): void => {
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions,
        resources,
        ...(conditions === undefined ? {} : { conditions }),
      }),
    );
  };
  allow(
    [
      'ec2:DescribeAddresses',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterfacePermission',
      'logs:DescribeLogGroups',
    ],
    ['*'],
  );
  allow(
    ['ec2:CreateNetworkInterface'],
    [interfaces, ...subnets, ec2('security-group', props.securityGroupId)],
  );
  allow(['ec2:CreateNetworkInterfacePermission', 'ec2:DeleteNetworkInterface'], [interfaces], {
    ArnEquals: { 'ec2:Subnet': subnets },
  });
  allow(
    ['ec2:AssociateAddress'],
    [interfaces, ...props.addressIds.map((address) => ec2('elastic-ip', address))],
  );
  allow(
    ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
    [logs(LOG_GROUP), logs(`${LOG_GROUP}:*`)],
  );
  if (props.output === undefined) {
    allow(
      ['mediapackage:DescribeChannel'],
      [stack.formatArn({ service: 'mediapackage', resource: 'channels', resourceName: '*' })],
    );
  } else {
    const { bucket, prefix } = props.output;
    allow(['s3:ListBucket'], [bucket.bucketArn]);
    allow(['s3:DeleteObject', 's3:GetObject', 's3:PutObject'], [bucket.arnForObjects(`${prefix}/*`)]);
  }
  acknowledgeWildcards(role, props.output);
  return role;
}

/** How cdk-nag writes what is known at deployment only. */
function asFound(value: string, parameter: string): string {
  return Token.isUnresolved(value) ? `<${parameter}>` : value;
}

function acknowledgeWildcards(role: Role, output: ChannelRoleProps['output']): void {
  const { partition, region, account } = Stack.of(role);
  const own = `arn:${asFound(partition, 'AWS::Partition')}`;
  const here = `${asFound(region, 'AWS::Region')}:${asFound(account, 'AWS::AccountId')}`;
  const acknowledge = (resource: string, reason: string): void => {
    Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
  };
  acknowledge(
    '*',
    'Describing network resources and log groups has no resources in IAM, and withdrawing a permission has none that MediaLive would name.',
  );
  acknowledge(
    `${own}:ec2:${here}:network-interface/*`,
    'MediaLive makes the interfaces, whose ids are known only then; subnets, security group and addresses are those of the channel.',
  );
  acknowledge(
    `${own}:logs:${here}:log-group:${LOG_GROUP}:*`,
    'MediaLive names the streams of its log group after channels and pipelines, when they run.',
  );
  if (output === undefined) {
    const reason =
      'The ARN of a MediaPackage channel ends in a number that its id does not tell; it can only be read.';
    acknowledge(`${own}:mediapackage:${here}:channels/*`, reason);
  } else {
    const { bucket, prefix } = output;
    const made = bucket.node.defaultChild as CfnElement | undefined;
    const arn = made ? `<${Stack.of(role).getLogicalId(made)}.Arn>` : `${own}:s3:::${bucket.bucketName}`;
    acknowledge(
      `${arn}/${prefix}/*`,
      'MediaLive names segments as it goes; the folder is that of the channel alone.',
    );
  }
}
