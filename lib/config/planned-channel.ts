import type { AwsConfig, Config } from '../../runtime/contract/config.ts';
import { planHosts } from './deployment.ts';
import { homeOf, standInOf } from './program-home.ts';

/** One MediaLive channel of the deployment. */
export interface PlannedChannel {
  /** What the configuration says of it. */
  readonly config: AwsConfig['mediaLive'][number];
  /** The host that it pulls the program from. */
  readonly home: string;
  /** The host that it pulls the program from while the home is lost. */
  readonly backup: string;
  /**
   * Where its pipelines stand, one for each: indices of zones among those of the network, from 0. The first is the zone of
   * the backup: what takes the home host's zone away must not take the channel with it.
   */
  readonly zones: readonly number[];
}

/** The channels of a deployment, in the order of the configuration. Throws where its mistakes have not been reported before. */
export function planChannels(
  config: Pick<Config, 'masters' | 'backups' | 'programs' | 'aws'>,
): PlannedChannel[] {
  const zoneOf = new Map(planHosts(config).map(({ name, zone }) => [name, zone]));
  return config.aws.mediaLive.map((own) => {
    const program = config.programs.find(({ name }) => name === own.program);
    const home = program && homeOf(program);
    const backup = program && standInOf(program);
    if (home === undefined || backup === undefined) throw new Error(`${own.program} has no two hosts`);
    const first = zoneOf.get(backup) ?? 0;
    const second = zoneOf.get(home) ?? 0;
    const other = second === first ? (first + 1) % config.aws.zones : second;
    return { config: own, home, backup, zones: own.pipelines === 1 ? [first] : [first, other] };
  });
}
