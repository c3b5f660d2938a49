import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Channels } from '../../runtime/contract/channels.ts';
import type { PlannedChannel } from '../config/planned-channel.ts';
import { type ChannelNetwork, LiveChannel } from './live-channel.ts';

export interface LiveChannelsProps {
  /** The deployment's name. */
  readonly deployment: string;
  /** `planChannels(config)` */
  readonly planned: readonly PlannedChannel[];
  readonly network: ChannelNetwork;
  /** Where hosts take RTMP. */
  readonly rtmpPort: number;
}

/** What a player needs is some minutes old at most; what a stopped channel left behind goes with the rest. */
const KEPT_SEGMENTS = Duration.days(1);

/** All MediaLive channels of a deployment, and the bucket of those that have none of their own. */
export class LiveChannels extends Construct {
  /** By the program's name. */
  readonly channels: ReadonlyMap<string, LiveChannel>;
  /** Where the HLS goes of channels without another destination. It stays when the stack goes. */
  readonly bucket: s3.Bucket | undefined;
  /** What the control function is told of them: JSON, see runtime/contract/channels.ts. */
  readonly environment: string;

  constructor(scope: Construct, id: string, props: LiveChannelsProps) {
    super(scope, id);
    const { planned, ...common } = props;
    const needsBucket = planned.some(({ config: { destination } }) => isOwn(destination));
    this.bucket = needsBucket ? this.makeBucket() : undefined;
    this.channels = new Map(
      planned.map((own) => {
        const { program, destination } = own.config;
        const bucket = this.bucketOf(program, destination);
        return [
          program,
          new LiveChannel(this, program, { ...common, planned: own, ...(bucket && { bucket }) }),
        ];
      }),
    );
    const told: Channels = Object.fromEntries(
      planned.map(({ config: { program, healthyForSeconds }, home, backup }) => [
        program,
        {
          channelId: this.channels.get(program)?.channel.attrId ?? '',
          home,
          backup,
          healthyForSeconds,
        },
      ]),
    );
    this.environment = Stack.of(this).toJsonString(told);
  }

  get inputLossAlarms(): cloudwatch.Alarm[] {
    return [...this.channels.values()].map(({ inputLossAlarm }) => inputLossAlarm);
  }

  /** Lets `grantee`, the control function, switch all of them. */
  grantSwitch(grantee: iam.IGrantable): void {
    for (const channel of this.channels.values()) channel.grantSwitch(grantee);
  }

  private bucketOf(
    program: string,
    destination: PlannedChannel['config']['destination'],
  ): s3.IBucket | undefined {
    if (destination.s3 === undefined) return isOwn(destination) ? (this.bucket as s3.IBucket) : undefined;
    return s3.Bucket.fromBucketName(this, `Bucket-${program}`, destination.s3);
  }

  private makeBucket(): s3.Bucket {
    const bucket = new s3.Bucket(this, 'Bucket', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: KEPT_SEGMENTS, abortIncompleteMultipartUploadAfter: KEPT_SEGMENTS }],
      // CloudFormation cannot delete a bucket that is not empty, and this one empties itself within days.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'It holds some minutes of a live stream that is meant for the public; who plays it is logged by the CDN in front of it.',
    });
    return bucket;
  }
}

function isOwn({ s3: bucket, mediaPackage }: PlannedChannel['config']['destination']): boolean {
  return bucket === undefined && mediaPackage === undefined;
}
