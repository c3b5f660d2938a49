import type { Config } from '../../runtime/contract/config.ts';

const PRODUCT = 'understudy';

/** Stacks, and what people call by its name: the document of Run Command, and the rule that runs the control function. */
export type NamedPart = 'network' | 'hosts' | 'control' | 'command' | 'reconcile';

/**
 * `understudy-hosts`, and for a deployment of another name `understudy-<name>-hosts`. CloudFormation wants a letter first,
 * and no underscores; names may have both.
 */
export function resourceName({ name }: Pick<Config, 'name'>, part: NamedPart): string {
  const own = name === PRODUCT ? [] : [name.replaceAll('_', '-')];
  return [PRODUCT, ...own, part].join('-');
}
