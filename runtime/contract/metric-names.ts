/**
 * The metrics that hosts send to CloudWatch and that alarms and dashboards watch: both sides take them from here, so
 * that no alarm can wait for a metric that nobody sends. At 1 s resolution; docs/metrics.md says when each is sent.
 */

/** Where `metrics.cloudWatch.namespace` names no other. */
export const METRIC_NAMESPACE = 'Understudy';

/** As CloudWatch calls them (`StandardUnit` of PutMetricData). */
export type MetricUnit = 'Count' | 'Count/Second' | 'Kilobits/Second' | 'Milliseconds';

/** What a metric is about, and with that its dimensions. */
export type MetricSubject = 'input' | 'program' | 'host';

/** `Deployment` is the configuration's `name`, `Host` the host's own; `Input` is as `master/camera1`. */
export type MetricDimension = 'Deployment' | 'Host' | 'Input' | 'Program';

/** In the order in which they are sent and shown. An input's metrics come from the host that its encoder publishes to. */
export const METRIC_DIMENSIONS = {
  input: ['Deployment', 'Input'],
  program: ['Deployment', 'Host', 'Program'],
  host: ['Deployment', 'Host'],
} as const satisfies Record<MetricSubject, readonly MetricDimension[]>;

export interface MetricDefinition {
  readonly subject: MetricSubject;
  readonly unit: MetricUnit;
  readonly meaning: string;
}

export const METRICS = {
  InputLoss: {
    subject: 'input',
    unit: 'Count',
    meaning: '1 while the input cannot be shown: neither live nor degraded; else 0',
  },
  InputBitrate: {
    subject: 'input',
    unit: 'Kilobits/Second',
    meaning: 'video and audio, the mean of three seconds',
  },
  InputFrameRate: {
    subject: 'input',
    unit: 'Count/Second',
    meaning: 'video frames, the mean of three seconds',
  },
  ProgramOnBackup: {
    subject: 'program',
    unit: 'Count',
    meaning: '1 while anything but its first candidate is on air; else 0',
  },
  ProgramOffAir: {
    subject: 'program',
    unit: 'Count',
    meaning: '1 while it shows the slate, or nothing; else 0',
  },
  Switches: { subject: 'program', unit: 'Count', meaning: 'switches that were measured in this second' },
  SwitchHole: {
    subject: 'program',
    unit: 'Milliseconds',
    meaning: 'missing media time, the worst of the switches of this second; nothing without one',
  },
  Viewers: { subject: 'program', unit: 'Count', meaning: 'viewers that play it from this host' },
  ViewerSkips: {
    subject: 'program',
    unit: 'Count',
    meaning: 'times that a viewer was too slow in this second, and skipped to a keyframe',
  },
  Mismatches: {
    subject: 'program',
    unit: 'Count',
    meaning:
      'ways in which its inputs differ, so that a player may notice a switch; docs/failover.md has them',
  },
  Heartbeat: { subject: 'host', unit: 'Count', meaning: '1 while the host serves; nothing otherwise' },
  EventLoopDelay: {
    subject: 'host',
    unit: 'Milliseconds',
    meaning: 'how long anything had to wait for its turn, the worst of this second',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/**
 * What the control function reports of itself, in the same namespace, with `Deployment` as the only dimension. It writes
 * them into its log, in CloudWatch's embedded metric format.
 */
export const CONTROL_METRICS = {
  ControlCommands: { unit: 'Count', meaning: 'commands that it gave to hosts in one run' },
  ControlFailures: {
    unit: 'Count',
    meaning: 'commands that a host did not carry out, or did not answer in time',
  },
  ControlRepairs: {
    unit: 'Count',
    meaning: 'commands that reconciliation had to give: an event was lost before',
  },
  ControlSilentHosts: { unit: 'Count', meaning: 'hosts that did not say how they are' },
  ControlDuration: { unit: 'Milliseconds', meaning: 'how long the run took' },
} as const satisfies Record<string, Pick<MetricDefinition, 'unit' | 'meaning'>>;

export type ControlMetricName = keyof typeof CONTROL_METRICS;
