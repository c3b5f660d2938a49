/** Writes `understudy.schema.json` from the configuration's schema; `--check` only tells whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../runtime/contract/config.ts';

const FILE = 'understudy.schema.json';
const path = join(import.meta.dirname, '..', FILE);
const wanted = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;

function onDisk(): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

if (!process.argv.includes('--check')) {
  writeFileSync(path, wanted);
  console.log(`${FILE} is written.`);
} else if (onDisk() !== wanted) {
  console.error(
    `${FILE} is not what runtime/contract/config.ts makes. Run "npm run schema" and commit the file.`,
  );
  process.exitCode = 1;
}
