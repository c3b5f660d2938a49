import type { ProgramConfig } from '../../runtime/contract/config.ts';
import { hostNameOf } from './deployment.ts';

/**
 * The host that takes a program's first candidate from an encoder, and so shows it whether anybody watches or not.
 * Nothing where the program has the slate alone.
 */
export function homeOf({ candidates }: Pick<ProgramConfig, 'candidates'>): string | undefined {
  const first = candidates.find((candidate) => candidate !== 'slate');
  return first === undefined ? undefined : hostNameOf(first);
}
