import { join } from 'node:path';
import type { BuildOptions, Metafile } from 'esbuild';

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

/** What esbuild makes of the options below; of `build` and `buildSync` alike. */
export interface ConsoleBuild {
  readonly outputFiles: ReadonlyArray<{ readonly path: string; readonly contents: Uint8Array }>;
  readonly metafile: Metafile;
}

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = 'runtime/console/page';
const SCRIPT = `${PAGE}/main.tsx`;
const STYLE = `${PAGE}/console.css`;
const FOLDER = '/console';

/** Builds the console from its sources. Takes a second, and esbuild, which is loaded here. */
export async function buildConsole(): Promise<ConsoleFiles> {
  const { build } = await import('esbuild');
  return consoleFiles(await build(consoleBuildOptions(ROOT)));
}

/** The same sources make the same bytes. `root`: of the sources. Players are chunks of their own, loaded on demand. */
export function consoleBuildOptions(root: string) {
  return {
    absWorkingDir: root,
    entryPoints: [SCRIPT, STYLE],
    outdir: 'console',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    preserveSymlinks: true,
    logLevel: 'silent',
  } satisfies BuildOptions;
}

export function consoleFiles({ outputFiles, metafile }: ConsoleBuild): ConsoleFiles {
  const files = new Map<string, ConsoleFile>();
  const pathOf = (entryPoint: string): string => {
    const output = Object.entries(metafile.outputs).find(([, made]) => made.entryPoint === entryPoint);
    if (output === undefined) throw new Error(`esbuild made nothing of ${entryPoint}`);
    return `${FOLDER}/${fileName(output[0])}`;
  };
  for (const { path, contents } of outputFiles) {
    const type = path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
    files.set(`${FOLDER}/${fileName(path)}`, { type, bytes: Buffer.from(contents), isImmutable: true });
  }
  files.set('/', {
    type: 'text/html; charset=utf-8',
    bytes: Buffer.from(indexHtml(pathOf(SCRIPT), pathOf(STYLE))),
    isImmutable: false,
  });
  return files;
}

/** esbuild writes paths of the machine that it runs on. */
function fileName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}

/** No script and no style stands in it: the policy that it is served with forbids both. */
function indexHtml(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Understudy</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body>
<div id="console"></div>
<noscript>The console of Understudy needs JavaScript.</noscript>
</body>
</html>
`;
}
