import { describe, expect, it } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { NetworkStack } from '../../../lib/stacks/network-stack.ts';
import { maskedTemplate } from '../support/app.ts';
import { deployment, propertiesOf, quickApp } from '../support/synth.ts';

const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';

function network(given: Record<string, unknown> = {}, env: { account?: string; region?: string } = {}) {
  const stack = new NetworkStack(quickApp(), 'Network', { config: deployment(given), env });
  return { stack, template: Template.fromStack(stack) };
}

/** Ports that are open, from where. */
function openPorts(template: Template): string[] {
  expect(propertiesOf(template, 'AWS::EC2::SecurityGroupIngress')).toEqual([]);
  return propertiesOf(template, 'AWS::EC2::SecurityGroup').flatMap((group) =>
    (group.SecurityGroupIngress as { CidrIp: string; FromPort: number; ToPort: number }[]).map(
      ({ CidrIp, FromPort, ToPort }) => `${CidrIp} ${FromPort}-${ToPort}`,
    ),
  );
}

function attributesOf(template: Template): Record<string, string> {
  const [loadBalancer] = propertiesOf(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
  const list = loadBalancer?.LoadBalancerAttributes as { Key: string; Value: string }[];
  return Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]));
}

describe('the network of the default deployment', () => {
  const { stack, template } = network();

  it('is what it was', () => {
    expect(maskedTemplate(stack)).toMatchSnapshot();
  });

  it('is the same each time', () => {
    expect(maskedTemplate(network().stack)).toEqual(maskedTemplate(stack));
  });

  it('has public subnets alone, in three zones that the region gives, and no NAT gateway', () => {
    const subnets = propertiesOf(template, 'AWS::EC2::Subnet');
    expect(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).toEqual(
      [0, 1, 2].map((index) => ({ 'Fn::Select': [index, { 'Fn::GetAZs': '' }] })),
    );
    expect(subnets.every(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch === true)).toBe(true);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    expect(stack.vpc.publicSubnets).toHaveLength(3);
    expect(stack.vpc.privateSubnets).toEqual([]);
    expect(stack.vpc.isolatedSubnets).toEqual([]);
  });

  it('has an address to publish to for each host, which survives the stack', () => {
    expect([...stack.ingestAddresses.keys()]).toEqual([
      'master-camera1',
      'master-camera2',
      'master-camera3',
      'backup-spare',
    ]);
    template.resourceCountIs('AWS::EC2::EIP', 4);
    template.allResources('AWS::EC2::EIP', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  it('is protected, and so is the load balancer, whose name players know', () => {
    expect(stack.terminationProtection).toBe(true);
    expect(attributesOf(template)).toEqual({
      'deletion_protection.enabled': 'true',
      'load_balancing.cross_zone.enabled': 'true',
    });
  });

  it('lets viewers in to RTMP and HTTP, and the load balancer out to hosts only', () => {
    expect(openPorts(template)).toEqual(['0.0.0.0/0 1935-1935', '0.0.0.0/0 80-80']);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [
        Match.objectLike({ CidrIp: '10.90.0.0/16', FromPort: 1935, ToPort: 1935 }),
        Match.objectLike({ CidrIp: '10.90.0.0/16', FromPort: 8080, ToPort: 8080 }),
      ],
    });
  });

  it('names the hosts in a zone that nobody else sees', () => {
    template.hasResourceProperties('AWS::Route53::HostedZone', {
      Name: 'understudy.internal.',
      VPCs: [Match.objectLike({ VPCId: Match.anyValue() })],
    });
  });

  it('logs who was turned away, and for how long', () => {
    template.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'REJECT' });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  it('fetches the bundle without leaving AWS', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
  });

  it.each([{}, { account: '123456789012', region: 'eu-central-1' }])('looks nothing up with %j', (env) => {
    const app = quickApp();
    new NetworkStack(app, 'Network', { config: deployment(), env });
    expect(app.synth().manifest.missing).toBeUndefined();
  });
});

describe('the network of other deployments', () => {
  it('leaves the ranges of two zones alone when there are three', () => {
    const ranges = (zones: number) =>
      propertiesOf(network({ aws: { zones } }).template, 'AWS::EC2::Subnet').map(
        ({ CidrBlock }) => CidrBlock,
      );
    expect(ranges(2)).toEqual(['10.90.0.0/18', '10.90.64.0/18']);
    expect(ranges(3)).toEqual([...ranges(2), '10.90.128.0/18']);
    expect(network({ aws: { zones: 2 } }).stack.zoneNames).toHaveLength(2);
  });

  it('takes its zones from CloudFormation also where the region is known', () => {
    const { template } = network({}, { account: '123456789012', region: 'eu-central-1' });
    for (const { AvailabilityZone } of propertiesOf(template, 'AWS::EC2::Subnet')) {
      expect(AvailabilityZone).toHaveProperty('Fn::Select');
    }
  });

  it('opens the ports of TLS where there is a certificate, for viewers of the ranges given', () => {
    const aws = { certificateArn: CERTIFICATE, viewerCidrs: ['192.0.2.0/24', '198.51.100.0/24'] };
    expect(openPorts(network({ aws }).template).sort()).toEqual(
      aws.viewerCidrs.flatMap((range) => [1935, 1936, 443, 80].map((port) => `${range} ${port}-${port}`)),
    );
  });

  it('leaves nothing behind where addresses need not be kept', () => {
    const { stack, template } = network({ aws: { keepAddresses: false } });
    expect(stack.terminationProtection).toBe(false);
    expect(attributesOf(template)['deletion_protection.enabled']).toBe('false');
    template.allResources('AWS::EC2::EIP', { DeletionPolicy: 'Delete' });
  });

  it('keeps addresses apart whose names differ in punctuation only', () => {
    const masters = ['camera1', 'camera-1', 'camera_1'].map((name) => ({ name }));
    network({ masters }).template.resourceCountIs('AWS::EC2::EIP', 4);
  });

  it('keeps an address where it is when inputs come and go around it', () => {
    const idOf = (given: Record<string, unknown>) => {
      const { stack } = network(given);
      return stack.getLogicalId(stack.ingestAddresses.get('master-camera2')!);
    };
    expect(idOf({ masters: [{ name: 'new' }, { name: 'camera2' }], backups: [] })).toBe(idOf({}));
  });

  it('fits the smallest range', () => {
    const { template } = network({ aws: { vpcCidr: '10.1.2.0/24' } });
    const ranges = propertiesOf(template, 'AWS::EC2::Subnet').map(({ CidrBlock }) => CidrBlock);
    expect(ranges).toEqual(['10.1.2.0/26', '10.1.2.64/26', '10.1.2.128/26']);
  });
});
