import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Config } from '../../runtime/contract/config.ts';
import { planHosts } from '../config/deployment.ts';
import { planChannels } from '../config/planned-channel.ts';
import { homeOf } from '../config/program-home.ts';
import { topologyOf } from '../config/topology.ts';
import { AlarmTopic } from '../constructs/alarm-topic.ts';
import { type MetricSource, metricSource } from '../constructs/contract-metric.ts';
import { DashboardWidget } from '../constructs/dashboard-widget.ts';
import { FailoverControl } from '../constructs/failover-control.ts';
import { FailoverDashboard } from '../constructs/failover-dashboard.ts';
import { FunctionBundle } from '../constructs/function-bundle.ts';
import { HostLostAlarm } from '../constructs/host-alarms.ts';
import { InputLossAlarm } from '../constructs/input-loss-alarm.ts';
import type { ChannelNetwork } from '../constructs/live-channel.ts';
import { LiveChannels } from '../constructs/live-channels.ts';
import {
  MismatchAlarm,
  NoSpareLeftAlarm,
  type ProgramAlarmProps,
  ProgramOffAirAlarm,
} from '../constructs/program-alarms.ts';

export interface ControlStackProps extends StackProps {
  readonly config: Config;
  /**
   * A folder with the code of the functions.
   *
   * @default - it is built from the sources of this package
   */
  readonly functionsDirectory?: string;
  /**
   * Where MediaLive channels pull programs from: that of the hosts. Needed where `aws.mediaLive` asks for channels.
   *
   * @default - there are no channels
   */
  readonly network?: ChannelNetwork;
}

/**
 * What watches the hosts, and repairs: alarms, the topic that they go to, the control function, and the dashboard. It knows hosts
 * by their names and tags, as their metrics do, and never by their instances: it can change while all are on air, and they can
 * be replaced without it.
 */
export class ControlStack extends Stack {
  readonly topic: sns.Topic;
  /** By input, as `master/camera1`. */
  readonly inputLossAlarms: ReadonlyMap<string, cloudwatch.Alarm>;
  /** By the host's name. */
  readonly hostLostAlarms: ReadonlyMap<string, cloudwatch.Alarm>;
  /** By the program's name; none for programs that have the slate alone. */
  readonly programOffAirAlarms: ReadonlyMap<string, cloudwatch.Alarm>;
  /** By the program's name; none for programs that have the slate alone. */
  readonly mismatchAlarms: ReadonlyMap<string, cloudwatch.Alarm>;
  /** Nothing where there are no backups. */
  readonly noSpareLeftAlarm: cloudwatch.CompositeAlarm | undefined;
  /** Nothing where `aws.mediaLive` asks for none. */
  readonly channels: LiveChannels | undefined;
  readonly failoverControl: FailoverControl;
  readonly widget: DashboardWidget;
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, props: ControlStackProps) {
    super(scope, id, props);
    const { config, functionsDirectory: directory } = props;
    const hosts = planHosts(config);
    const source = metricSource(config);
    const { deployment } = source;
    this.topic = new AlarmTopic(this, 'AlarmTopic', { deployment, emails: config.aws.alarmEmails }).topic;

    this.inputLossAlarms = new Map(
      hosts.map(({ name, input }) => [
        input,
        new InputLossAlarm(this, `InputLoss-${name}`, { source, input }).alarm,
      ]),
    );
    this.hostLostAlarms = new Map(
      hosts.map(({ name: host }) => [
        host,
        new HostLostAlarm(this, `HostLost-${host}`, { source, host }).alarm,
      ]),
    );
    const homes = programsAtHome(config, source);
    this.programOffAirAlarms = new Map(
      homes.map((own) => [
        own.program,
        new ProgramOffAirAlarm(this, `ProgramOffAir-${own.program}`, own).alarm,
      ]),
    );
    this.mismatchAlarms = new Map(
      homes.map((own) => [own.program, new MismatchAlarm(this, `Mismatch-${own.program}`, own).alarm]),
    );
    const backups = hosts
      .filter(({ kind }) => kind === 'backup')
      .flatMap(({ input }) => this.inputLossAlarms.get(input) ?? []);
    if (backups.length > 0) {
      this.noSpareLeftAlarm = new NoSpareLeftAlarm(this, 'NoSpareLeft', { deployment, backups }).alarm;
    }

    this.channels = this.makeChannels(props);
    const functions = new FunctionBundle(this, 'Functions', {
      topology: topologyOf(config),
      ...(directory === undefined ? {} : { directory }),
    });
    this.failoverControl = this.makeFailoverControl(config, functions);

    const alarms: cloudwatch.AlarmBase[] = [
      ...this.programOffAirAlarms.values(),
      ...this.inputLossAlarms.values(),
      ...this.hostLostAlarms.values(),
      ...(this.noSpareLeftAlarm === undefined ? [] : [this.noSpareLeftAlarm]),
      ...(this.channels?.inputLossAlarms ?? []),
      ...this.mismatchAlarms.values(),
      ...this.failoverControl.alarms,
    ];
    const tell = new SnsAction(this.topic);
    for (const alarm of alarms) {
      alarm.addAlarmAction(tell);
      alarm.addOkAction(tell);
    }

    this.widget = new DashboardWidget(this, 'DashboardWidget', {
      config,
      functions,
      document: this.failoverControl.document,
    });
    this.dashboard = new FailoverDashboard(this, 'FailoverDashboard', {
      source,
      programs: config.programs,
      hosts: hosts.map(({ name }) => name),
      alarms,
      widget: this.widget.widget,
      control: this.failoverControl.function,
    }).dashboard;
    this.makeOutputs(deployment);
  }

  private makeFailoverControl(config: Config, functions: FunctionBundle): FailoverControl {
    const control = new FailoverControl(this, 'FailoverControl', {
      config,
      functions,
      topic: this.topic,
      ...(this.channels === undefined ? {} : { channels: this.channels.environment }),
    });
    this.channels?.grantSwitch(control.function);
    control.watch('input-loss', this.inputLossAlarms.values());
    control.watch('host-lost', this.hostLostAlarms.values());
    return control;
  }

  private makeOutputs(deployment: string): void {
    new CfnOutput(this, 'DashboardUrl', {
      description: 'The dashboard of the deployment',
      value: `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards/dashboard/${deployment}`,
    });
    new CfnOutput(this, 'AlarmTopicArn', {
      description: 'The topic that alarms go to',
      value: this.topic.topicArn,
    });
    new CfnOutput(this, 'ControlLogGroup', {
      description: 'What the control function saw, and did',
      value: this.failoverControl.function.logGroup.logGroupName,
    });
    new CfnOutput(this, 'DeadLetterQueue', {
      description: 'What the control function gave up',
      value: this.failoverControl.deadLetters.queueUrl,
    });
  }

  private makeChannels({ config, network }: ControlStackProps): LiveChannels | undefined {
    const planned = planChannels(config);
    if (planned.length === 0) return undefined;
    if (network === undefined) throw new Error('MediaLive channels need the network of the hosts');
    return new LiveChannels(this, 'Channels', {
      deployment: config.name,
      planned,
      network,
      rtmpPort: config.rtmp.port,
    });
  }
}

/** The programs that an alarm can watch: those with a home. */
function programsAtHome({ programs }: Config, source: MetricSource): ProgramAlarmProps[] {
  return programs.flatMap((program) => {
    const host = homeOf(program);
    return host === undefined ? [] : [{ source, program: program.name, host }];
  });
}
