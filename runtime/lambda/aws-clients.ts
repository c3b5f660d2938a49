import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SSMClient } from '@aws-sdk/client-ssm';

export interface AwsClients {
  readonly cloudWatch: CloudWatchClient;
  readonly ssm: SSMClient;
  readonly eventBridge: EventBridgeClient;
  /**
   * Ends all connections; the clients stay usable. A function is frozen between its runs: what it holds open, the other side
   * closes meanwhile, and the first call of the next run would fail on it or, worse, wait.
   */
  release(): void;
}

const MAX_ATTEMPTS = 3;
const CONNECTION_TIMEOUT_MS = 2_000;
/** From the request to the head of its answer, and between two pieces of it. */
const ANSWER_TIMEOUT_MS = 3_000;

/** Region, credentials and endpoints come from the environment, where Lambda puts them. */
export function createAwsClients(): AwsClients {
  const httpAgent = new HttpAgent({ keepAlive: true });
  const httpsAgent = new HttpsAgent({ keepAlive: true });
  const options = {
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      httpAgent,
      httpsAgent,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
      // Without it the handler writes a warning, and goes on waiting.
      throwOnRequestTimeout: true,
      socketTimeout: ANSWER_TIMEOUT_MS,
    },
  };
  return {
    cloudWatch: new CloudWatchClient(options),
    ssm: new SSMClient(options),
    eventBridge: new EventBridgeClient(options),
    release: () => {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}
