/**
 * Unpacks the Chromium of @sparticuz/chromium: `node --import tsx test/support/chromium-package.ts FOLDER`. A process of its
 * own, because jest cannot load that package.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium, { inflate } from '@sparticuz/chromium';

async function main(folder: string | undefined): Promise<void> {
  if (folder === undefined) throw new Error('Usage: chromium-package.ts FOLDER');
  mkdirSync(dirname(folder), { recursive: true });
  // Beside it: what an interrupted run leaves is never taken for the whole.
  const draft = mkdtempSync(`${folder}-`);
  // The package unpacks into the folder for temporary files, and trusts what it finds there.
  process.env.TMPDIR = draft;
  await chromium.executablePath();
  // Libraries that a small system does not have: with them nothing has to be installed.
  const build = dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium')));
  await inflate(join(build, '../bin/al2023.tar.br'));
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true });
    // Another process was quicker.
    if (!existsSync(folder)) throw error;
  }
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
