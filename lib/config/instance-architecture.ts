import type { AwsConfig } from '../../runtime/contract/config.ts';

type Architecture = AwsConfig['architecture'];

/** Family letters, generation, and what follows it: `im`, `4`, `gn`. */
const FAMILY = /^[a-z]+?\d+([a-z]*)/;
/** Graviton's first generation came before there was a letter for the processor. */
const GRAVITON_WITHOUT_LETTER = 'a1';

/** A type to suggest, of the same kind as the default. */
export const USUAL_TYPE: Readonly<Record<Architecture, string>> = {
  arm64: 'c7g.large',
  x86_64: 'c7i.large',
};

/**
 * What an instance type's processor runs. In a name as `im4gn.large`, the letter behind the generation is the processor's:
 * g is AWS Graviton, a is AMD, i is Intel, and without one of these it is Intel too (`g4dn`, `t3`). The letters in front of the
 * generation say nothing of it: `g5.xlarge` has a graphics card and an AMD processor, `g5g.xlarge` has Graviton.
 */
export function architectureOf(instanceType: string): Architecture {
  const family = instanceType.split('.')[0]!;
  const attributes = FAMILY.exec(family)?.[1] ?? '';
  return family === GRAVITON_WITHOUT_LETTER || attributes.startsWith('g') ? 'arm64' : 'x86_64';
}
