import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import { CfnScalingPolicy } from 'aws-cdk-lib/aws-autoscaling';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';

/** With detailed monitoring EC2 sends a value a minute: the bytes of that minute. */
const PERIOD_S = 60;
const BITS_PER_BYTE = 8;
const BITS_PER_MBIT = 1_000_000;

type MetricQuery = CfnScalingPolicy.TargetTrackingMetricDataQueryProperty;

export interface EdgeScalingProps {
  readonly group: autoscaling.AutoScalingGroup;
  readonly loadBalancer: elbv2.NetworkLoadBalancer;
  /** The zones of the load balancer. */
  readonly zoneNames: readonly string[];
  /** What one edge should send, in Mbit/s, on the mean. */
  readonly networkOutMbps: number;
  /** How many viewers one edge should have, on the mean. */
  readonly viewersPerEdge: number;
  /** How many hosts take viewers beside the edges. */
  readonly hostCount: number;
}

/**
 * As many edges as are needed, by two measures; the one that asks for more wins, and edges leave when both agree.
 *
 * - **Network out** of the edges, the mean.
 * - **Viewers**, as connections through the load balancer. The hosts' own metric `Viewers` is one of each host and program:
 *   a policy would have to name edges that do not exist yet, and may not search for them. The balancer counts all of
 *   them, zone by zone, and spreads them over hosts and edges alike. What the hosts take is subtracted, so that the value
 *   is a true mean: with twice the edges it is half, and one step reaches the target.
 */
export class EdgeScaling extends Construct {
  readonly networkOut: CfnScalingPolicy;
  readonly viewers: CfnScalingPolicy;

  constructor(scope: Construct, id: string, props: EdgeScalingProps) {
    super(scope, id);
    this.networkOut = this.track('NetworkOut', props, {
      target: props.networkOutMbps,
      metrics: networkOutMetrics(props),
    });
    this.viewers = this.track('Viewers', props, {
      target: props.viewersPerEdge,
      metrics: viewerMetrics(props),
    });
  }

  /** The CDK's own construct takes no expressions. */
  private track(
    id: string,
    { group }: EdgeScalingProps,
    { target, metrics }: { readonly target: number; readonly metrics: MetricQuery[] },
  ): CfnScalingPolicy {
    return new CfnScalingPolicy(this, id, {
      autoScalingGroupName: group.autoScalingGroupName,
      policyType: 'TargetTrackingScaling',
      targetTrackingConfiguration: { targetValue: target, customizedMetricSpecification: { metrics } },
    });
  }
}

function networkOutMetrics({ group }: EdgeScalingProps): MetricQuery[] {
  return [
    query('bytes', {
      namespace: 'AWS/EC2',
      metricName: 'NetworkOut',
      dimensions: { AutoScalingGroupName: group.autoScalingGroupName },
    }),
    expression('mbps', `bytes * ${BITS_PER_BYTE} / ${PERIOD_S} / ${BITS_PER_MBIT}`, 'Mbit/s an edge sends'),
  ];
}

function viewerMetrics(props: EdgeScalingProps): MetricQuery[] {
  const { group, loadBalancer, zoneNames, viewersPerEdge, hostCount } = props;
  const flows = zoneNames.map((zone, index) =>
    query(`zone${index + 1}`, {
      namespace: 'AWS/NetworkELB',
      metricName: 'ActiveFlowCount',
      dimensions: { LoadBalancer: loadBalancer.loadBalancerFullName, AvailabilityZone: zone },
    }),
  );
  const edges = query('edges', {
    namespace: 'AWS/AutoScaling',
    metricName: 'GroupInServiceInstances',
    dimensions: { AutoScalingGroupName: group.autoScalingGroupName },
  });
  // A zone without a viewer sends nothing.
  const all = flows.map(({ id }) => `FILL(${id}, 0)`).join(' + ');
  const ofHosts = hostCount * viewersPerEdge;
  return [
    ...flows,
    edges,
    { id: 'rest', expression: `${all} - ${ofHosts}`, label: 'Viewers left for edges', returnData: false },
    expression('viewers', 'IF(rest > 0, rest, 0) / edges', 'Viewers an edge has'),
  ];
}

function query(
  id: string,
  metric: { namespace: string; metricName: string; dimensions: Readonly<Record<string, string>> },
): MetricQuery {
  const { namespace, metricName } = metric;
  const dimensions = Object.entries(metric.dimensions).map(([name, value]) => ({ name, value }));
  return {
    id,
    metricStat: { metric: { namespace, metricName, dimensions }, stat: 'Average' },
    returnData: false,
  };
}

/** What the policy looks at: a specification has one of them. */
function expression(id: string, text: string, label: string): MetricQuery {
  return { id, expression: text, label, returnData: true };
}
