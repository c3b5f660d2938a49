import { ArnFormat, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnChannel, CfnInput } from 'aws-cdk-lib/aws-medialive';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { alarmName } from '../../runtime/contract/alarm-names.ts';
import { channelName } from '../../runtime/contract/channels.ts';
import type { PlannedChannel } from '../config/planned-channel.ts';
import { alarmText } from './alarm-text.ts';
import { AUDIO_SELECTOR, channelEncoder, DESTINATION_ID } from './channel-encoder.ts';
import { channelRole } from './channel-role.ts';

/** What a channel stands in, made by a stack that outlives it. */
export interface ChannelNetwork {
  readonly vpc: ec2.IVpc;
  /** The Elastic IPs of the hosts, by their names. */
  readonly ingestAddresses: ReadonlyMap<string, ec2.CfnEIP>;
  /** The Elastic IPs that channels pull from, one for each pipeline, by the program. Hosts let these in. */
  readonly channelAddresses: ReadonlyMap<string, readonly ec2.CfnEIP[]>;
}

export interface LiveChannelProps {
  /** The deployment's name, for those of the channel, its inputs and its alarm. */
  readonly deployment: string;
  /** What it encodes, from which hosts, and where it stands. */
  readonly planned: PlannedChannel;
  readonly network: ChannelNetwork;
  /** Where hosts take RTMP. */
  readonly rtmpPort: number;
  /**
   * Where its HLS goes, below the program's name.
   *
   * @default - to the MediaPackage channel that the configuration names
   */
  readonly bucket?: s3.IBucket;
}

/** AWS's own metrics come once a minute. */
const PERIOD = Duration.minutes(1);
/** So many seconds of a minute without a picture are no hiccup. A switch after a lost host takes longer. */
const LOSS_SECONDS = 10;
const HTTPS_PORT = 443;

/**
 * An AWS Elemental MediaLive channel that encodes a program. It pulls `live/PROGRAM` by RTMP from the program's home host and,
 * while that is lost, from the backup's host: both serve the same program, and the control function switches between them.
 *
 * The channel has its network interfaces in the deployment's network, with Elastic IPs of their own: hosts let those in, and
 * need not be open to all addresses of AWS. It is made stopped; running, it costs by the hour.
 */
