import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { CfnEIP, ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IPrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import type { Config } from '../../runtime/contract/config.ts';
import { planHosts } from '../config/deployment.ts';
import { HostBundle } from '../constructs/host-bundle.ts';
import { HostSecrets } from '../constructs/host-secrets.ts';
import { HostSecurity } from '../constructs/host-security.ts';
import { MultiplexerHost } from '../constructs/multiplexer-host.ts';

/** What the hosts stand in, made by a stack that outlives them. */
export interface HostsNetwork {
  readonly vpc: IVpc;
  /** The zone in which hosts find each other by name. */
  readonly hostedZone: IPrivateHostedZone;
  /** The group of the load balancer that viewers come through. */
  readonly viewersGroup: ISecurityGroup;
  /** The Elastic IPs that encoders are configured with, by the name of the host. */
  readonly ingestAddresses: ReadonlyMap<string, CfnEIP>;
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

/** The hosts of a deployment: one for each input, updated one after another, so that never more than one is away. */
export class HostsStack extends Stack {
  /** The masters first, in the order of the configuration. */
  readonly hosts: readonly MultiplexerHost[];
  readonly bundle: HostBundle;
  readonly secrets: HostSecrets;
  readonly security: HostSecurity;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: HostsStackProps) {
    super(scope, id, props);
    const { config, network, bundleDirectory } = props;
    const planned = planHosts(config);
    this.bundle = new HostBundle(
      this,
      'Bundle',
      bundleDirectory === undefined ? {} : { directory: bundleDirectory },
    );
    this.secrets = new HostSecrets(this, 'Keys', { inputs: planned.map(({ input }) => input) });
    this.security = new HostSecurity(this, 'Security', {
      vpc: network.vpc,
      rtmpPort: config.rtmp.port,
      httpPort: config.http.port,
      encoderCidrs: config.aws.encoderCidrs,
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
  }

  /** What an encoder is configured with; the key itself is nowhere but in Secrets Manager. */
  private tellEncoder(host: MultiplexerHost, address: CfnEIP, port: number): void {
    const { input } = host.planned;
    new CfnOutput(host, 'PublishUrl', {
      value: `rtmp://${address.attrPublicIp}:${port}/${input}?key=KEY`,
      description: `Where the encoder of ${input} publishes to`,
    });
    const secret = this.secrets.streamKey(input).secretArn;
    new CfnOutput(host, 'KeyCommand', {
      value: `aws secretsmanager get-secret-value --region ${this.region} --secret-id ${secret} --query SecretString --output text`,
      description: `Prints the KEY of ${input}`,
    });
  }
}

/** Each instance waits for all of the host before it, with its address: CloudFormation then creates and replaces one at a time. */
function oneAfterAnother(hosts: readonly MultiplexerHost[]): void {
  for (const [index, host] of hosts.entries()) {
    const before = hosts[index - 1];
    if (before !== undefined) host.instance.node.addDependency(before);
  }
}
