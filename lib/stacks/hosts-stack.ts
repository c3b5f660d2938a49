import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { type CfnEIP, type ISecurityGroup, type IVpc, UserData } from 'aws-cdk-lib/aws-ec2';
import type { NetworkLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { InstanceIdTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2-targets';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IPrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Config } from '../../runtime/contract/config.ts';
import { planHosts } from '../config/deployment.ts';
import { metricNamespaceOf } from '../config/metric-namespace.ts';
import { ContentDelivery } from '../constructs/content-delivery.ts';
import { drainWhenTerminated } from '../constructs/edge-drain.ts';
import { EdgeGroup } from '../constructs/edge-group.ts';
import { HostBundle } from '../constructs/host-bundle.ts';
import { hostRole } from '../constructs/host-role.ts';
import { HostSecrets } from '../constructs/host-secrets.ts';
import { HostSecurity } from '../constructs/host-security.ts';
import { hostUserData } from '../constructs/host-user-data.ts';
import { arnsOf, hostImage, MultiplexerHost, userDataOptions } from '../constructs/multiplexer-host.ts';
import { ViewerEntrance } from '../constructs/viewer-entrance.ts';

/** What the hosts stand in, made by a stack that outlives them. */
export interface HostsNetwork {
  readonly vpc: IVpc;
  /** The zone in which hosts find each other by name. */
  readonly hostedZone: IPrivateHostedZone;
  /** Where viewers come through; this stack makes its listeners. */
  readonly loadBalancer: NetworkLoadBalancer;
  /** The group of the load balancer. */
  readonly viewersGroup: ISecurityGroup;
  /** The Elastic IPs that encoders are configured with, by the name of the host. */
  readonly ingestAddresses: ReadonlyMap<string, CfnEIP>;
  /** The Elastic IPs that MediaLive channels pull from, by the program. */
  readonly channelAddresses: ReadonlyMap<string, readonly CfnEIP[]>;
}

export interface HostsStackProps extends StackProps {
  readonly config: Config;
  readonly network: HostsNetwork;
  /**
   * A folder with the host bundle.
   *
   * @default - it is built from the sources of this package
   */
  readonly bundleDirectory?: string;
}

/**
 * The hosts of a deployment: one for each input, updated one after another, so that never more than one is away; what viewers
 * come through to them; and, where the configuration asks for them, edges and CloudFront.
 */
export class HostsStack extends Stack {
  /** The masters first, in the order of the configuration. */
  readonly hosts: readonly MultiplexerHost[];
  readonly bundle: HostBundle;
  readonly secrets: HostSecrets;
  readonly security: HostSecurity;
  readonly logGroup: LogGroup;
  readonly entrance: ViewerEntrance;
  /** Where `aws.edges` asks for them. */
  readonly edges: EdgeGroup | undefined;
  /** Where `aws.cloudFront` asks for it. */
  readonly delivery: ContentDelivery | undefined;

  constructor(scope: Construct, id: string, props: HostsStackProps) {
    super(scope, id, props);
    const { config, network, bundleDirectory } = props;
    const planned = planHosts(config);
    this.bundle = new HostBundle(
      this,
      'Bundle',
      bundleDirectory === undefined ? {} : { directory: bundleDirectory },
    );
    this.secrets = new HostSecrets(this, 'Keys', {
      inputs: planned.map(({ input }) => input),
      signsPlay: config.viewers.playKey !== undefined,
    });
    this.security = new HostSecurity(this, 'Security', {
      vpc: network.vpc,
      rtmpPort: config.rtmp.port,
      httpPort: config.http.port,
      encoderCidrs: config.aws.encoderCidrs,
      channelAddresses: network.channelAddresses,
      viewersGroup: network.viewersGroup,
    });
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: config.aws.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.hosts = planned.map((own) => {
      const address = network.ingestAddresses.get(own.name);
      if (address === undefined) throw new Error(`the network has no address for ${own.name}`);
      const host = new MultiplexerHost(this, own.name, {
        planned: own,
        config,
        vpc: network.vpc,
        securityGroups: [this.security.hostGroup, this.security.ingestGroup],
        bundle: this.bundle,
        secrets: this.secrets,
        logGroup: this.logGroup,
        address,
        hostedZone: network.hostedZone,
      });
      this.tellEncoder(host, address, config.rtmp.port);
      return host;
    });
    oneAfterAnother(this.hosts);

    const { certificateArn } = config.aws;
    this.entrance = new ViewerEntrance(this, 'Entrance', {
      vpc: network.vpc,
      loadBalancer: network.loadBalancer,
      drainTimeout: Duration.millis(config.drain.timeoutMs),
      ...(certificateArn === undefined ? {} : { certificateArn }),
    });
    for (const { instance } of this.hosts) this.entrance.addTarget(new InstanceIdTarget(instance.ref));
    this.edges = this.makeEdges(config, network);
    this.delivery = this.makeDelivery(config, network);
    this.tellViewers(config, network);
  }

  private makeEdges(config: Config, network: HostsNetwork): EdgeGroup | undefined {
    const { edges, architecture } = config.aws;
    if (edges === false) return undefined;
    const { bundle, logGroup } = this;
    const { shared } = this.secrets;
    const role = hostRole(this, 'EdgeRole', {
      bundle,
      logGroup,
      secrets: [...shared.values()],
      metricNamespace: metricNamespaceOf(config),
    });
    const userData = (logicalId: string): UserData =>
      UserData.custom(
        hostUserData({
          ...userDataOptions({ config, bundle, logGroup, stack: this }),
          host: 'edge',
          isEdge: true,
          credentials: arnsOf(shared),
          signal: { stack: this.stackName, logicalId },
          afterwards: drainWhenTerminated(),
        }),
      );
    const group = new EdgeGroup(this, 'Edges', {
      ...edges,
      deployment: config.name,
      vpc: network.vpc,
      loadBalancer: network.loadBalancer,
      entrance: this.entrance,
      hostCount: this.hosts.length,
      drainTimeout: Duration.millis(config.drain.timeoutMs),
      machineImage: hostImage(architecture),
      role,
      securityGroup: this.security.hostGroup,
      userData,
    });
    // What the first boot needs.
    group.node.addDependency(role);
    return group;
  }

  private makeDelivery(config: Config, network: HostsNetwork): ContentDelivery | undefined {
    const { cloudFront, region } = config.aws;
    if (cloudFront === false) return undefined;
    const { priceClass, domainNames, certificateArn } = cloudFront;
    return new ContentDelivery(this, 'Delivery', {
      loadBalancer: network.loadBalancer,
      priceClass,
      domainNames,
      signsPlay: config.viewers.playKey !== undefined,
      ...(certificateArn === undefined ? {} : { certificateArn }),
      ...(region === undefined ? {} : { region }),
    });
  }

  private tellViewers({ programs }: Config, { loadBalancer }: HostsNetwork): void {
    const { loadBalancerDnsName: direct } = loadBalancer;
    const http =
      this.delivery === undefined ? `http://${direct}` : `https://${this.delivery.distribution.domainName}`;
    // A scope of its own puts a hash into each logical id: camera-1 and camera1 would else be the same.
    const scope = new Construct(this, 'Programs');
    const { playKey } = this.secrets;
    for (const { name } of programs) {
      new CfnOutput(scope, name, {
        value: `rtmp://${direct}/live/${name} ${http}/live/${name}.flv`,
        description: `Where viewers play ${name}${playKey === undefined ? '' : ', with a signature behind it'}`,
      });
    }
    if (playKey !== undefined) {
      new CfnOutput(scope, 'PlayKeyCommand', {
        value: this.commandFor(playKey),
        description: 'Prints the key that signs play URLs',
      });
    }
  }

  /** What an encoder is configured with; the key itself is nowhere but in Secrets Manager. */
  private tellEncoder(host: MultiplexerHost, address: CfnEIP, port: number): void {
    const { input } = host.planned;
    new CfnOutput(host, 'PublishUrl', {
      value: `rtmp://${address.attrPublicIp}:${port}/${input}?key=KEY`,
      description: `Where the encoder of ${input} publishes to`,
    });
    new CfnOutput(host, 'KeyCommand', {
      value: this.commandFor(this.secrets.streamKey(input)),
      description: `Prints the KEY of ${input}`,
    });
  }

  /** Prints a key, for whom IAM lets. */
  private commandFor({ secretArn }: Secret): string {
    return `aws secretsmanager get-secret-value --region ${this.region} --secret-id ${secretArn} --query SecretString --output text`;
  }
}

/** Each instance waits for all of the host before it, with its address: CloudFormation then creates and replaces one at a time. */
function oneAfterAnother(hosts: readonly MultiplexerHost[]): void {
  for (const [index, host] of hosts.entries()) {
    const before = hosts[index - 1];
    if (before !== undefined) host.instance.node.addDependency(before);
  }
}
