/**
 * `npm run functions`: makes the Lambda functions in `functions.out/`, or in the folder that `--out` names, and says how large
 * they are.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildFunctions } from './build-functions.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { out: { type: 'string', default: join(root, 'functions.out') } },
});
const out = resolve(values.out);
try {
  for (const { file, bytes } of buildFunctions(root, out)) {
    console.log(`${bytes.toLocaleString('en').padStart(12)}  ${join(out, file)}`);
  }
} catch (error) {
  console.error(`functions: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
