import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONSOLE_FOLDER, type ConsoleFiles, consoleFile } from './console-file.ts';

/** In the host bundle, the page is built already and lies here. */
const BUILT = join(import.meta.dirname, CONSOLE_FOLDER);

/** What gives the page when it is first asked for, and the same from then on: read from the bundle, or built from the sources. */
export function consoleFiles(): () => Promise<ConsoleFiles> {
  let files: Promise<ConsoleFiles> | null = null;
  return () => {
    files ??= load();
    return files;
  };
}

async function load(): Promise<ConsoleFiles> {
  const names = await readdir(BUILT).catch(() => null);
  if (names === null) return (await import('./build-console.ts')).buildConsole();
  const files = names.map(async (name) => consoleFile(name, await readFile(join(BUILT, name))));
  return new Map(await Promise.all(files));
}
