import { join } from 'node:path';
import type { BuildOptions, Metafile } from 'esbuild';
import { CONSOLE_FOLDER, type ConsoleFiles, consoleFile, INDEX } from './console-file.ts';

/** What esbuild makes of the options below; of `build` and `buildSync` alike. */
export interface ConsoleBuild {
  readonly outputFiles: ReadonlyArray<{ readonly path: string; readonly contents: Uint8Array }>;
  readonly metafile: Metafile;
}

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = 'runtime/console/page';
const SCRIPT = `${PAGE}/main.tsx`;
const STYLE = `${PAGE}/console.css`;

/** Builds the console from its sources. Takes a second, and esbuild, which is loaded here. */
export async function buildConsole(): Promise<ConsoleFiles> {
  const { build } = await import('esbuild');
  return new Map(
    builtFiles(await build(consoleBuildOptions(ROOT))).map(({ name, bytes }) => consoleFile(name, bytes)),
  );
}

/** The same sources make the same bytes. `root`: of the sources. Players are chunks of their own, loaded on demand. */
export function consoleBuildOptions(root: string) {
  return {
    absWorkingDir: root,
    entryPoints: [SCRIPT, STYLE],
    outdir: CONSOLE_FOLDER,
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

/** The page, and what it loads. */
export function builtFiles({ outputFiles, metafile }: ConsoleBuild): Array<{ name: string; bytes: Buffer }> {
  const pathOf = (entryPoint: string): string => {
    const output = Object.entries(metafile.outputs).find(([, made]) => made.entryPoint === entryPoint);
    if (output === undefined) throw new Error(`esbuild made nothing of ${entryPoint}`);
    return `/${CONSOLE_FOLDER}/${fileName(output[0])}`;
  };
  return [
    { name: INDEX, bytes: Buffer.from(indexHtml(pathOf(SCRIPT), pathOf(STYLE))) },
    ...outputFiles.map(({ path, contents }) => ({ name: fileName(path), bytes: Buffer.from(contents) })),
  ];
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
