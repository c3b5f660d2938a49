/** What a deployment costs, from what its templates hold and a table of prices. */

export interface Prices {
  readonly instanceHour: Readonly<Record<string, number>>;
  readonly volumeGiBMonth: number;
  readonly publicAddressHour: number;
  readonly loadBalancerHour: number;
  readonly loadBalancerCapacityUnitHour: number;
  readonly secretMonth: number;
  readonly keyMonth: number;
  readonly hostedZoneMonth: number;
  readonly metricMonth: number;
  readonly metricCallsThousand: number;
  readonly highResolutionAlarmMonth: number;
  readonly alarmMonth: number;
  readonly compositeAlarmMonth: number;
  readonly dashboardMonth: number;
  readonly lambdaGBSecond: number;
  readonly internetOutGB: number;
  readonly zoneTransferGB: number;
}

export interface CostLine {
  readonly what: string;
  readonly count: number;
  readonly unit: string;
  /** USD for one unit. */
  readonly price: number;
}

export interface CloudTemplate {
  readonly Resources?: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>;
}

/** As AWS counts a month. */
const HOURS_A_MONTH = 730;
const SECONDS_A_MONTH = HOURS_A_MONTH * 3600;
/** Hosts send once in five seconds: runtime/metrics. */
const METRIC_INTERVAL_S = 5;
const HIGH_RESOLUTION_BELOW_S = 60;
/** What EC2 charges for with detailed monitoring, for each instance. */
const DETAILED_METRICS = 7;
/** A run of the control function waits for its hosts to answer: a guess, on the high side. */
const CONTROL_RUN_S = 5;
const CONTROL_RUNS_A_MONTH = SECONDS_A_MONTH / 60;
const MIB_A_GB = 1024;
/** What one capacity unit of a Network Load Balancer holds of TCP: bytes an hour, and connections at a time. */
const UNIT_GB_AN_HOUR = 1;

export const costOf = (lines: readonly CostLine[]): number =>
  lines.reduce((sum, { count, price }) => sum + count * price, 0);

/**
 * A month in which nobody publishes and nobody plays, with as few edges as there may be. Throws where a template has an instance
 * type without a price.
 */
export function idleMonth(
  templates: readonly CloudTemplate[],
  options: { readonly prices: Prices; readonly metrics: number },
): CostLine[] {
  const { prices, metrics } = options;
  const resources = templates.flatMap(({ Resources = {} }) => Object.values(Resources));
  const all = (type: string) => resources.filter((own) => own.Type === type);
  const launched = templates.flatMap(instancesIn);
  const edges = launched.filter(({ what }) => what === 'edges').length;
  const alarms = all('AWS::CloudWatch::Alarm').map((own) => (own.Properties as { Period: number }).Period);
  const balancers = all('AWS::ElasticLoadBalancingV2::LoadBalancer').length;
  const hours = (count: number) => count * HOURS_A_MONTH;
  const lines: CostLine[] = [
    ...instanceLines(launched, prices),
    {
      what: 'disks, gp3',
      count: launched.reduce((sum, { diskGiB }) => sum + diskGiB, 0),
      unit: 'GiB and month',
      price: prices.volumeGiBMonth,
    },
    {
      what: 'public addresses of hosts, edges and load balancer',
      count: hours(all('AWS::EC2::EIP').length + edges + balancers * all('AWS::EC2::Subnet').length),
      unit: 'hour',
      price: prices.publicAddressHour,
    },
    { what: 'load balancer', count: hours(balancers), unit: 'hour', price: prices.loadBalancerHour },
    {
      what: 'keys in Secrets Manager',
      count: all('AWS::SecretsManager::Secret').length,
      unit: 'month',
      price: prices.secretMonth,
    },
    { what: 'encryption keys', count: all('AWS::KMS::Key').length, unit: 'month', price: prices.keyMonth },
    {
      what: 'private DNS zone',
      count: all('AWS::Route53::HostedZone').length,
      unit: 'month',
      price: prices.hostedZoneMonth,
    },
    { what: 'metrics', count: metrics, unit: 'month', price: prices.metricMonth },
    {
      what: 'detailed monitoring of edges',
      count: edges * DETAILED_METRICS,
      unit: 'metric and month',
      price: prices.metricMonth,
    },
    {
      what: 'calls with metrics',
      count: (launched.length * SECONDS_A_MONTH) / METRIC_INTERVAL_S / 1000,
      unit: 'thousand',
      price: prices.metricCallsThousand,
    },
    {
      what: 'alarms of 10 s',
      count: alarms.filter((period) => period < HIGH_RESOLUTION_BELOW_S).length,
      unit: 'month',
      price: prices.highResolutionAlarmMonth,
    },
    {
      what: 'alarms of a minute',
      count: alarms.filter((period) => period >= HIGH_RESOLUTION_BELOW_S).length,
      unit: 'month',
      price: prices.alarmMonth,
    },
    {
      what: 'composite alarms',
      count: all('AWS::CloudWatch::CompositeAlarm').length,
      unit: 'month',
      price: prices.compositeAlarmMonth,
    },
    {
      what: 'dashboard',
      count: all('AWS::CloudWatch::Dashboard').length,
      unit: 'month',
      price: prices.dashboardMonth,
    },
    ...controlLines(all('AWS::Events::Rule'), all('AWS::Lambda::Function'), prices),
  ];
  return lines.filter(({ count }) => count > 0);
}

