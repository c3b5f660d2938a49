/** A network as small as hosts need it, in a stack of its own. */
import { type App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnEIP, IpAddresses, type IVpc, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { PRIVATE_DOMAIN, planHosts } from '../../../lib/config/deployment.ts';
import type { HostsNetwork } from '../../../lib/stacks/hosts-stack.ts';
import type { Config } from '../../../runtime/contract/config.ts';

const ZONES = ['a', 'b', 'c'];

class NetworkOfZones extends Stack {
  override get availabilityZones(): string[] {
    return ZONES.map((zone) => `eu-central-1${zone}`);
  }
}

export function testNetwork(app: App, config: Config): HostsNetwork {
  const stack = new NetworkOfZones(app, 'Network');
  // The CDK's class and interface differ in exactOptionalPropertyTypes.
  const vpc = new Vpc(stack, 'Vpc', {
    ipAddresses: IpAddresses.cidr(config.aws.vpcCidr),
    maxAzs: config.aws.zones,
    natGateways: 0,
    subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
  }) as IVpc;
  const addresses = planHosts(config).map(({ name }) => {
    const address = new CfnEIP(stack, `Address-${name}`, { domain: 'vpc' });
    address.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return [name, address] as const;
  });
  return {
    vpc,
    hostedZone: new PrivateHostedZone(stack, 'Names', { vpc, zoneName: PRIVATE_DOMAIN }),
    viewersGroup: new SecurityGroup(stack, 'Viewers', { vpc }),
    ingestAddresses: new Map(addresses),
  };
}
