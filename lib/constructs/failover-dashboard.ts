import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { ProgramConfig } from '../../runtime/contract/config.ts';
import { homeOf } from '../config/program-home.ts';
import { contractMetric, controlMetric, type MetricSource, seriesOfAllHosts } from './contract-metric.ts';

export interface FailoverDashboardProps {
  /** Who sends the metrics: `metricSource(config)`. */
  readonly source: MetricSource;
  /** A row for each, in this order. */
  readonly programs: ReadonlyArray<Pick<ProgramConfig, 'name' | 'candidates'>>;
  /** The names of the hosts that take inputs. */
  readonly hosts: readonly string[];
  /**
   * Whose states stand at the top.
   * @default none
   */
  readonly alarms?: readonly cloudwatch.IAlarm[];
  /**
   * Stands above all else: `DashboardWidget.widget`.
   * @default none
   */
  readonly widget?: cloudwatch.IWidget;
  /**
   * The control function, which gets a row of its own.
   * @default none
   */
  readonly control?: lambda.IFunction;
}

/** CloudWatch keeps periods under a minute for three hours only: graphs that reach further back need a minute. */
const MINUTE = Duration.minutes(1);
const WIDGET = { width: 6, height: 6 } as const;
const HALF = { width: 12, height: 6 } as const;

/**
 * A deployment at a glance: the widget, the alarms, a row for each program (on air now, its inputs, switches, viewers), the
 * hosts, and the control function.
 * What is on air comes from the program's home; switches and viewers from all hosts that show it, edges included.
 */
export class FailoverDashboard extends Construct {
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, props: FailoverDashboardProps) {
    super(scope, id);
    const { source, programs, hosts, alarms = [], widget, control } = props;
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: source.deployment,
      defaultInterval: Duration.hours(1),
    });
    if (widget !== undefined) this.dashboard.addWidgets(widget);
    if (alarms.length > 0) {
      this.dashboard.addWidgets(
        new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 5 }),
      );
    }
    for (const program of programs) {
      this.dashboard.addWidgets(
        new cloudwatch.TextWidget({ markdown: `## live/${program.name}`, width: 24, height: 1 }),
      );
      this.dashboard.addWidgets(...programRow(source, program));
    }
    this.dashboard.addWidgets(...hostRow(source, hosts));
    if (control !== undefined) this.dashboard.addWidgets(...controlRow(source, control));
  }
}

function programRow(
  source: MetricSource,
  program: Pick<ProgramConfig, 'name' | 'candidates'>,
): cloudwatch.IWidget[] {
  const { name, candidates } = program;
  const inputs = candidates.filter((candidate) => candidate !== 'slate');
  const ofInputs = (metric: 'InputBitrate' | 'InputFrameRate', what: string) =>
    inputs.map((input) =>
      contractMetric(
        metric,
        source,
        { Input: input },
        { statistic: 'Average', period: MINUTE, label: `${input} ${what}` },
      ),
    );
  const everywhere = (metric: 'Switches' | 'SwitchHole' | 'Viewers' | 'ViewerSkips', label: string) =>
    seriesOfAllHosts(metric, source, name, {
      statistic: metric === 'Switches' || metric === 'ViewerSkips' ? 'Sum' : 'Maximum',
      period: MINUTE,
      label,
    });
  return [
    ...onAirNow(source, program),
    new cloudwatch.GraphWidget({
      ...WIDGET,
      title: 'Inputs',
      left: ofInputs('InputBitrate', 'kbit/s'),
      right: ofInputs('InputFrameRate', 'frames/s'),
      leftYAxis: { label: 'kbit/s', showUnits: false, min: 0 },
      rightYAxis: { label: 'frames/s', showUnits: false, min: 0 },
    }),
    new cloudwatch.GraphWidget({
      ...WIDGET,
      title: 'Switches, and what they left out',
      left: [everywhere('Switches', 'switches')],
      right: [everywhere('SwitchHole', 'hole')],
      leftYAxis: { label: 'switches', showUnits: false, min: 0 },
      rightYAxis: { label: 'ms', showUnits: false, min: 0 },
    }),
    new cloudwatch.GraphWidget({
      ...WIDGET,
      title: 'Viewers',
      left: [everywhere('Viewers', 'viewers')],
      right: [everywhere('ViewerSkips', 'skips')],
      stacked: true,
      leftYAxis: { label: 'viewers', showUnits: false, min: 0 },
      rightYAxis: { label: 'skips', showUnits: false, min: 0 },
    }),
  ];
}

/** 1 or 0 for each thing that can be wrong. Nothing for a program that has no home. */
function onAirNow(
  source: MetricSource,
  program: Pick<ProgramConfig, 'name' | 'candidates'>,
): cloudwatch.IWidget[] {
  const host = homeOf(program);
  if (host === undefined) return [];
  const names = { Host: host, Program: program.name };
  const figure = (metric: 'ProgramOnBackup' | 'ProgramOffAir', label: string) =>
    contractMetric(metric, source, names, { statistic: 'Maximum', label });
  return [
    new cloudwatch.SingleValueWidget({
      ...WIDGET,
      title: 'On air now (1 is yes)',
      metrics: [figure('ProgramOnBackup', 'on a backup'), figure('ProgramOffAir', 'off the air')],
      setPeriodToTimeRange: false,
    }),
  ];
}

function hostRow(source: MetricSource, hosts: readonly string[]): cloudwatch.IWidget[] {
  const of = (metric: 'Heartbeat' | 'EventLoopDelay', statistic: 'Sum' | 'Maximum') =>
    hosts.map((host) =>
      contractMetric(metric, source, { Host: host }, { statistic, period: MINUTE, label: host }),
    );
  return [
    new cloudwatch.GraphWidget({
      ...HALF,
      title: 'Hosts: heartbeats a minute (60 is well)',
      left: of('Heartbeat', 'Sum'),
      leftYAxis: { showUnits: false, min: 0 },
    }),
    new cloudwatch.GraphWidget({
      ...HALF,
      title: 'Hosts: the longest that anything had to wait',
      left: of('EventLoopDelay', 'Maximum'),
      leftYAxis: { label: 'ms', showUnits: false, min: 0 },
    }),
  ];
}

function controlRow(source: MetricSource, control: lambda.IFunction): cloudwatch.IWidget[] {
  const sum = { statistic: 'Sum', period: MINUTE } as const;
  const longest = { statistic: 'Maximum', period: MINUTE } as const;
  return [
    new cloudwatch.GraphWidget({
      ...HALF,
      title: 'Control function: what it did',
      left: [
        controlMetric('ControlCommands', source, { ...sum, label: 'commands' }),
        controlMetric('ControlRepairs', source, { ...sum, label: 'of these, repairs of lost events' }),
        controlMetric('ControlFailures', source, { ...sum, label: 'commands not carried out' }),
        controlMetric('ControlSilentHosts', source, { ...longest, label: 'hosts that do not answer' }),
        control.metricErrors({ ...sum, label: 'errors' }),
      ],
      leftYAxis: { showUnits: false, min: 0 },
    }),
    new cloudwatch.GraphWidget({
      ...HALF,
      title: 'Control function: how long it took',
      left: [
        controlMetric('ControlDuration', source, { ...longest, label: 'a run' }),
        control.metricDuration({ ...longest, label: 'a run, with its start' }),
      ],
      leftYAxis: { label: 'ms', showUnits: false, min: 0 },
    }),
  ];
}
