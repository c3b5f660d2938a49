import { hostname } from 'node:os';
import { type Config, NAME_PATTERN } from './contract/config.ts';
import type { ConfigProblem } from './contract/config-problems.ts';
import { listed, nearest } from './contract/wording.ts';

/** How a host is told which one it is, besides `host` in the configuration. */
export interface HostChoice {
  /** `--host` */
  readonly host?: string;
  /** `--edge`: it takes no inputs, and need not be among the hosts of the configuration. */
  readonly edge: boolean;
}

const VARIABLE = 'UNDERSTUDY_HOST';

/** The configuration of the host that was chosen: by the command line, else the environment, else the file. */
export function chooseHost(
  config: Config,
  { host, edge }: HostChoice,
  env: Readonly<Record<string, string | undefined>>,
): { readonly config: Config } | { readonly problem: ConfigProblem } {
  const name = host ?? (env[VARIABLE] || undefined) ?? config.host;
  if (config.hosts === undefined) {
    // One machine that does it all: any name will do.
    return { config: { ...config, host: name ?? hostname() } };
  }
  const inputs = config.hosts.find((entry) => entry.name === name)?.inputs ?? [];
  if (edge && inputs.length > 0) return { problem: notAnEdge(name, inputs) };
  const known = config.hosts.map((entry) => entry.name);
  if (name !== undefined && known.includes(name)) return { config: { ...config, host: name } };
  if (edge && name !== undefined && NAME_PATTERN.test(name)) return { config: { ...config, host: name } };
  return { problem: { key: 'host', value: name, allowed: listed(known), fix: fixOf(name, known, edge) } };
}

/** Two machines that both take one name would push and take over from each other without an end. */
function notAnEdge(name: string | undefined, inputs: readonly string[]): ConfigProblem {
  const fix = `Leave --edge out, or give the edge a name of its own: this one takes ${inputs.join(', ')}.`;
  return { key: 'host', value: name, allowed: 'a host without inputs, because of --edge', fix };
}

function fixOf(name: string | undefined, known: readonly string[], edge: boolean): string {
  const how = `--host NAME, or the environment variable ${VARIABLE}`;
  if (name === undefined) return `Say which of the hosts this one is: ${how}.`;
  if (edge) return 'Give the edge a name of lower-case letters, digits, - and _.';
  const near = nearest(name, known);
  return near === undefined
    ? `Name one of the hosts by ${how}; or add --edge, for a host that takes no inputs and is not in the list.`
    : `Did you mean "${near}"?`;
}
