/** The notice that travels with the bundle: which packages are in it, and under which terms. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENSE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
const RULE = '-'.repeat(80);

/**
 * @param root The folder that `files` are relative to.
 * @param files The files whose code is in the bundle, as esbuild's metafile names them.
 * @param comments The licence comments of the sources, as esbuild collects them.
 */
export function thirdPartyNotice(root: string, files: readonly string[], comments: string): string {
  const folders = new Set(files.flatMap((file) => PACKAGE_FOLDER.exec(file)?.[1] ?? []));
  const packages = [...folders].map((folder) => describePackage(root, folder)).sort(byName);
  // The same version may lie in two folders.
  const sections = [...new Set(packages)];
  return [
    'understudy.mjs holds code of these packages, each under its own terms.\n',
    ...sections,
    `${RULE}\nComments on licences in the sources\n\n${comments.trim()}\n`,
  ].join('\n');
}

function describePackage(root: string, folder: string): string {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as PackageManifest;
  const { name, version, license } = manifest;
  if (license === undefined) throw new Error(`${folder} names no licence: it must not be in the bundle`);
  const texts = readdirSync(join(root, folder))
    .filter((file) => LICENSE_FILE.test(file))
    .sort(byName)
    .map((file) =>
      readFileSync(join(root, folder, file), 'utf8')
        .replaceAll('\r\n', '\n')
        .trim(),
    );
  return `${RULE}\n${[`${name} ${version}: ${license}`, ...texts].join('\n\n')}\n`;
}

/** The order of code units: that of a locale differs from machine to machine. */
function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
