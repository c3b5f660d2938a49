/**
 * `npm run bundle`: makes the host bundle in `dist/`, or in the folder that `--out` names, and says how large it is.
 * `--metafile FILE` writes esbuild's account of what the command is made of.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundle } from './build-bundle.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { out: { type: 'string', default: join(root, 'dist') }, metafile: { type: 'string' } },
});
const out = resolve(values.out);
try {
  const { files, metafile } = buildBundle(root, out);
  if (values.metafile !== undefined) writeFileSync(values.metafile, JSON.stringify(metafile));
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of [...files, { name: `in ${out}`, bytes: total }]) {
    console.log(`${bytes.toLocaleString('en').padStart(12)}  ${name}`);
  }
} catch (error) {
  console.error(`bundle: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
