import { CfnOutput, Fn, RemovalPolicy, Stack, type StackProps, Tags, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { Config } from '../../runtime/contract/config.ts';
import { PRIVATE_DOMAIN, planHosts } from '../config/deployment.ts';
import { LISTENERS, TARGET_PORTS } from '../constructs/viewer-ports.ts';

/** Room in the address range for so many zones, used or not: more zones later then leave the others' ranges alone. */
const MOST_ZONES = 3;

export interface NetworkStackProps extends StackProps {
  readonly config: Config;
}

/**
 * What encoders and players are configured with, and what must outlive all hosts: the network, the addresses to publish to
 * and the viewers' load balancer. Nothing in here depends on a host, and no release changes it.
 *
 * Needs neither credentials nor an environment: the zones are those that the region gives at deployment.
 */
export class NetworkStack extends Stack {
  /** Public subnets only, one a zone; no NAT gateway, whose hourly price would be that of another host. */
  readonly vpc: ec2.IVpc;
  /** The zones in use; `PlannedHost.zone` is an index into them, and into `vpc.publicSubnets`. */
  readonly zoneNames: readonly string[];
  /** The private zone (`PRIVATE_DOMAIN`) of the names under which hosts reach each other. */
  readonly hostedZone: route53.PrivateHostedZone;
  readonly loadBalancer: elbv2.NetworkLoadBalancer;
  /** Lets viewers in, and reaches RTMP and HTTP inside of the network. */
  readonly viewersGroup: ec2.SecurityGroup;
  /** The address that encoders publish to, by the name of the host (`PlannedHost.name`). */
  readonly ingestAddresses: ReadonlyMap<string, ec2.CfnEIP>;
  /** The addresses that MediaLive channels pull from, one for each pipeline, by the program. */
  readonly channelAddresses: ReadonlyMap<string, readonly ec2.CfnEIP[]>;
  /** Who was turned away by a security group: the first place to look when an encoder cannot connect. */
  readonly flowLogGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, { config, ...props }: NetworkStackProps) {
    super(scope, id, { terminationProtection: config.aws.keepAddresses, ...props });
    this.zoneNames = this.availabilityZones.slice(0, config.aws.zones);
    this.vpc = this.makeVpc(config);
    this.flowLogGroup = this.logRejections(config);
    this.hostedZone = new route53.PrivateHostedZone(this, 'HostedZone', {
      zoneName: PRIVATE_DOMAIN,
      vpc: this.vpc,
      comment: `Hosts of ${config.name}`,
    });
    this.ingestAddresses = this.makeIngestAddresses(config);
    this.channelAddresses = this.makeChannelAddresses(config);
    this.viewersGroup = this.makeViewersGroup(config);
    this.loadBalancer = this.makeLoadBalancer(config);
    new CfnOutput(this, 'ViewerDomainName', {
      description: 'Where players connect to',
      value: this.loadBalancer.loadBalancerDnsName,
    });
  }

  /**
   * The CDK would look the zones up where the environment is known, with credentials, and would take two where it is not.
   * These are worked out by CloudFormation, in alphabetical order.
   */
  override get availabilityZones(): string[] {
    return Array.from({ length: MOST_ZONES }, (_, index) => Fn.select(index, Fn.getAzs()));
  }

  private makeVpc({ aws }: Config): ec2.IVpc {
    const vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(aws.vpcCidr),
      availabilityZones: [...this.zoneNames],
      reservedAzs: MOST_ZONES - aws.zones,
      natGateways: 0,
      // A host needs an address to install itself, before its Elastic IP is there; edges have no other.
      subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: true }],
      // The host bundle comes from S3.
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
      // Nothing is in the default group; restricting it would take a function with rights of its own.
      restrictDefaultSecurityGroup: false,
    });
    // The CDK's class and interface differ in exactOptionalPropertyTypes.
    return vpc as ec2.IVpc;
  }

  private logRejections({ aws }: Config): logs.LogGroup {
    const logGroup = new logs.LogGroup(this, 'FlowLogGroup', {
      retention: aws.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Viewers who were let in would make nearly all of the records, and hosts count them anyway.
    this.vpc.addFlowLog('Rejections', {
      destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup),
      trafficType: ec2.FlowLogTrafficType.REJECT,
      maxAggregationInterval: ec2.FlowLogMaxAggregationInterval.ONE_MINUTE,
    });
    return logGroup;
  }

  private makeIngestAddresses(config: Config): Map<string, ec2.CfnEIP> {
    // A scope of its own puts a hash into each logical id: camera-1 and camera1 would else be the same.
    const scope = new Construct(this, 'IngestAddresses');
    const addresses = planHosts(config).map(({ name }): [string, ec2.CfnEIP] => {
      const address = new ec2.CfnEIP(scope, name, { domain: 'vpc' });
      // A retained address stays the account's, and costs, until somebody releases it.
      address.applyRemovalPolicy(config.aws.keepAddresses ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
      // An address is attached through the gateway: without this, deletion would take the gateway first.
      address.node.addDependency(this.vpc.internetConnectivityEstablished);
      Tags.of(address).add('Name', `${config.name}/${name}`);
      return [name, address];
    });
    return new Map(addresses);
  }

  /** Nobody is configured with these, so that they go with the stack; hosts know them, and so they are made here. */
  private makeChannelAddresses({ name: deployment, aws }: Config): Map<string, ec2.CfnEIP[]> {
    const scope = new Construct(this, 'ChannelAddresses');
    const addresses = aws.mediaLive.map(({ program, pipelines }): [string, ec2.CfnEIP[]] => [
      program,
      Array.from({ length: pipelines }, (_, pipeline) => {
        const address = new ec2.CfnEIP(scope, `${program}-${pipeline}`, { domain: 'vpc' });
        address.node.addDependency(this.vpc.internetConnectivityEstablished);
        Tags.of(address).add('Name', `${deployment}/channel ${program} ${pipeline}`);
        return address;
      }),
    ]);
    return new Map(addresses);
  }

  private makeViewersGroup({ aws }: Config): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'ViewersGroup', {
      vpc: this.vpc,
      description: 'Viewers, by way of the load balancer',
      allowAllOutbound: false,
    });
    const listeners = LISTENERS.filter(({ isTls }) => !isTls || aws.certificateArn !== undefined);
    for (const range of aws.viewerCidrs) {
      for (const { port, what } of listeners) {
        group.addIngressRule(ec2.Peer.ipv4(range), ec2.Port.tcp(port), what);
      }
    }
    for (const [name, port] of Object.entries(TARGET_PORTS)) {
      group.addEgressRule(ec2.Peer.ipv4(aws.vpcCidr), ec2.Port.tcp(port), `${name} of hosts and edges`);
    }
    Validations.of(group).acknowledge({
      id: 'AwsSolutions-EC23',
      reason:
        'Viewers may come from anywhere unless aws.viewerCidrs says otherwise; the ports open are those of the listeners alone.',
    });
    return group;
  }

  private makeLoadBalancer({ aws }: Config): elbv2.NetworkLoadBalancer {
    const loadBalancer = new elbv2.NetworkLoadBalancer(this, 'LoadBalancer', {
      vpc: this.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      internetFacing: true,
      securityGroups: [this.viewersGroup],
      // Any host can serve any program: a zone that has lost its host still serves.
      crossZoneEnabled: true,
      deletionProtection: aws.keepAddresses,
    });
    Validations.of(loadBalancer).acknowledge({
      id: 'AwsSolutions-ELB2',
      reason:
        'A Network Load Balancer logs TLS connections only, and keeps nothing of what a viewer played; the hosts log each viewer with its address.',
    });
    return loadBalancer;
  }
}
