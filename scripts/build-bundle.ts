/**
 * Makes the host bundle: a folder that runs with plain Node and nothing else. The same sources give the same bytes,
 * wherever and whenever it is made: no times, no absolute paths, a fixed order.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { buildSync, type Metafile } from 'esbuild';
import { builtFiles, consoleBuildOptions } from '../runtime/console/build-console.ts';
import { CONSOLE_FOLDER } from '../runtime/console/console-file.ts';
import { thirdPartyNotice } from './third-party-notice.ts';

export interface Bundle {
  /** By name. */
  readonly files: ReadonlyArray<{ readonly name: string; readonly bytes: number }>;
  /** esbuild's account of what the command is made of. */
  readonly metafile: Metafile;
}

const SUMS_FILE = 'SHA256SUMS';
const COMMAND_FILE = 'understudy.mjs';
const NOTICE_FILE = 'THIRD-PARTY-LICENSES';
const ENTRY = 'runtime/main.ts';
const CLIPS = 'runtime/clips';
/** Files that go in as they are. */
const COPIED = [
  'LICENSE',
  'runtime/systemd/understudy.service',
  'understudy.config.json',
  'understudy.schema.json',
];
/**
 * Packages of commands that are for where a deployment is made, not for hosts; those commands say so (cli/medialive.ts). And
 * what builds the console, which is built here.
 */
const LEFT_OUT = ['@aws-sdk/client-medialive', 'esbuild'];
const READABLE = 0o644;
const EXECUTABLE = 0o755;

/** What CommonJS packages expect to find; the names of the import are ours, so that they meet no other. */
const BANNER = `#!/usr/bin/env node
import { createRequire as understudyCreateRequire } from 'node:module';
const require = understudyCreateRequire(import.meta.url);
const __dirname = import.meta.dirname;
const __filename = import.meta.filename;`;

/** Builds the bundle of the sources in `root` in the folder `out`, which it replaces. Waits for it: CDK constructs cannot. */
export function buildBundle(root: string, out: string): Bundle {
  refuseToReplaceOthers(out);
  const command = bundleCommand(root);
  const page = buildSync(consoleBuildOptions(root));
  const contents = collectFiles(root, command, page.metafile);
  for (const { name, bytes } of builtFiles(page)) contents.set(`${CONSOLE_FOLDER}/${name}`, bytes);
  const names = [...contents.keys()].sort();
  const sums = names.map((name) => `${sha256(contents.get(name) ?? '')}  ${name}\n`).join('');
  contents.set(SUMS_FILE, Buffer.from(sums));

  // Whole or not at all: a build that fails must not leave half of a bundle behind.
  const partial = `${out}.${process.pid}.partial`;
  try {
    for (const [name, content] of contents) {
      const file = join(partial, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      chmodSync(file, name === COMMAND_FILE ? EXECUTABLE : READABLE);
    }
    rmSync(out, { recursive: true, force: true });
    renameSync(partial, out);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  const files = [...names, SUMS_FILE].map((name) => ({ name, bytes: contents.get(name)?.length ?? 0 }));
  return { files, metafile: command.metafile };
}

interface BundledCommand {
  /** By name. */
  readonly code: ReadonlyMap<string, Uint8Array>;
  readonly comments: string;
  readonly metafile: Metafile;
}

function bundleCommand(root: string): BundledCommand {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: { [basename(COMMAND_FILE, extname(COMMAND_FILE))]: ENTRY },
    outdir: root,
    outExtension: { '.js': extname(COMMAND_FILE) },
    chunkNames: '[name]-[hash]',
    write: false,
    metafile: true,
    bundle: true,
    // Each command loads what it needs: a worker has no use for the configuration's schema, nor a host for the camera's server.
    splitting: true,
    external: LEFT_OUT,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: BANNER },
    legalComments: 'external',
    // Paths stay relative to `root` also where node_modules is a link to another folder.
    preserveSymlinks: true,
    logLevel: 'silent',
  });
  const code = new Map<string, Uint8Array>();
  let comments = '';
  for (const { path, contents, text } of outputFiles) {
    if (extname(path) === extname(COMMAND_FILE)) code.set(basename(path), contents);
    else comments += text;
  }
  return { code, comments, metafile };
}

function collectFiles(
  root: string,
  { code, comments, metafile }: BundledCommand,
  page: Metafile,
): Map<string, Uint8Array> {
  const sources = [...new Set([...filesIn(metafile), ...filesIn(page)])];
  const contents = new Map<string, Uint8Array>([
    ...code,
    [NOTICE_FILE, Buffer.from(thirdPartyNotice(root, sources, comments))],
  ]);
  for (const path of COPIED) contents.set(basename(path), readFileSync(join(root, path)));
  for (const clip of readdirSync(join(root, CLIPS))) {
    contents.set(`clips/${clip}`, readFileSync(join(root, CLIPS, clip)));
  }
  return contents;
}

/** The sources that have left code in the output. */
function filesIn({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
}

/** `--out` with the wrong folder must not cost anybody their files. */
function refuseToReplaceOthers(out: string): void {
  if (!existsSync(out) || readdirSync(out).length === 0 || existsSync(join(out, SUMS_FILE))) return;
  throw new Error(`${out} holds something that is no bundle: name another folder, or empty it`);
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
