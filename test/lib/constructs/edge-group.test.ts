import { describe, expect, it } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { EdgeGroup } from '../../../lib/constructs/edge-group.ts';
import { ViewerEntrance } from '../../../lib/constructs/viewer-entrance.ts';
import { propertiesOf, surroundings } from '../support/synth.ts';

interface Changes {
  readonly min?: number;
  readonly max?: number;
  readonly drainTimeout?: Duration;
}

function edges(changes: Changes = {}) {
  const { stack, vpc, securityGroup, loadBalancer } = surroundings();
  const { drainTimeout = Duration.seconds(30) } = changes;
  const made = new EdgeGroup(stack, 'Edges', {
    deployment: 'show',
    vpc,
    loadBalancer,
    entrance: new ViewerEntrance(stack, 'Entrance', { vpc, loadBalancer, drainTimeout }),
    instanceType: 'c7g.large',
    min: 2,
    max: 8,
    networkOutMbps: 600,
    viewersPerEdge: 1500,
    hostCount: 4,
    machineImage: ec2.MachineImage.latestAmazonLinux2023({ cpuType: ec2.AmazonLinuxCpuType.ARM_64 }),
    role: new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
    securityGroup,
    userData: (resource) => ec2.UserData.custom(`#!/bin/bash\necho signal ${resource}\n`),
    ...changes,
    drainTimeout,
  });
  return { made, stack, template: Template.fromStack(stack) };
}

function theGroup(template: Template): [id: string, group: Record<string, unknown>] {
  const found = Object.entries(template.findResources('AWS::AutoScaling::AutoScalingGroup'));
  expect(found).toHaveLength(1);
  return found[0]!;
}

interface Query {
  readonly Id: string;
  readonly Expression?: string;
  readonly ReturnData: boolean;
  readonly MetricStat?: { Metric: { MetricName: string; Dimensions: { Name: string; Value: unknown }[] } };
}

/** Target and queries of a policy, by the id of what it looks at. */
function policiesOf(template: Template): Map<string, { target: number; queries: Query[] }> {
  return new Map(
    propertiesOf(template, 'AWS::AutoScaling::ScalingPolicy').map((policy) => {
      const { TargetValue, CustomizedMetricSpecification } = policy.TargetTrackingConfiguration as {
        TargetValue: number;
        CustomizedMetricSpecification: { Metrics: Query[] };
      };
      const queries = CustomizedMetricSpecification.Metrics;
      const looked = queries.filter(({ ReturnData }) => ReturnData);
      expect(looked).toHaveLength(1);
      return [looked[0]!.Id, { target: TargetValue, queries }];
    }),
  );
}

/** CloudWatch's metric math, as far as the policies use it, for one point in time. */
function evaluate(queries: readonly Query[], metrics: Readonly<Record<string, number>>): number {
  const values: Record<string, number | undefined> = { ...metrics };
  let last = Number.NaN;
  for (const { Id, Expression } of queries) {
    if (Expression === undefined) continue;
    const names = Object.keys(values);
    const code = Expression.replaceAll(/IF\((.+?), (.+?), (.+?)\)/g, '(($1) ? ($2) : ($3))').replaceAll(
      /FILL\((\w+), (\w+)\)/g,
      '(typeof $1 === "undefined" ? $2 : $1)',
    );
    last = new Function(...names, `return ${code};`)(...names.map((name) => values[name])) as number;
    values[Id] = last;
  }
  return last;
}

