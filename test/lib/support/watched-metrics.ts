import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

/** A series of a metric that an alarm or a dashboard watches. */
export interface WatchedMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** As the alarm says; dashboards say none. */
  readonly unit?: string;
  /** Names of dimensions that may have any value. */
  readonly free: readonly string[];
}

interface AlarmProperties {
  readonly AlarmName: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Unit?: string;
  readonly Dimensions: ReadonlyArray<{ readonly Name: string; readonly Value: string }>;
}

export function alarmProperties(stack: Stack): Array<AlarmProperties & Record<string, unknown>> {
  const alarms = Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm');
  return Object.values(alarms).map(({ Properties }) => Properties);
}

export function watchedByAlarms(stack: Stack): WatchedMetric[] {
  return alarmProperties(stack).map(({ Namespace, MetricName, Dimensions, Unit }) => ({
    namespace: Namespace,
    metric: MetricName,
    dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
    ...(Unit === undefined ? {} : { unit: Unit }),
    free: [],
  }));
}

interface Widget {
  readonly type: string;
  readonly properties: { readonly metrics?: ReadonlyArray<readonly unknown[]> };
}

export function widgetsOf(stack: Stack): Widget[] {
  const dashboards = Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard');
  return Object.values(dashboards).flatMap(({ Properties }) => {
    const body: string | { 'Fn::Join': [string, unknown[]] } = Properties.DashboardBody;
    const text =
      typeof body === 'string'
        ? body
        : body['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'TOKEN')).join('');
    return (JSON.parse(text) as { widgets: Widget[] }).widgets;
  });
}

const SEARCH = /^SEARCH\('\{([^}]+)\} (.+)', '(\w+)', (\d+)\)$/;

/** `["Understudy", "InputLoss", "Deployment", "x", …, {…}]`, or `[{ expression }]` with a search. */
export function watchedByDashboard(stack: Stack): WatchedMetric[] {
  return widgetsOf(stack).flatMap(({ properties }) =>
    (properties.metrics ?? []).map((row) => {
      const last = row.at(-1);
      const isSearch = row.length === 1 && typeof last === 'object' && last !== null && 'expression' in last;
      return isSearch ? watchedBySearch(String(last.expression)) : watchedByRow(row);
    }),
  );
}

function watchedByRow(row: readonly unknown[]): WatchedMetric {
  const [namespace = '', metric = '', ...pairs] = row.filter((part) => typeof part === 'string');
  const dimensions: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2) {
    dimensions[pairs[index] ?? ''] = pairs[index + 1] ?? '';
  }
  return { namespace, metric, dimensions, free: [] };
}

function watchedBySearch(expression: string): WatchedMetric {
  const [, schema = '', terms = ''] = SEARCH.exec(expression) ?? [];
  if (schema === '') throw new Error(`not a search: ${expression}`);
  const [namespace = '', ...names] = schema.split(',').map((part) => part.replaceAll('"', ''));
  const given = new Map(
    terms.split(' ').map((term) => {
      const [name = '', value = ''] = term.split('=').map((part) => part.replaceAll('"', ''));
      return [name, value];
    }),
  );
  const metric = given.get('MetricName') ?? '';
  given.delete('MetricName');
  return {
    namespace,
    metric,
    dimensions: Object.fromEntries(given),
    free: names.filter((name) => !given.has(name)),
  };
}
