/**
 * Makes the Lambda functions: a folder for each, with one file that needs nothing beside it but Node. The SDK is in it, so that
 * what was tested is what runs, whichever one Lambda has. The same sources give the same bytes, wherever they are built.
 */
import { join } from 'node:path';
import { buildSync, type Metafile } from 'esbuild';

export interface BuiltFunction {
  readonly name: string;
  /** Below `out`, as `control/index.mjs`. */
  readonly file: string;
  readonly bytes: number;
  /** esbuild's account of what it is made of. */
  readonly metafile: Metafile;
}

/** By name: `runtime/lambda/NAME-function.ts`. */
const FUNCTIONS = ['control', 'widget'];

/** What CommonJS packages expect to find; the names of the import are ours, so that they meet no other. */
const BANNER = `import { createRequire as understudyCreateRequire } from 'node:module';
const require = understudyCreateRequire(import.meta.url);`;

/** Builds the functions of the sources in `root` in the folder `out`. Waits for it: CDK constructs cannot. */
export function buildFunctions(root: string, out: string): BuiltFunction[] {
  return FUNCTIONS.map((name) => {
    const file = `${name}/index.mjs`;
    const outfile = join(out, file);
    const { metafile } = buildSync({
      absWorkingDir: root,
      entryPoints: [entryOf(name)],
      outfile,
      metafile: true,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      // Lambda has 24; tests run the same file on the oldest Node that the project supports.
      target: 'node20',
      // Packages as ES modules: of a client, only the operations that are called are left.
      mainFields: ['module', 'main'],
      banner: { js: BANNER },
      // Paths stay relative to `root` also where node_modules is a link to another folder.
      preserveSymlinks: true,
      logLevel: 'silent',
    });
    const [output] = Object.values(metafile.outputs);
    return { name, file, bytes: output?.bytes ?? 0, metafile };
  });
}

function entryOf(name: string): string {
  return `runtime/lambda/${name}-function.ts`;
}
