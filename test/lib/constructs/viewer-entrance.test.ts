import { describe, expect, it } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ViewerEntrance } from '../../../lib/constructs/viewer-entrance.ts';
import { propertiesOf, surroundings } from '../support/synth.ts';

const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';

function entrance(props: { certificateArn?: string; drainTimeout?: Duration } = {}) {
  const { stack, vpc, loadBalancer } = surroundings();
  const made = new ViewerEntrance(stack, 'Entrance', {
    vpc,
    loadBalancer,
    drainTimeout: Duration.seconds(30),
    ...props,
  });
  return { made, stack, template: Template.fromStack(stack) };
}

function groupsOf(template: Template) {
  return propertiesOf(template, 'AWS::ElasticLoadBalancingV2::TargetGroup').map((group) => ({
    port: group.Port,
    attributes: pairs(group.TargetGroupAttributes),
    health: {
      protocol: group.HealthCheckProtocol,
      port: group.HealthCheckPort,
      path: group.HealthCheckPath,
      codes: group.Matcher,
    },
  }));
}

function listenersOf(template: Template) {
  return propertiesOf(template, 'AWS::ElasticLoadBalancingV2::Listener').map((listener) => {
    const [action] = listener.DefaultActions as { TargetGroupArn: { Ref: string } }[];
    return {
      port: listener.Port,
      protocol: listener.Protocol,
      to: /Rtmp|RTMP/.test(action?.TargetGroupArn.Ref ?? '') ? 'RTMP' : 'HTTP',
      attributes: pairs(listener.ListenerAttributes),
      certificates: listener.Certificates,
      policy: listener.SslPolicy,
    };
  });
}

function pairs(list: unknown): Record<string, string> {
  return Object.fromEntries(
    ((list ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
  );
}

describe('the viewers’ way in', () => {
  it('takes RTMP and HTTP, and leaves a paused player an hour', () => {
    const { template } = entrance();
    const attributes = { 'tcp.idle_timeout.seconds': '3600' };
    expect(listenersOf(template)).toEqual([
      { port: 1935, protocol: 'TCP', to: 'RTMP', attributes },
      { port: 80, protocol: 'TCP', to: 'HTTP', attributes },
    ]);
  });

  it('ends TLS where there is a certificate', () => {
    const { template, made } = entrance({ certificateArn: CERTIFICATE });
    const tls = {
      protocol: 'TLS',
      attributes: {},
      certificates: [{ CertificateArn: CERTIFICATE }],
      policy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    };
    expect(listenersOf(template).slice(2)).toEqual([
      { port: 1936, to: 'RTMP', ...tls },
      { port: 443, to: 'HTTP', ...tls },
    ]);
    expect(made.listeners).toHaveLength(4);
  });

  it('asks each host whether it can serve, over HTTP, also for RTMP', () => {
    const health = { protocol: 'HTTP', port: '8080', path: '/healthz', codes: { HttpCode: '200' } };
    expect(groupsOf(entrance().template).map(({ port, health: own }) => ({ port, health: own }))).toEqual([
      { port: 1935, health },
      { port: 8080, health },
    ]);
  });

  it('leaves those who watch alone for as long as a drain takes, and then tells them', () => {
    for (const { attributes } of groupsOf(entrance({ drainTimeout: Duration.seconds(90) }).template)) {
      expect(attributes).toEqual({
        'target_health_state.unhealthy.connection_termination.enabled': 'false',
        'target_health_state.unhealthy.draining_interval_seconds': '120',
        'deregistration_delay.timeout_seconds': '120',
        'deregistration_delay.connection_termination.enabled': 'true',
        'preserve_client_ip.enabled': 'true',
        'load_balancing.cross_zone.enabled': 'true',
      });
    }
  });

  it('stays within what AWS allows, however long a drain is', () => {
    const [group] = groupsOf(entrance({ drainTimeout: Duration.hours(1) }).template);
    expect(group?.attributes['deregistration_delay.timeout_seconds']).toBe('3600');
  });

  it('finds a host that is gone within half a minute', () => {
    const [group] = propertiesOf(entrance().template, 'AWS::ElasticLoadBalancingV2::TargetGroup');
    const { HealthCheckIntervalSeconds: interval, UnhealthyThresholdCount: count } = group ?? {};
    expect(Number(interval) * Number(count)).toBeLessThanOrEqual(30);
  });

  it('opens no port by itself', () => {
    entrance({ certificateArn: CERTIFICATE }).template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });
});
