import { Duration } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { LISTENERS, TARGET_PORTS, type TargetName } from './viewer-ports.ts';

/** Nothing passes while a player is paused. AWS allows 60 to 6000 s. */
const IDLE_TIMEOUT = Duration.hours(1);
/** How long the load balancer, after a drain could be over, still leaves connections alone. */
const DRAIN_MARGIN_S = 30;
/** AWS allows no longer deregistration delay. */
const LONGEST_DRAIN_S = 3600;

const HEALTH_CHECK_INTERVAL = Duration.seconds(10);
const HEALTH_CHECK_TIMEOUT = Duration.seconds(5);
const HEALTHY_AFTER = 2;
const UNHEALTHY_AFTER = 3;

export interface ViewerEntranceProps {
  readonly vpc: ec2.IVpc;
  /** Its security group must let viewers in: this construct opens no port. */
  readonly loadBalancer: elbv2.NetworkLoadBalancer;
  /** How long a host drains: `drain.timeoutMs` of the configuration. */
  readonly drainTimeout: Duration;
  /**
   * The certificate for RTMPS (port 1936) and HTTPS (port 443), of the stack's region.
   * @default - no TLS listeners
   */
  readonly certificateArn?: string;
}

/**
 * The viewers' way in: listeners of the load balancer, and the hosts and edges behind them.
 *
 * Health means "this host can serve" (`/healthz`), never "its encoder is up". Losing it keeps new viewers away, and those who
 * watch keep their connections for as long as a drain takes: a host that drains says goodbye to them itself, and those of a host
 * that died are reset then, so that their players connect again. With every target unhealthy, all of them are tried.
 */
export class ViewerEntrance extends Construct {
  /** RTMP, port 1935 of hosts and edges. */
  readonly rtmpTargets: elbv2.NetworkTargetGroup;
  /** HTTP, port 8080 of hosts and edges. */
  readonly httpTargets: elbv2.NetworkTargetGroup;
  /** RTMP 1935, HTTP 80, and with a certificate RTMPS 1936 and HTTPS 443. */
  readonly listeners: readonly elbv2.NetworkListener[];

  constructor(scope: Construct, id: string, props: ViewerEntranceProps) {
    super(scope, id);
    const { certificateArn } = props;
    // The CDK's class and interface differ in exactOptionalPropertyTypes.
    const loadBalancer = props.loadBalancer as elbv2.INetworkLoadBalancer;
    this.rtmpTargets = this.makeTargets('RTMP', props);
    this.httpTargets = this.makeTargets('HTTP', props);
    const certificates =
      certificateArn === undefined
        ? []
        : [acm.Certificate.fromCertificateArn(this, 'Certificate', certificateArn)];
    const listeners = LISTENERS.filter(({ isTls }) => !isTls || certificates.length > 0);
    this.listeners = listeners.map(
      ({ id: name, port, target, isTls }) =>
        new elbv2.NetworkListener(this, name, {
          loadBalancer,
          port,
          protocol: isTls ? elbv2.Protocol.TLS : elbv2.Protocol.TCP,
          defaultTargetGroups: [target === 'RTMP' ? this.rtmpTargets : this.httpTargets],
          // TLS has 350 s, which cannot be changed.
          ...(isTls
            ? { certificates, sslPolicy: elbv2.SslPolicy.RECOMMENDED_TLS }
            : { tcpIdleTimeout: IDLE_TIMEOUT }),
        }),
    );
  }

  /** Sends viewers to a host or to a group of edges. */
  addTarget(target: elbv2.INetworkLoadBalancerTarget): void {
    this.rtmpTargets.addTarget(target);
    this.httpTargets.addTarget(target);
  }

  private makeTargets(
    name: TargetName,
    { vpc, drainTimeout }: ViewerEntranceProps,
  ): elbv2.NetworkTargetGroup {
    const drainS = Math.min(
      Math.ceil(drainTimeout.toMilliseconds() / 1000) + DRAIN_MARGIN_S,
      LONGEST_DRAIN_S,
    );
    const targets = new elbv2.NetworkTargetGroup(this, `${name}Targets`, {
      vpc,
      port: TARGET_PORTS[name],
      protocol: elbv2.Protocol.TCP,
      targetType: elbv2.TargetType.INSTANCE,
      // The hosts log who plays.
      preserveClientIp: true,
      // A connection that nothing is behind any more would leave its player waiting.
      deregistrationDelay: Duration.seconds(drainS),
      connectionTermination: true,
      // Also for RTMP: both listeners are one process, and only HTTP can say that it drains.
      healthCheck: {
        protocol: elbv2.Protocol.HTTP,
        port: String(TARGET_PORTS.HTTP),
        path: '/healthz',
        healthyHttpCodes: '200',
        interval: HEALTH_CHECK_INTERVAL,
        timeout: HEALTH_CHECK_TIMEOUT,
        healthyThresholdCount: HEALTHY_AFTER,
        unhealthyThresholdCount: UNHEALTHY_AFTER,
      },
    });
    targets.setAttribute('target_health_state.unhealthy.connection_termination.enabled', 'false');
    targets.setAttribute('target_health_state.unhealthy.draining_interval_seconds', String(drainS));
    targets.setAttribute('load_balancing.cross_zone.enabled', 'true');
    return targets;
  }
}
