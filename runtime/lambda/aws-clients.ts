import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { MediaLiveClient } from '@aws-sdk/client-medialive';
import { SSMClient } from '@aws-sdk/client-ssm';
import { awsConnections } from './aws-connections.ts';

export interface AwsClients {
  readonly cloudWatch: CloudWatchClient;
  readonly ssm: SSMClient;
  readonly eventBridge: EventBridgeClient;
  readonly mediaLive: MediaLiveClient;
  /** Ends all connections; the clients stay usable. */
  release(): void;
}

/** Region, credentials and endpoints come from the environment, where Lambda puts them. */
export function createAwsClients(): AwsClients {
  const { options, release } = awsConnections();
  return {
    cloudWatch: new CloudWatchClient(options),
    ssm: new SSMClient(options),
    eventBridge: new EventBridgeClient(options),
    mediaLive: new MediaLiveClient(options),
    release,
  };
}
