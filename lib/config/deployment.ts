import { type Config, configuredInputs } from '../../runtime/contract/config.ts';

/** One EC2 host of the deployment, and the input that encoders publish to it. */
export interface PlannedHost {
  /** `master-camera1`: its name in the runtime's configuration, in metrics, in DNS and in construct ids. */
  readonly name: string;
  /** `master/camera1` */
  readonly input: string;
  readonly kind: 'master' | 'backup';
  /** Index of its availability zone among those of the network, from 0. */
  readonly zone: number;
  readonly instanceType: string;
}

/** The name of the host that takes an input. */
export function hostNameOf(input: string): string {
  return input.replace('/', '-');
}

/** The DNS name under which the hosts reach each other, in the network's private zone. */
export const PRIVATE_DOMAIN = 'understudy.internal';

/** The credentials that all hosts have. */
export const RELAY_CREDENTIAL = 'relay.key';
export const PLAY_CREDENTIAL = 'play.key';

/**
 * The hosts of a deployment, the masters first. Masters go round the zones; backups go round from the last zone on, so that
 * the zone that takes a backup with it does not take all masters, unless the configuration puts them there.
 */
export function planHosts(config: Pick<Config, 'masters' | 'backups' | 'aws'>): PlannedHost[] {
  const { zones, hosts, instanceType } = config.aws;
  let masters = 0;
  let backups = 0;
  return configuredInputs(config).map(({ input }) => {
    const kind = input.startsWith('master/') ? 'master' : 'backup';
    const own = hosts.find((host) => host.input === input);
    const turn = kind === 'master' ? masters++ : zones - 1 - (backups++ % zones);
    return {
      name: hostNameOf(input),
      input,
      kind,
      zone: own?.zone === undefined ? turn % zones : own.zone - 1,
      instanceType: own?.instanceType ?? instanceType,
    };
  });
}

/**
 * The configuration that every host of the deployment is given: that of the file, with the hosts as they are planned. What
 * differs between hosts (its own name) and what is secret (keys, as systemd credentials) is not in it.
 */
export function hostConfig(config: Config): Record<string, unknown> {
  const planned = planHosts(config);
  const { $schema: _, aws: _aws, host: _host, masters, backups, relay, metrics, control, ...rest } = config;
  const withCredential = (prefix: string) => (input: { readonly name: string }) => ({
    ...input,
    key: { credential: `${prefix}-${input.name}.key` },
  });
  return {
    ...rest,
    masters: masters.map(withCredential('master')),
    backups: backups.map(withCredential('backup')),
    hosts: planned.map(({ name, input }) => ({
      name,
      address: `${name}.${PRIVATE_DOMAIN}`,
      inputs: [input],
    })),
    relay: { ...relay, key: { credential: RELAY_CREDENTIAL } },
    // The load balancer leads everybody to port 8080, and to a host by chance.
    control: { ...control, remote: false },
    metrics: { ...metrics, cloudWatch: { ...(metrics.cloudWatch || {}) } },
  };
}