export interface EventPlan {
  readonly hours: number;
  readonly viewers: number;
  readonly viewerMbps: number;
  readonly masters: number;
  readonly backups: number;
}

/** What an event adds to the month: what viewers take, and what goes between zones. */
export function eventExtra(plan: EventPlan, prices: Prices): CostLine[] {
  const gigabytes = (streams: number) => (streams * plan.viewerMbps * 3600 * plan.hours) / 8 / 1000;
  const toViewers = gigabytes(plan.viewers);
  // At worst each is in another zone: the spare goes to every master's host, and each host pulls each other master once.
  const relayed = plan.backups * plan.masters + plan.masters * (plan.masters + plan.backups - 1);
  return [
    { what: 'to viewers', count: toViewers, unit: 'GB', price: prices.internetOutGB },
    {
      what: 'through the load balancer',
      count: toViewers / UNIT_GB_AN_HOUR,
      unit: 'capacity unit and hour',
      price: prices.loadBalancerCapacityUnitHour,
    },
    {
      what: 'between zones, both ways, at most',
      count: 2 * gigabytes(relayed + plan.viewers),
      unit: 'GB',
      price: prices.zoneTransferGB,
    },
  ];
}

interface Launched {
  readonly what: 'hosts' | 'edges';
  readonly instanceType: string;
  readonly diskGiB: number;
}

/** Every instance: those that are named, and as many of each group as it has at least. */
function instancesIn({ Resources = {} }: CloudTemplate): Launched[] {
  return Object.values(Resources).flatMap(({ Type, Properties }) => {
    if (Type !== 'AWS::EC2::Instance' && Type !== 'AWS::AutoScaling::AutoScalingGroup') return [];
    const { LaunchTemplate, MinSize = 1 } = Properties as {
      LaunchTemplate: { LaunchTemplateId: { Ref: string } };
      MinSize?: number | string;
    };
    const data = launchData(Resources[LaunchTemplate.LaunchTemplateId.Ref]?.Properties);
    const what = Type === 'AWS::EC2::Instance' ? 'hosts' : 'edges';
    return Array.from({ length: Number(MinSize) }, () => ({ what, ...data }) as const);
  });
}

function instanceLines(launched: readonly Launched[], prices: Prices): CostLine[] {
  const kinds = [...new Set(launched.map(({ what, instanceType }) => `${what}, ${instanceType}`))];
  return kinds
    .sort()
    .reverse()
    .map((kind) => {
      const own = launched.filter(({ what, instanceType }) => `${what}, ${instanceType}` === kind);
      const price = priceOf(own[0]?.instanceType ?? '', prices);
      return { what: kind, count: own.length * HOURS_A_MONTH, unit: 'hour', price };
    });
}

type Found = ReadonlyArray<{ readonly Properties?: unknown }>;

/** Run Command is free, and so are rules that run by the clock. */
function controlLines(rules: Found, functions: Found, prices: Prices): CostLine[] {
  const scheduled = rules.filter((own) => 'ScheduleExpression' in Object(own.Properties)).length;
  const runs = scheduled * CONTROL_RUNS_A_MONTH;
  // Of all functions, the one that the clock runs has the most.
  const memoryMiB = Math.max(
    0,
    ...functions.map((own) => (own.Properties as { MemorySize: number }).MemorySize),
  );
  return [
    {
      what: `control function, ${CONTROL_RUN_S} s each minute`,
      count: (runs * CONTROL_RUN_S * memoryMiB) / MIB_A_GB,
      unit: 'GB and second',
      price: prices.lambdaGBSecond,
    },
    { what: 'its look at alarms', count: runs / 1000, unit: 'thousand', price: prices.metricCallsThousand },
  ];
}

function launchData(properties: unknown): { instanceType: string; diskGiB: number } {
  const { LaunchTemplateData: data } = properties as {
    LaunchTemplateData: {
      InstanceType: string;
      BlockDeviceMappings?: ReadonlyArray<{ Ebs?: { VolumeSize?: number } }>;
    };
  };
  const disks = (data.BlockDeviceMappings ?? []).map(({ Ebs }) => Ebs?.VolumeSize ?? 0);
  return { instanceType: data.InstanceType, diskGiB: disks.reduce((sum, size) => sum + size, 0) };
}

function priceOf(type: string, prices: Prices): number {
  const price = prices.instanceHour[type];
  if (price === undefined) throw new Error(`scripts/prices.json has no price for ${type}: add it`);
  return price;
}
