import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const PROJECT = resolve(import.meta.dirname, '../..');

/**
 * How `understudy` is called on a host, up to the command's name: by the bundle, made in `directory`, which needs Node and
 * nothing else. In a process of its own: what makes it is an ES module, and jest runs CommonJS.
 */
export async function hostCommand(directory: string): Promise<readonly string[]> {
  const bundle = join(directory, 'bundle');
  const script = join(PROJECT, 'scripts/bundle.ts');
  await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--out', bundle], { cwd: PROJECT });
  return [process.execPath, join(bundle, 'understudy.mjs')];
}
