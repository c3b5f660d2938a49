import type { Config } from '../../runtime/contract/config.ts';
import { METRIC_NAMESPACE } from '../../runtime/contract/metric-names.ts';

/** The namespace that the hosts of a deployment send metrics to, and its control function. */
export function metricNamespaceOf({ metrics }: Pick<Config, 'metrics'>): string {
  return metrics.cloudWatch === false ? METRIC_NAMESPACE : metrics.cloudWatch.namespace;
}
