/**
 * Loads a module with a counter on each statement and branch of it and of all that it imports, so that the fuzzer can see
 * whether an input reached something new. Jazzer.js does this with a native library, which needs a newer glibc than
 * Debian stable has.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { createInstrumenter } from 'istanbul-lib-instrument';

export interface Instrumented {
  readonly exports: Record<string, unknown>;
  /** How often each statement and branch ran. */
  readonly hits: Uint32Array;
}

/** Istanbul's own counters are properties behind a function call; a flat array is quick to clear and to read. */
const COUNTER = /cov_\w+\(\)\.[sfb]\[\d+\](?:\[\d+\])?\+\+/g;
const HITS = '__hits';

export function instrument(entry: string): Instrumented {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Only our own code counts.
    packages: 'external',
    define: { 'import.meta.dirname': '__dirname' },
  });
  const source = outputFiles[0]?.text ?? '';
  const counted = createInstrumenter({ esModules: false, produceSourceMap: false }).instrumentSync(
    source,
    entry,
  );
  let counters = 0;
  const text = counted.replaceAll(COUNTER, () => {
    counters += 1;
    return `${HITS}[${counters - 1}]++`;
  });
  const hits = new Uint32Array(counters);
  const module = { exports: {} as Record<string, unknown> };
  const run = new Function('module', 'exports', 'require', '__dirname', HITS, text);
  run(module, module.exports, createRequire(entry), join(entry, '..'), hits);
  return { exports: module.exports, hits };
}
