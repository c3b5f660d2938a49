/** The entry of the dashboard's widget: what the console calls to show it, and for its buttons. docs/control.md explains it. */
import { SSMClient } from '@aws-sdk/client-ssm';
import { anchoredClock } from '../system-clock.ts';
import { awsConnections } from './aws-connections.ts';
import { functionSettings, type LambdaContext } from './function-settings.ts';
import { RunCommand } from './run-command.ts';
import { widgetRun } from './widget-run.ts';

const { options, release } = awsConnections();
const client = new SSMClient(options);
const { document, topology } = functionSettings();

export async function handler(event: unknown, context: LambdaContext): Promise<string> {
  const clock = anchoredClock();
  const { deployment } = topology;
  try {
    return await widgetRun(event, {
      runCommand: new RunCommand({ client, document, deployment, clock }),
      clock,
      topology,
      endpoint: context.invokedFunctionArn,
    });
  } finally {
    release();
  }
}
