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
/** What one capacity unit of a Network Load Balancer holds of TCP: bytes an hour, and connections at a time. */
const UNIT_GB_AN_HOUR = 1;

export const costOf = (lines: readonly CostLine[]): number =>
  lines.reduce((sum, { count, price }) => sum + count * price, 0);

/** A month in which nobody publishes and nobody plays. Throws where a template has an instance type without a price. */
export function idleMonth(
  templates: readonly CloudTemplate[],
  options: { readonly prices: Prices; readonly metrics: number },
): CostLine[] {
  const { prices, metrics } = options;
  const resources = templates.flatMap(({ Resources = {} }) => Object.values(Resources));
  const all = (type: string) => resources.filter((own) => own.Type === type);
  const launched = all('AWS::EC2::LaunchTemplate').map((own) => launchData(own.Properties));
  const types = [...new Set(launched.map(({ instanceType }) => instanceType))].sort();
  const alarms = all('AWS::CloudWatch::Alarm').map((own) => (own.Properties as { Period: number }).Period);
  const balancers = all('AWS::ElasticLoadBalancingV2::LoadBalancer').length;
  const hours = (count: number) => count * HOURS_A_MONTH;
  const lines: CostLine[] = [
    ...types.map((type) => ({
      what: `hosts, ${type}`,
      count: hours(launched.filter(({ instanceType }) => instanceType === type).length),
      unit: 'hour',
      price: priceOf(type, prices),
    })),
    {
      what: 'disks, gp3',
      count: launched.reduce((sum, { diskGiB }) => sum + diskGiB, 0),
      unit: 'GiB and month',
      price: prices.volumeGiBMonth,
    },
    {
      what: 'public addresses of hosts and load balancer',
      count: hours(all('AWS::EC2::EIP').length + balancers * all('AWS::EC2::Subnet').length),
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
