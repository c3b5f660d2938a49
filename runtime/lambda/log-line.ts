import { CONTROL_METRICS, type ControlMetricName } from '../contract/metric-names.ts';
import { fitted } from './fitted.ts';
import type { HostReport } from './plan.ts';
import { countOutcomes, type RunRecord } from './run-record.ts';

/** An event of CloudWatch Logs holds 256 KB; a longer line would be cut in two, and be no JSON any more. */
const LONGEST_LINE_BYTES = 240_000;

/** The one line that a run writes: for people and searches, and, in CloudWatch's embedded metric format, its metrics. */
export function logLine(record: RunRecord): string {
  const { topology, event, at, durationMs, problems } = record;
  const metrics = metricsOf(record);
  const isGood = problems.length === 0 && metrics.ControlFailures === 0;
  return fitted(
    {
      _aws: embeddedMetrics(topology.namespace, at),
      level: isGood ? 'info' : 'error',
      time: Math.round(at),
      event: 'control',
      msg: summarize(record),
      cause: event,
      durationMs: Math.round(durationMs),
      problems,
      commands: record.commands.map(({ planned, hosts }) => ({ ...planned, hosts })),
      findings: record.findings,
      hosts: [...record.hosts].map(([host, report]) => `${host}: ${describeReport(report)}`),
      alarms: [...record.alarms].map(([alarm, { state }]) => `${alarm}: ${state}`),
      Deployment: topology.deployment,
      ...metrics,
    },
    LONGEST_LINE_BYTES,
  );
}

function metricsOf({ event, durationMs, hosts, commands }: RunRecord): Record<ControlMetricName, number> {
  return {
    ControlCommands: countOutcomes({ commands }, 'all'),
    ControlFailures: countOutcomes({ commands }, 'failed'),
    ControlRepairs: event.kind === 'reconcile' ? countOutcomes({ commands }, 'all') : 0,
    ControlSilentHosts: [...hosts.values()].filter(({ kind }) => kind === 'silent').length,
    ControlDuration: Math.round(durationMs),
  };
}

function embeddedMetrics(namespace: string, at: number): object {
  const metrics = Object.entries(CONTROL_METRICS).map(([Name, { unit }]) => ({ Name, Unit: unit }));
  return {
    Timestamp: Math.round(at),
    CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [['Deployment']], Metrics: metrics }],
  };
}

function summarize({ event, commands, problems }: RunRecord): string {
  const cause = event.kind === 'alarm' ? `${event.alarm} is ${event.state}` : 'reconciliation';
  const failed = countOutcomes({ commands }, 'failed');
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  return [
    cause,
    commands.length === 0 ? 'nothing to do' : count(commands.length, 'command'),
    ...(failed === 0 ? [] : [`not carried out on ${count(failed, 'host')}`]),
    ...problems,
  ].join('; ');
}

function describeReport(report: HostReport): string {
  return report.kind === 'silent' ? `silent, ${report.why}` : `${report.summary.state}, ${report.instance}`;
}