export class LiveChannel extends Construct {
  readonly planned: PlannedChannel;
  readonly channel: CfnChannel;
  /** From the home host and from the backup's; each is attached under the name of its host. */
  readonly inputs: readonly CfnInput[];
  readonly role: iam.Role;
  readonly securityGroup: ec2.SecurityGroup;
  /** On while it runs and gets no picture. */
  readonly inputLossAlarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: LiveChannelProps) {
    super(scope, id);
    const { deployment, planned, network, rtmpPort, bucket } = props;
    const { home, backup, config } = planned;
    this.planned = planned;
    const hosts = [home, backup];
    const hostAddresses = hosts.map((host) => required(network.ingestAddresses.get(host), host));
    const addresses = required(network.channelAddresses.get(config.program), config.program);
    const subnets = planned.zones.map((zone) =>
      required(network.vpc.publicSubnets[zone], `zone ${zone + 1}`),
    );
    this.securityGroup = this.makeSecurityGroup(network.vpc, hostAddresses, rtmpPort);
    const vpc = {
      subnetIds: subnets.map(({ subnetId }) => subnetId),
      securityGroupIds: [this.securityGroup.securityGroupId],
      publicAddressAllocationIds: addresses.map(({ attrAllocationId }) => attrAllocationId),
    };
    this.role = channelRole(this, 'Role', {
      subnetIds: vpc.subnetIds,
      securityGroupId: this.securityGroup.securityGroupId,
      addressIds: vpc.publicAddressAllocationIds,
      output: bucket && { bucket, prefix: config.program },
    });
    this.inputs = hosts.map((host, index) => {
      const url = `rtmp://${hostAddresses[index]?.attrPublicIp}:${rtmpPort}/live/${config.program}`;
      return new CfnInput(this, index === 0 ? 'Home' : 'Backup', {
        name: `${channelName(deployment, config.program)} ${host}`,
        type: 'RTMP_PULL',
        // One for each pipeline; both pull the same.
        sources: planned.zones.map(() => ({ url })),
      });
    });
    this.channel = new CfnChannel(this, 'Channel', {
      name: channelName(deployment, config.program),
      channelClass: config.pipelines === 1 ? 'SINGLE_PIPELINE' : 'STANDARD',
      roleArn: this.role.roleArn,
      vpc,
      logLevel: 'WARNING',
      // The first one is shown when the channel starts.
      inputAttachments: this.inputs.map((input, index) => ({
        inputId: input.ref,
        inputAttachmentName: hosts[index] as string,
        inputSettings: { sourceEndBehavior: 'CONTINUE', audioSelectors: [{ name: AUDIO_SELECTOR }] },
      })),
      inputSpecification: { codec: 'AVC', maximumBitrate: 'MAX_20_MBPS', resolution: 'HD' },
      destinations: [destination(planned, bucket)],
      encoderSettings: channelEncoder(config),
    });
    // What it needs to be deleted, too: its permissions.
    this.channel.node.addDependency(this.role);
    this.inputLossAlarm = this.makeAlarm(deployment);
    new CfnOutput(this, 'ChannelId', {
      value: this.channel.attrId,
      description: `The MediaLive channel of ${config.program}; understudy medialive start ${config.program} starts it`,
    });
  }

  /** Lets `grantee` see what the channel shows, and switch it; nothing else. */
  grantSwitch(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['medialive:BatchUpdateSchedule', 'medialive:DescribeChannel', 'medialive:DescribeSchedule'],
      resourceArns: [
        Stack.of(this).formatArn({
          service: 'medialive',
          resource: 'channel',
          resourceName: this.channel.attrId,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
    });
  }

  private makeSecurityGroup(
    vpc: ec2.IVpc,
    hosts: readonly ec2.CfnEIP[],
    rtmpPort: number,
  ): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'Group', {
      vpc,
      description: `MediaLive channel of ${this.planned.config.program}: pulls from hosts, writes HLS`,
      allowAllOutbound: false,
    });
    for (const host of hosts) {
      group.addEgressRule(ec2.Peer.ipv4(`${host.attrPublicIp}/32`), ec2.Port.tcp(rtmpPort), 'The program');
    }
    group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(HTTPS_PORT), 'S3 or MediaPackage');
    return group;
  }

  private makeAlarm(deployment: string): cloudwatch.Alarm {
    const { program } = this.planned.config;
    return new cloudwatch.Alarm(this, 'InputLoss', {
      alarmName: alarmName(deployment, 'channel-input-loss', program),
      alarmDescription: alarmText(
        'channel-input-loss',
        `The MediaLive channel of ${program} runs, and gets no picture.`,
        'Look at the host that it pulls from.',
      ),
      metric: this.inputLossMetric(),
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: LOSS_SECONDS,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      // A stopped channel sends none.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  /** Of the pipeline that lacks more. Not ActiveAlerts: that counts alerts of all kinds. */
  private inputLossMetric(): cloudwatch.IMetric {
    const ofPipeline = (pipeline: number) =>
      new cloudwatch.Metric({
        namespace: 'AWS/MediaLive',
        metricName: 'InputLossSeconds',
        dimensionsMap: { ChannelId: this.channel.attrId, Pipeline: String(pipeline) },
        statistic: 'Sum',
        period: PERIOD,
      });
    if (this.planned.config.pipelines === 1) return ofPipeline(0);
    return new cloudwatch.MathExpression({
      expression: 'MAX([first, second])',
      usingMetrics: { first: ofPipeline(0), second: ofPipeline(1) },
      period: PERIOD,
    });
  }
}

/** Each pipeline writes to a folder of its own. `s3ssl` is MediaLive's word for S3 by HTTPS, which the bucket insists on. */
function destination(
  { config, zones }: PlannedChannel,
  bucket: s3.IBucket | undefined,
): CfnChannel.OutputDestinationProperty {
  const { mediaPackage: channelId } = config.destination;
  if (channelId !== undefined) return { id: DESTINATION_ID, mediaPackageSettings: [{ channelId }] };
  if (bucket === undefined) throw new Error(`${config.program}: a channel needs a bucket or MediaPackage`);
  return {
    id: DESTINATION_ID,
    settings: zones.map((_, pipeline) => ({
      url: `s3ssl://${bucket.bucketName}/${config.program}/${pipeline}/index`,
    })),
  };
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the network has nothing for ${what}`);
  return value;
}