describe('a group of edges', () => {
  it('has its bounds, and leaves the number in between to scaling', () => {
    const [, group] = theGroup(edges().template);
    expect(group.Properties).toMatchObject({ MinSize: '2', MaxSize: '8' });
    expect(group.Properties).not.toHaveProperty('DesiredCapacity');
  });

  it('stands in all zones, behind both target groups', () => {
    const { template } = edges();
    const [, group] = theGroup(template);
    const { TargetGroupARNs, VPCZoneIdentifier } = group.Properties as Record<string, unknown[]>;
    expect(TargetGroupARNs).toHaveLength(2);
    expect(VPCZoneIdentifier).toHaveLength(Object.keys(template.findResources('AWS::EC2::Subnet')).length);
    // Health comes from groups that have a listener.
    const listeners = Object.keys(template.findResources('AWS::ElasticLoadBalancingV2::Listener'));
    expect(group.DependsOn).toEqual(expect.arrayContaining(listeners));
  });

  it('replaces an edge that does not serve, once it had the time to boot', () => {
    const [, group] = theGroup(edges().template);
    expect(group.Properties).toMatchObject({ HealthCheckType: 'ELB', HealthCheckGracePeriod: 600 });
  });

  it('is updated one after another, each once it has signalled', () => {
    const [id, group] = theGroup(edges().template);
    expect(group.CreationPolicy).toEqual({ ResourceSignal: { Count: 2, Timeout: 'PT10M' } });
    expect(group.UpdatePolicy).toMatchObject({
      AutoScalingRollingUpdate: {
        MaxBatchSize: 1,
        MinInstancesInService: 2,
        WaitOnResourceSignals: true,
        PauseTime: 'PT10M',
      },
    });
    const text = JSON.stringify(edges().template.findResources('AWS::EC2::LaunchTemplate'));
    expect(text).toContain(`echo signal ${id}\\n`);
  });

  it('may signal, and nothing else by itself', () => {
    const { template } = edges();
    const statements = propertiesOf(template, 'AWS::IAM::Policy').flatMap(
      ({ PolicyDocument }) => (PolicyDocument as { Statement: unknown[] }).Statement,
    );
    expect(statements).toEqual([
      {
        Action: 'cloudformation:SignalResource',
        Effect: 'Allow',
        Resource: { Ref: 'AWS::StackId' },
      },
    ]);
  });

  it('can be updated where there may be no edge more', () => {
    const [, group] = theGroup(edges({ min: 3, max: 3 }).template);
    expect(group.UpdatePolicy).toMatchObject({ AutoScalingRollingUpdate: { MinInstancesInService: 2 } });
  });

  it('drains an edge before it is terminated', () => {
    edges({ drainTimeout: Duration.seconds(90) }).template.hasResourceProperties(
      'AWS::AutoScaling::LifecycleHook',
      {
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: 120,
        DefaultResult: 'CONTINUE',
        NotificationTargetARN: Match.absent(),
      },
    );
  });

  it('gives each edge the tag by which commands find it, and no name', () => {
    const [group] = propertiesOf(edges().template, 'AWS::AutoScaling::AutoScalingGroup');
    const tags = group?.Tags as Array<{ Key: string }>;
    expect(tags.filter(({ Key }) => Key.startsWith('understudy:'))).toEqual([
      { Key: 'understudy:deployment', Value: 'show', PropagateAtLaunch: true },
    ]);
  });

  it('has edges with IMDSv2 alone, encrypted volumes and a metric a minute', () => {
    edges().template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: Match.objectLike({
        InstanceType: 'c7g.large',
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        Monitoring: { Enabled: true },
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: Match.objectLike({ Encrypted: true, VolumeType: 'gp3' }) },
        ],
        KeyName: Match.absent(),
      }),
    });
  });
});

describe('the number of edges', () => {
  const { template } = edges();
  const policies = policiesOf(template);
  const networkOut = policies.get('mbps')!;
  const viewers = policies.get('viewers')!;

  it('follows network out, in Mbit/s', () => {
    expect(networkOut.target).toBe(600);
    // 4.5 GB in a minute are 600 Mbit/s.
    expect(evaluate(networkOut.queries, { bytes: 4_500_000_000 })).toBeCloseTo(600);
  });

  it('follows the viewers that the hosts leave over, so that one step reaches the target', () => {
    expect(viewers.target).toBe(1500);
    const flows = { zone1: 6000, zone2: 5000, zone3: 7000 };
    const given = Object.keys(flows).filter((id) => viewers.queries.some(({ Id }) => Id === id));
    const total = given.reduce((sum, id) => sum + flows[id as keyof typeof flows], 0);
    const metrics = Object.fromEntries(given.map((id) => [id, flows[id as keyof typeof flows]]));
    const edgesNow = 2;
    const mean = evaluate(viewers.queries, { ...metrics, edges: edgesNow });
    // What target tracking makes of it: capacity times metric over target.
    const wanted = Math.ceil((edgesNow * mean) / viewers.target);
    expect(total / (wanted + 4)).toBeLessThanOrEqual(viewers.target);
    expect(total / (wanted - 1 + 4)).toBeGreaterThan(viewers.target);
  });

  it('needs no edge where hosts do it alone, also with a zone that counts nothing', () => {
    const zones = viewers.queries.filter(({ Id }) => Id.startsWith('zone'));
    expect(zones.length).toBeGreaterThanOrEqual(2);
    const first = { [zones[0]!.Id]: 100 };
    const silent = Object.fromEntries(zones.slice(1).map(({ Id }) => [Id, undefined as unknown as number]));
    expect(evaluate(viewers.queries, { ...first, ...silent, edges: 2 })).toBe(0);
  });

  it('counts each zone of the load balancer once', () => {
    const zones = viewers.queries.filter(({ Id }) => Id.startsWith('zone'));
    const names = zones.map(({ MetricStat }) => JSON.stringify(MetricStat?.Metric.Dimensions));
    expect(new Set(names).size).toBe(zones.length);
    expect(zones.every(({ MetricStat }) => MetricStat?.Metric.MetricName === 'ActiveFlowCount')).toBe(true);
  });

  it('watches metrics that the group really sends', () => {
    const [id, group] = theGroup(template);
    expect(group.Properties).toMatchObject({
      MetricsCollection: [{ Granularity: '1Minute', Metrics: ['GroupInServiceInstances'] }],
    });
    const dimensions = [...networkOut.queries, ...viewers.queries].flatMap(
      ({ MetricStat }) => MetricStat?.Metric.Dimensions ?? [],
    );
    const groups = dimensions.filter(({ Name }) => Name === 'AutoScalingGroupName');
    expect(groups.map(({ Value }) => Value)).toEqual([{ Ref: id }, { Ref: id }]);
  });
});
