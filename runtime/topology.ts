import { type Config, configuredInputs, type HostConfig } from './contract/config.ts';

/** A host as the others reach it. */
export interface PeerHost {
  readonly name: string;
  readonly address: string;
  readonly rtmpPort: number;
}

/** What this host does with an input. */
export type InputRole =
  /** Encoders publish it here. `pushedTo`: the hosts that get it all the time. */
  | { readonly role: 'owned'; readonly pushedTo: readonly PeerHost[] }
  /** Its owner pushes it here all the time. */
  | { readonly role: 'pushed'; readonly owner: PeerHost }
  /** It is pulled from its owner while somebody needs it. */
  | { readonly role: 'pulled'; readonly owner: PeerHost };

/**
 * What this host does with each input, by name; pure. An input has one owner, and travels from there to any other host in one
 * step: what was relayed is never relayed on, so there can be no loop.
 */
export function inputRoles(config: Config): Map<string, InputRole> {
  const names = configuredInputs(config).map(({ input }) => input);
  const { hosts } = config;
  if (hosts === undefined) return new Map(names.map((name) => [name, { role: 'owned', pushedTo: [] }]));
  return new Map(names.map((name) => [name, roleOf(name, hosts, config)]));
}

function roleOf(input: string, hosts: readonly HostConfig[], config: Config): InputRole {
  const owner = hosts.find(({ inputs }) => inputs.includes(input));
  if (owner === undefined) throw new Error(`the configuration let through ${input}, which no host takes`);
  const peer = (host: HostConfig): PeerHost => ({
    name: host.name,
    address: host.address,
    rtmpPort: host.rtmpPort ?? config.rtmp.port,
  });
  const pushedTo = pushTargets(input, owner, hosts);
  if (owner.name === config.host) return { role: 'owned', pushedTo: pushedTo.map(peer) };
  const isPushed = pushedTo.some(({ name }) => name === config.host);
  return { role: isPushed ? 'pushed' : 'pulled', owner: peer(owner) };
}

/** Backups are pushed, by default to every host that takes a master: it must have them when it needs them. */
function pushTargets(input: string, owner: HostConfig, hosts: readonly HostConfig[]): HostConfig[] {
  if (!input.startsWith('backup/')) return [];
  const others = hosts.filter(({ name }) => name !== owner.name);
  const { relays } = owner;
  return relays === undefined
    ? others.filter(({ inputs }) => inputs.some((name) => name.startsWith('master/')))
    : others.filter(({ name }) => relays.includes(name));
}
