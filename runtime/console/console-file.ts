/** A file of the console, as the host serves it. */
export interface ConsoleFile {
  /** Content type. */
  readonly type: string;
  readonly bytes: Buffer;
  /** Its name changes with its bytes: it may be kept for ever. */
  readonly isImmutable: boolean;
}

/** By path: `/`, `/console/main-HASH.js` … */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

/** Where the files of the console are: in their addresses, and in the host bundle. */
export const CONSOLE_FOLDER = 'console';
export const INDEX = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** A file by its name, with the path that it is served at. All but the page itself have names that change with their bytes. */
export function consoleFile(name: string, bytes: Buffer): readonly [path: string, file: ConsoleFile] {
  const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  const isPage = name === INDEX;
  return [isPage ? '/' : `/${CONSOLE_FOLDER}/${name}`, { type, bytes, isImmutable: !isPage }];
}
