import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Config } from '../../runtime/contract/config.ts';
import type { CommandDocument } from './command-document.ts';
import { commandingFunction } from './commanding-function.ts';
import type { FunctionBundle } from './function-bundle.ts';

/** Hosts are asked, and one of them may not answer. */
const TIMEOUT = Duration.seconds(30);

export interface DashboardWidgetProps {
  readonly config: Pick<Config, 'name' | 'aws'>;
  /** The code, with the topology of the same configuration. */
  readonly functions: FunctionBundle;
  /** What it tells hosts with. */
  readonly document: CommandDocument;
}

/**
 * The state of every program with its buttons, on the dashboard. CloudWatch runs the function in the name of whoever looks: it
 * has no policy that lets anybody else in, and who may press a button is who may run it (`lambda:InvokeFunction`).
 */
export class DashboardWidget extends Construct {
  readonly function: lambda.Function;
  readonly widget: cloudwatch.CustomWidget;

  constructor(scope: Construct, id: string, { config, functions, document }: DashboardWidgetProps) {
    super(scope, id);
    this.function = commandingFunction(this, 'Function', {
      description: `Understudy ${config.name}: the programs on the dashboard, and their buttons`,
      code: functions.widget,
      document,
      logRetentionDays: config.aws.logRetentionDays,
      memoryMiB: 256,
      timeout: TIMEOUT,
    });
    this.widget = new cloudwatch.CustomWidget({
      title: 'Programs',
      functionArn: this.function.functionArn,
      width: 24,
      height: 8,
      updateOnRefresh: true,
      // It shows what is now: neither changes that, and each look asks every host.
      updateOnResize: false,
      updateOnTimeRangeChange: false,
    });
  }
}
