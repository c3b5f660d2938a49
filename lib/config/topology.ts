import type { Config } from '../../runtime/contract/config.ts';
import type { Topology } from '../../runtime/contract/topology.ts';
import { planHosts } from './deployment.ts';
import { metricNamespaceOf } from './metric-namespace.ts';
import { homeOf } from './program-home.ts';

/** What the control function and the widget are told of their deployment. */
export function topologyOf(config: Config): Topology {
  return {
    deployment: config.name,
    namespace: metricNamespaceOf(config),
    hosts: planHosts(config).map(({ name, input, kind }) => ({ name, input, kind })),
    programs: config.programs.map((program) => ({
      name: program.name,
      candidates: program.candidates,
      home: homeOf(program) ?? null,
    })),
  };
}
