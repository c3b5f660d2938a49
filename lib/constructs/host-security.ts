import { Validations } from 'aws-cdk-lib';
import { type CfnEIP, type ISecurityGroup, type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

export interface HostSecurityProps {
  readonly vpc: IVpc;
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** Where encoders publish from, as IPv4 ranges. */
  readonly encoderCidrs: readonly string[];
  /**
   * Where MediaLive channels pull programs from, by the program.
   *
   * @default - there are no channels
   */
  readonly channelAddresses?: ReadonlyMap<string, readonly CfnEIP[]>;
  /** The group of the load balancer that viewers come through. */
  readonly viewersGroup: ISecurityGroup;
}

/** Who may reach a host: nothing else is open, and the control port not at all. */
export class HostSecurity extends Construct {
  /** Of every host and edge: viewers through the load balancer, and relays between hosts. */
  readonly hostGroup: SecurityGroup;
  /** Besides, of hosts with inputs: encoders, and MediaLive channels. */
  readonly ingestGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: HostSecurityProps) {
    super(scope, id);
    const { vpc, viewersGroup } = props;
    const rtmp = Port.tcp(props.rtmpPort);
    this.hostGroup = new SecurityGroup(this, 'Hosts', {
      vpc,
      description: 'Understudy hosts: viewers through the load balancer, relays between hosts',
    });
    this.hostGroup.addIngressRule(this.hostGroup, rtmp, 'Relays between hosts');
    this.hostGroup.addIngressRule(viewersGroup, rtmp, 'RTMP viewers');
    this.hostGroup.addIngressRule(viewersGroup, Port.tcp(props.httpPort), 'HTTP viewers and health checks');

    this.ingestGroup = new SecurityGroup(this, 'Ingest', { vpc, description: 'Understudy hosts: encoders' });
    for (const cidr of props.encoderCidrs) {
      this.ingestGroup.addIngressRule(Peer.ipv4(cidr), rtmp, 'Encoders');
    }
    for (const [program, addresses] of props.channelAddresses ?? []) {
      for (const { attrPublicIp } of addresses) {
        // Not by a security group: a channel pulls from the public address, and so comes from its own.
        this.ingestGroup.addIngressRule(
          Peer.ipv4(`${attrPublicIp}/32`),
          rtmp,
          `MediaLive channel of ${program}`,
        );
      }
    }
    Validations.of(this.ingestGroup).acknowledge({
      id: 'AwsSolutions-EC23',
      reason:
        'Encoders publish from anywhere unless aws.encoderCidrs says from where; each needs the stream key of its input.',
    });
  }
}
