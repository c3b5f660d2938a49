import { describe, expect, it } from '@jest/globals';
import { type CloudTemplate, costOf, eventExtra, idleMonth, type Prices } from '../../scripts/cost.ts';
import { costPage } from '../../scripts/cost-page.ts';
import { testConfig } from '../lib/support/app.ts';

const PRICES: Prices = {
  instanceHour: { 'c7g.large': 0.1, 'c7g.xlarge': 0.2 },
  volumeGiBMonth: 0.1,
  publicAddressHour: 0.01,
  loadBalancerHour: 0.02,
  loadBalancerCapacityUnitHour: 0.005,
  secretMonth: 0.5,
  keyMonth: 1,
  hostedZoneMonth: 0.5,
  metricMonth: 0.3,
  metricCallsThousand: 0.01,
  highResolutionAlarmMonth: 0.3,
  alarmMonth: 0.1,
  compositeAlarmMonth: 0.5,
  dashboardMonth: 3,
  lambdaGBSecond: 0.00001,
  internetOutGB: 0.09,
  zoneTransferGB: 0.01,
};

const template = (InstanceType: string) => ({
  Type: 'AWS::EC2::LaunchTemplate',
  Properties: { LaunchTemplateData: { InstanceType, BlockDeviceMappings: [{ Ebs: { VolumeSize: 10 } }] } },
});
const from = (template: string) => ({ LaunchTemplate: { LaunchTemplateId: { Ref: template } } });
const plain = (Type: string, Properties: object = {}) => ({ Type, Properties });

/** Two hosts of one template, two edges, a load balancer in two zones, two alarms, a function that is run each minute. */
const TEMPLATES: CloudTemplate[] = [
  {
    Resources: {
      a: plain('AWS::EC2::EIP'),
      b: plain('AWS::EC2::EIP'),
      c: plain('AWS::EC2::Subnet'),
      d: plain('AWS::EC2::Subnet'),
      e: plain('AWS::ElasticLoadBalancingV2::LoadBalancer'),
    },
  },
  {
    Resources: {
      a: template('c7g.large'),
      b: plain('AWS::EC2::Instance', from('a')),
      c: plain('AWS::EC2::Instance', from('a')),
      d: template('c7g.xlarge'),
      e: plain('AWS::AutoScaling::AutoScalingGroup', { ...from('d'), MinSize: '2', MaxSize: '9' }),
      f: plain('AWS::SecretsManager::Secret'),
    },
  },
  {
    Resources: {
      a: plain('AWS::CloudWatch::Alarm', { Period: 10 }),
      b: plain('AWS::CloudWatch::Alarm', { Period: 60 }),
      c: plain('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)' }),
      d: plain('AWS::Events::Rule', { EventPattern: {} }),
      e: plain('AWS::Lambda::Function', { MemorySize: 512 }),
      f: plain('AWS::Lambda::Function', { MemorySize: 256 }),
    },
  },
  {},
];

describe('the cost of a deployment', () => {
  it('of an idle month is what its templates hold, in all stacks', () => {
    const lines = idleMonth(TEMPLATES, { prices: PRICES, metrics: 10 });
    const sums = lines.map(({ what, count, price }) => [what, Number((count * price).toFixed(2))]);
    expect(sums).toEqual([
      ['hosts, c7g.large', 146],
      ['edges, c7g.xlarge', 292],
      ['disks, gp3', 4],
      ['public addresses of hosts, edges and load balancer', 43.8],
      ['load balancer', 14.6],
      ['keys in Secrets Manager', 0.5],
      ['metrics', 3],
      ['detailed monitoring of edges', 4.2],
      ['calls with metrics', 21.02],
      ['alarms of 10 s', 0.3],
      ['alarms of a minute', 0.1],
      ['control function, 5 s each minute', 1.1],
      ['its look at alarms', 0.44],
    ]);
    expect(costOf(lines)).toBeCloseTo(531.06, 2);
  });

  it('of an event is mostly what viewers take', () => {
    const plan = { hours: 3, viewers: 1000, viewerMbps: 4, masters: 3, backups: 1 };
    const [viewers, units, zones] = eventExtra(plan, PRICES);
    // 4 Mbit/s are 1.8 GB an hour.
    expect(viewers).toMatchObject({ count: 5400, price: 0.09 });
    expect(units).toMatchObject({ count: 5400, price: 0.005 });
    // The spare to three hosts, and three masters to three others each; then the viewers.
    expect(zones?.count).toBeCloseTo(2 * 1.8 * 3 * (3 + 9 + 1000), 5);
  });

  it('is not guessed for an instance type without a price', () => {
    const templates = [{ Resources: { a: template('x9z.huge'), b: plain('AWS::EC2::Instance', from('a')) } }];
    expect(() => idleMonth(templates, { prices: PRICES, metrics: 0 })).toThrow(
      'scripts/prices.json has no price for x9z.huge: add it',
    );
  });

  it('is shown for each region of the table, with the date of its prices', () => {
    const table = { date: '2026-01-02', source: 'made up', regions: { here: PRICES, there: PRICES } };
    const page = costPage({ templates: TEMPLATES, config: testConfig(), table });
    expect(page).toContain('Prices of 2026-01-02: made up.');
    expect(page).toContain('| hosts, c7g.large | 1,460 | hour | 146.00 | 146.00 |');
    expect(page).toContain('| to viewers | 5,400 | GB | 486.00 | 486.00 |');
  });
});
