import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const MODULES = join(import.meta.dirname, '../../node_modules');
const UNPACK = join(import.meta.dirname, 'chromium-package.ts');
export const PLATFORM = `${process.platform}-${process.arch}`;
export const HAS_BROWSER = PLATFORM === 'linux-x64';

const ARGS = [
  // It opens pages of the tests' own, and root cannot have a sandbox.
  '--no-sandbox',
  '--autoplay-policy=no-user-gesture-required',
  // Nothing but the pages may reach for the network.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];

/** Starts the headless Chromium of @sparticuz/chromium; close it with `close()`. The first time, it is unpacked: seconds. */
export async function launchBrowser(): Promise<Browser> {
  if (!HAS_BROWSER)
    throw new Error(`@sparticuz/chromium has no Chromium for ${PLATFORM}, only for linux-x64`);
  const folder = await unpackedChromium();
  const libraries = [join(folder, 'al2023/lib'), process.env.LD_LIBRARY_PATH ?? []].flat().join(':');
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: ARGS,
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  });
}

/** Inside `node_modules`, so that it goes with the package. */
async function unpackedChromium(): Promise<string> {
  const manifest = readFileSync(join(MODULES, '@sparticuz/chromium/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const folder = join(MODULES, '.cache', `chromium-${version}`);
  if (!existsSync(folder)) {
    await promisify(execFile)(process.execPath, ['--import', 'tsx', UNPACK, folder]);
  }
  return folder;
}
