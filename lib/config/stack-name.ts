import type { Config } from '../../runtime/contract/config.ts';

const PRODUCT = 'understudy';

/**
 * `understudy-hosts`, and for a deployment of another name `understudy-<name>-hosts`. CloudFormation wants a letter first,
 * and no underscores; names may have both.
 */
export function stackName({ name }: Pick<Config, 'name'>, part: 'network' | 'hosts' | 'control'): string {
  const own = name === PRODUCT ? [] : [name.replaceAll('_', '-')];
  return [PRODUCT, ...own, part].join('-');
}
