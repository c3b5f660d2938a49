import { type Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { CONTROL_ENVIRONMENT } from '../../runtime/contract/control-function.ts';
import type { CommandDocument } from './command-document.ts';

export interface CommandingFunctionProps extends lambda.EventInvokeConfigOptions {
  readonly description: string;
  readonly code: lambda.Code;
  /** What it tells hosts with. */
  readonly document: CommandDocument;
  readonly logRetentionDays: RetentionDays;
  readonly memoryMiB: number;
  readonly timeout: Duration;
  /** Beside the name of the document. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly deadLetterQueue?: IQueue;
}

/** A Lambda function that tells hosts what to do, and knows their alarms. It may do that, write its log, and nothing else. */
export function commandingFunction(
  scope: Construct,
  id: string,
  props: CommandingFunctionProps,
): lambda.Function {
  const { document, logRetentionDays, memoryMiB, environment, ...others } = props;
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention: logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new iam.Role(scope, `${id}Role`, {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    description: props.description,
  });
  logGroup.grantWrite(role);
  document.grantRun(role);
  role.addToPolicy(new iam.PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }));
  Validations.of(role).acknowledge(
    {
      id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]',
      reason: 'Hosts come and go; a condition on their tags holds it to those of this deployment.',
    },
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'ssm:GetCommandInvocation and ssm:ListCommandInvocations know no resources, and cloudwatch:DescribeAlarms tells of composite alarms only where it is allowed for all. They read.',
    },
  );
  return new lambda.Function(scope, id, {
    ...others,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: 'index.handler',
    memorySize: memoryMiB,
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.TEXT,
    environment: { ...environment, [CONTROL_ENVIRONMENT.document]: document.documentName },
  });
}
