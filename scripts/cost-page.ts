import type { Config } from '../runtime/contract/config.ts';
import { CONTROL_METRICS, METRICS } from '../runtime/contract/metric-names.ts';
import {
  type CloudTemplate,
  type CostLine,
  costOf,
  type EventPlan,
  eventExtra,
  idleMonth,
  type Prices,
} from './cost.ts';

export interface PriceTable {
  /** When the prices were looked at. */
  readonly date: string;
  readonly source: string;
  readonly regions: Readonly<Record<string, Prices>>;
}

const EVENT = { hours: 3, viewers: 1000, viewerMbps: 4 } as const;
const HOURS_A_MONTH = 730;

type PricedConfig = Pick<Config, 'masters' | 'backups' | 'programs' | 'aws'>;

/** `docs/cost.md` as it should be. */
export function costPage(given: {
  readonly templates: readonly CloudTemplate[];
  readonly config: PricedConfig;
  readonly table: PriceTable;
}): string {
  const { templates, config, table } = given;
  const regions = Object.keys(table.regions);
  const perRegion = <T>(make: (prices: Prices) => T): T[] => Object.values(table.regions).map(make);
  const plan: EventPlan = {
    ...EVENT,
    masters: config.masters.length,
    backups: config.backups.length,
  };
  const metrics = metricsWhileIdle(config);
  const idle = perRegion((prices) => idleMonth(templates, { prices, metrics }));
  const extra = perRegion((prices) => eventExtra(plan, prices));
  const day = idle.map((lines, index) => (costOf(lines) * 24) / HOURS_A_MONTH + costOf(extra[index] ?? []));
  return `# Cost

Made by \`npm run cost\` from the templates of a deployment (${config.masters.length} masters, ${backupsOf(config)}) and
\`scripts/prices.json\`. Prices of ${table.date}: ${table.source}. Another configuration:
\`npm run cost -- --config FILE\` prints this page for it.

| in USD | ${regions.join(' | ')} |
|---|${regions.map(() => '---:|').join('')}
| a month in which nothing happens | ${idle.map((lines) => usd(costOf(lines))).join(' | ')} |
| an event of ${EVENT.hours} hours with ${figure(EVENT.viewers)} viewers at ${EVENT.viewerMbps} Mbit/s, on top | ${extra.map((lines) => usd(costOf(lines))).join(' | ')} |
| the same event, deployed for a day and removed after it | ${day.map(usd).join(' | ')} |

What viewers take is nearly all of an event. It is the same price for any software on AWS that serves them from there; a CDN in
front has other prices.

## A month in which nothing happens

${costTable(idle, regions)}

## What the event adds

${costTable(extra, regions)}

## Not counted

Taxes, discounts and free tiers; logs (some hundred MB an event) and what is put into them; requests to S3, SQS and Secrets
Manager; e-mails; a look at the dashboard, which runs a function; CloudFront, MediaLive and certificates' names, which are off by
default; edges beyond the least number; Elastic IPs that are kept after the deployment has been removed, at the price of other
public addresses. Systems Manager's Run Command is free. Prices for traffic sink with its volume.
`;
}

/** Each program is reported by its home; elsewhere it rests while nobody plays it. Holes are sent with switches only. */
function metricsWhileIdle({ masters, backups, programs, aws }: PricedConfig): number {
  const inputs = masters.length + backups.length;
  const edges = aws.edges === false ? 0 : aws.edges.min;
  const of = (subject: string) =>
    Object.values(METRICS).filter((metric) => metric.subject === subject).length;
  return (
    inputs * (of('input') + of('host')) +
    edges * of('host') +
    programs.length * (of('program') - 1) +
    Object.keys(CONTROL_METRICS).length
  );
}

function backupsOf({ backups }: PricedConfig): string {
  return backups.length === 1 ? '1 backup' : `${backups.length} backups`;
}

/** Counts are the same in all regions: they come from the same templates. */
function costTable(perRegion: ReadonlyArray<readonly CostLine[]>, regions: readonly string[]): string {
  const [first = []] = perRegion;
  const rows = first.map(({ what, count, unit }, index) => {
    const sums = perRegion.map((lines) => {
      const line = lines[index];
      return usd(line === undefined ? 0 : line.count * line.price);
    });
    return `| ${what} | ${figure(count)} | ${unit} | ${sums.join(' | ')} |`;
  });
  const totals = perRegion.map((lines) => usd(costOf(lines)));
  return [
    `| what | how many | unit | ${regions.join(' | ')} |`,
    `|---|---:|---|${regions.map(() => '---:|').join('')}`,
    ...rows,
    `| **together** | | | ${totals.join(' | ')} |`,
  ].join('\n');
}

const usd = (value: number): string => grouped(value.toFixed(2));
const figure = (value: number): string => grouped(String(Math.round(value)));

/** 1234567.89 as 1,234,567.89, whatever the locale of the machine. */
function grouped(digits: string): string {
  return digits.replace(/\B(?=(?:\d{3})+(?!\d))(?<!\.\d*)/g, ',');
}
