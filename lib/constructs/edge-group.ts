import { Duration, Lazy, Stack, Tags, Validations } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { INSTANCE_TAGS } from '../../runtime/contract/instance-tags.ts';
import { EdgeScaling } from './edge-scaling.ts';
import type { ViewerEntrance } from './viewer-entrance.ts';

/** From the launch to the signal: packages, the bundle, the start. */
const BOOT_TIMEOUT = Duration.minutes(10);
/** From "in service" on, metrics of an edge are not those of one at work. */
const WARM_UP = Duration.minutes(2);
/** After a drain could be over, for the drain to be noticed and the host to close. */
const DRAIN_MARGIN_S = 30;
const VOLUME_GIB = 10;

export interface EdgeGroupProps {
  /** The configuration's `name`: a tag of each edge. */
  readonly deployment: string;
  readonly vpc: ec2.IVpc;
  readonly loadBalancer: elbv2.NetworkLoadBalancer;
  /** The edges become targets of it. */
  readonly entrance: ViewerEntrance;
  /** `aws.edges.instanceType` of the configuration. */
  readonly instanceType: string;
  /** The least number of edges. */
  readonly min: number;
  /** The greatest number of edges. */
  readonly max: number;
  /** What one edge should send, in Mbit/s, on the mean. */
  readonly networkOutMbps: number;
  /** How many viewers one edge should have, on the mean. */
  readonly viewersPerEdge: number;
  /** How many hosts take viewers beside the edges. */
  readonly hostCount: number;
  /** How long an edge drains: `drain.timeoutMs` of the configuration. */
  readonly drainTimeout: Duration;
  /** Of the architecture of `instanceType`. */
  readonly machineImage: ec2.IMachineImage;
  /** Must allow what the user data does; the right to signal is added. */
  readonly role: iam.IRole;
  /** Lets in the load balancer and the other hosts. */
  readonly securityGroup: ec2.ISecurityGroup;
  /**
   * Makes an edge of an instance, and signals success to the resource of this stack with the logical id that it is given. It
   * should hold `drainWhenTerminated()`, too.
   */
  readonly userData: (signalledResource: string) => ec2.UserData;
}

/**
 * Hosts without inputs that serve viewers, as many as are needed: an Auto Scaling group behind the viewers' way in.
 *
 * An edge that does not serve is replaced (health of the load balancer, `/healthz`). A new release replaces them one after
 * another, each once the one before has signalled; the number never falls below `min` meanwhile, unless `max` forbids one
 * more, and does not follow the audience until that is done. An edge that is taken away drains first.
 */
export class EdgeGroup extends Construct {
  readonly group: autoscaling.AutoScalingGroup;
  readonly launchTemplate: ec2.LaunchTemplate;
  readonly scaling: EdgeScaling;
  /** Holds an edge that is to be terminated for as long as a drain takes. */
  readonly drainHook: autoscaling.LifecycleHook;

  constructor(scope: Construct, id: string, props: EdgeGroupProps) {
    super(scope, id);
    this.launchTemplate = this.makeLaunchTemplate(props);
    this.group = this.makeGroup(props);
    props.entrance.addTarget(this.group);
    // A target group without a listener says nothing of health.
    this.group.node.addDependency(...props.entrance.listeners);
    this.drainHook = this.group.addLifecycleHook('Drain', {
      lifecycleTransition: autoscaling.LifecycleTransition.INSTANCE_TERMINATING,
      heartbeatTimeout: Duration.seconds(
        Math.ceil(props.drainTimeout.toMilliseconds() / 1000) + DRAIN_MARGIN_S,
      ),
      defaultResult: autoscaling.DefaultResult.CONTINUE,
    });
    this.scaling = new EdgeScaling(this, 'Scaling', {
      group: this.group,
      loadBalancer: props.loadBalancer,
      zoneNames: props.vpc.availabilityZones,
      networkOutMbps: props.networkOutMbps,
      viewersPerEdge: props.viewersPerEdge,
      hostCount: props.hostCount,
    });
  }

  private makeLaunchTemplate(props: EdgeGroupProps): ec2.LaunchTemplate {
    // The group needs the template, and the template's user data the name of the group: its logical id is just a word.
    const signalledResource = Lazy.string({
      produce: () =>
        Stack.of(this).getLogicalId(this.group.node.defaultChild as autoscaling.CfnAutoScalingGroup),
    });
    return new ec2.LaunchTemplate(this, 'LaunchTemplate', {
      instanceType: new ec2.InstanceType(props.instanceType),
      machineImage: props.machineImage,
      role: props.role,
      securityGroup: props.securityGroup,
      userData: props.userData(signalledResource),
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
      detailedMonitoring: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: ec2.BlockDeviceVolume.ebs(VOLUME_GIB, {
            encrypted: true,
            volumeType: ec2.EbsDeviceVolumeType.GP3,
          }),
        },
      ],
    });
  }

  private makeGroup({ deployment, vpc, min, max }: EdgeGroupProps): autoscaling.AutoScalingGroup {
    const group = new autoscaling.AutoScalingGroup(this, 'Group', {
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      launchTemplate: this.launchTemplate as ec2.ILaunchTemplate,
      // No desired capacity: a deployment during an event must not undo what scaling did.
      minCapacity: min,
      maxCapacity: max,
      healthChecks: autoscaling.HealthChecks.withAdditionalChecks({
        additionalTypes: [autoscaling.AdditionalHealthCheckType.ELB],
        gracePeriod: BOOT_TIMEOUT,
      }),
      defaultInstanceWarmup: WARM_UP,
      groupMetrics: [new autoscaling.GroupMetrics(autoscaling.GroupMetric.IN_SERVICE_INSTANCES)],
      signals: autoscaling.Signals.waitForMinCapacity({ timeout: BOOT_TIMEOUT }),
      updatePolicy: autoscaling.UpdatePolicy.rollingUpdate({
        maxBatchSize: 1,
        minInstancesInService: Math.min(min, max - 1),
        waitOnResourceSignals: true,
        pauseTime: BOOT_TIMEOUT,
      }),
    });
    Tags.of(group).add('Name', `${Stack.of(this).stackName}/edge`);
    Tags.of(group).add(INSTANCE_TAGS.deployment, deployment);
    Validations.of(group).acknowledge({
      id: 'AwsSolutions-AS3',
      reason:
        'Edges come and go with the audience, many times in an event: nobody should be told of each. What viewers lack is told by alarms.',
    });
    return group;
  }
}
