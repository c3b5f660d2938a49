/** What other CDK apps can use: `import { LiveFailover } from 'understudy'`. */
export { type PlannedHost, planHosts } from './config/deployment.ts';
export { type PlannedChannel, planChannels } from './config/planned-channel.ts';
export { readConfig } from './config/read-config.ts';
export { topologyOf } from './config/topology.ts';
export { CommandDocument, type CommandDocumentProps } from './constructs/command-document.ts';
export { type MetricSource, metricSource } from './constructs/contract-metric.ts';
export { DashboardWidget, type DashboardWidgetProps } from './constructs/dashboard-widget.ts';
export { FailoverControl, type FailoverControlProps } from './constructs/failover-control.ts';
export { FailoverDashboard, type FailoverDashboardProps } from './constructs/failover-dashboard.ts';
export { FunctionBundle, type FunctionBundleProps } from './constructs/function-bundle.ts';
export {
  HostLostAlarm,
  type HostLostAlarmProps,
  HostRecoveryAlarm,
  type HostRecoveryAlarmProps,
} from './constructs/host-alarms.ts';
export { InputLossAlarm, type InputLossAlarmProps } from './constructs/input-loss-alarm.ts';
export { type ChannelNetwork, LiveChannel, type LiveChannelProps } from './constructs/live-channel.ts';
export { LiveChannels, type LiveChannelsProps } from './constructs/live-channels.ts';
export { LiveFailover, type LiveFailoverProps } from './constructs/live-failover.ts';
export { MultiplexerHost, type MultiplexerHostProps } from './constructs/multiplexer-host.ts';
export {
  MismatchAlarm,
  NoSpareLeftAlarm,
  type NoSpareLeftAlarmProps,
  type ProgramAlarmProps,
  ProgramOffAirAlarm,
} from './constructs/program-alarms.ts';
export { ViewerEntrance, type ViewerEntranceProps } from './constructs/viewer-entrance.ts';
export { ControlStack, type ControlStackProps } from './stacks/control-stack.ts';
export { HostsStack, type HostsStackProps } from './stacks/hosts-stack.ts';
export { NetworkStack, type NetworkStackProps } from './stacks/network-stack.ts';
