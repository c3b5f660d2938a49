import type { ProgramConfig } from '../../runtime/contract/config.ts';
import { hostNameOf } from './deployment.ts';

/**
 * The host that takes a program's first candidate from an encoder, and so shows it whether anybody watches or not.
 * Nothing where the program has the slate alone.
 */
export function homeOf(program: Pick<ProgramConfig, 'candidates'>): string | undefined {
  return hostsOf(program)[0];
}

/** The host of the first backup that is not its home, and shows the program while that is lost. */
export function standInOf(program: Pick<ProgramConfig, 'candidates'>): string | undefined {
  return hostsOf(program)
    .slice(1)
    .find((host) => host.startsWith('backup-'));
}

function hostsOf({ candidates }: Pick<ProgramConfig, 'candidates'>): string[] {
  return candidates.filter((candidate) => candidate !== 'slate').map(hostNameOf);
}
