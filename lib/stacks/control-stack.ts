import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Config } from '../../runtime/contract/config.ts';
import type { PlannedHost } from '../config/deployment.ts';
import { planChannels } from '../config/planned-channel.ts';
import { homeOf } from '../config/program-home.ts';
import { AlarmTopic } from '../constructs/alarm-topic.ts';
import { metricSource } from '../constructs/contract-metric.ts';
import { FailoverDashboard } from '../constructs/failover-dashboard.ts';
import { HostLostAlarm } from '../constructs/host-alarms.ts';
import { InputLossAlarm } from '../constructs/input-loss-alarm.ts';
import type { ChannelNetwork } from '../constructs/live-channel.ts';
import { LiveChannels } from '../constructs/live-channels.ts';
import { NoSpareLeftAlarm, ProgramOffAirAlarm } from '../constructs/program-alarms.ts';

export interface ControlStackProps extends StackProps {
  readonly config: Pick<Config, 'name' | 'metrics' | 'masters' | 'backups' | 'programs' | 'rtmp' | 'aws'>;
  /** `planHosts(config)` */
  readonly hosts: ReadonlyArray<Pick<PlannedHost, 'name' | 'input' | 'kind'>>;
  /**
   * Where MediaLive channels pull programs from: that of the hosts. Needed where `aws.mediaLive` asks for channels.
   *
   * @default - there are no channels
   */
  readonly network?: ChannelNetwork;
}

/**
 * What watches the hosts: alarms, the topic that they go to, and the dashboard. It knows hosts by their names, as their
 * metrics do, and never by their instances: it can change while all are on air, and they can be replaced without it.
 */
export class ControlStack extends Stack {
  readonly topic: sns.Topic;
  /** By input, as `master/camera1`. */
  readonly inputLossAlarms: ReadonlyMap<string, cloudwatch.Alarm>;
  /** By the host's name. */
  readonly hostLostAlarms: ReadonlyMap<string, cloudwatch.Alarm>;
  /** By the program's name; none for programs that have the slate alone. */
  readonly programOffAirAlarms: ReadonlyMap<string, cloudwatch.Alarm>;
  /** Nothing where there are no backups. */
  readonly noSpareLeftAlarm: cloudwatch.CompositeAlarm | undefined;
  /** Nothing where `aws.mediaLive` asks for none. */
  readonly channels: LiveChannels | undefined;
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, props: ControlStackProps) {
    super(scope, id, props);
    const { config, hosts } = props;
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
    this.programOffAirAlarms = new Map(
      config.programs.flatMap((own) => {
        const { name: program } = own;
        const host = homeOf(own);
        if (host === undefined) return [];
        const props = { source, program, host };
        return [[program, new ProgramOffAirAlarm(this, `ProgramOffAir-${program}`, props).alarm] as const];
      }),
    );
    const backups = hosts
      .filter(({ kind }) => kind === 'backup')
      .flatMap(({ input }) => this.inputLossAlarms.get(input) ?? []);
    if (backups.length > 0) {
      this.noSpareLeftAlarm = new NoSpareLeftAlarm(this, 'NoSpareLeft', { deployment, backups }).alarm;
    }

    this.channels = this.makeChannels(props);

    const alarms: cloudwatch.AlarmBase[] = [
      ...this.programOffAirAlarms.values(),
      ...this.inputLossAlarms.values(),
      ...this.hostLostAlarms.values(),
      ...(this.noSpareLeftAlarm === undefined ? [] : [this.noSpareLeftAlarm]),
      ...(this.channels?.inputLossAlarms ?? []),
    ];
    const tell = new SnsAction(this.topic);
    for (const alarm of alarms) {
      alarm.addAlarmAction(tell);
      alarm.addOkAction(tell);
    }

    this.dashboard = new FailoverDashboard(this, 'FailoverDashboard', {
      source,
      programs: config.programs,
      hosts: hosts.map(({ name }) => name),
      alarms,
    }).dashboard;

    new CfnOutput(this, 'DashboardUrl', {
      description: 'The dashboard of the deployment',
      value: `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards/dashboard/${deployment}`,
    });
    new CfnOutput(this, 'AlarmTopicArn', {
      description: 'The topic that alarms go to',
      value: this.topic.topicArn,
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
