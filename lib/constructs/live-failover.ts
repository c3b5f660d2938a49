import type { Environment } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Config } from '../../runtime/contract/config.ts';
import { resourceName } from '../config/resource-names.ts';
import { ControlStack } from '../stacks/control-stack.ts';
import { HostsStack } from '../stacks/hosts-stack.ts';
import { NetworkStack } from '../stacks/network-stack.ts';
import { HostRecoveryAlarm } from './host-alarms.ts';

export interface LiveFailoverProps {
  /** `readConfig(file)`: what `understudy.config.json` says, with its defaults. */
  readonly config: Config;
  /**
   * Where it is deployed.
   * @default - the region of `aws.region`, or that of the environment of the CDK; its account
   */
  readonly env?: Environment;
  /**
   * A folder with the host bundle.
   * @default - it is built from the sources of this package
   */
  readonly bundleDirectory?: string;
  /**
   * A folder with the code of the Lambda functions.
   * @default - it is built from the sources of this package
   */
  readonly functionsDirectory?: string;
}

/** A whole deployment, in three stacks that change at three paces. For an `App` or a `Stage`, not for a stack. */
export class LiveFailover extends Construct {
  /** Addresses and the load balancer: outlive all else. */
  readonly network: NetworkStack;
  /** Replaced host by host with each release. */
  readonly hosts: HostsStack;
  /** Alarms, control function and dashboard: change without touching a host. */
  readonly control: ControlStack;

  constructor(scope: Construct, id: string, props: LiveFailoverProps) {
    super(scope, id);
    const { config, bundleDirectory, functionsDirectory } = props;
    const { name, aws } = config;
    const env = props.env ?? (aws.region === undefined ? {} : { region: aws.region });
    const stack = (part: 'network' | 'hosts' | 'control', what: string) => ({
      config,
      env,
      stackName: resourceName(config, part),
      description: `Understudy ${name}: ${what}`,
    });
    this.network = new NetworkStack(this, 'Network', stack('network', 'addresses for encoders and viewers'));
    this.hosts = new HostsStack(this, 'Hosts', {
      ...stack('hosts', 'a host for each encoder'),
      network: this.network,
      ...(bundleDirectory === undefined ? {} : { bundleDirectory }),
    });
    for (const { planned, instance } of this.hosts.hosts) {
      new HostRecoveryAlarm(this.hosts, `HostRecovery-${planned.name}`, {
        deployment: name,
        host: planned.name,
        instanceId: instance.ref,
      });
    }
    this.control = new ControlStack(this, 'Control', {
      ...stack('control', 'alarms, control function and dashboard'),
      network: this.network,
      ...(functionsDirectory === undefined ? {} : { functionsDirectory }),
    });
  }
}
