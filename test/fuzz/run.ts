/**
 * `npm run fuzz`: tries to break what reads bytes from the network, until a time or a number of runs is over. Each target has
 * a worker of its own, which this process looks after: a run that does not end is a finding too.
 *
 *   npm run fuzz                                  a minute for each target
 *   npm run fuzz -- --minutes 30 --target session
 *   npm run fuzz -- --runs 10000000 --target session
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';

const TARGETS = join(import.meta.dirname, 'targets');
export const CRASHES = join(import.meta.dirname, '../golden/crashes');
/** The slowest honest run takes a few ms. */
const HANG_MS = 10_000;
const LOOK_MS = 1_000;
/** Longer inputs are not tried (`Target.maxBytes`). */
const MOST_BYTES = 64 * 1024;

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true },
    minutes: { type: 'string', default: '1' },
    runs: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const names = readdirSync(TARGETS).map((file) => file.replace(/\.ts$/, ''));
const chosen = values.target ?? names;
const unknown = chosen.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`fuzz: there is no target ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}
let failures = 0;
for (const name of chosen) if (!(await fuzz(name))) failures += 1;
process.exitCode = failures === 0 ? 0 : 1;

/** Resolves to whether nothing was found. */
async function fuzz(name: string): Promise<boolean> {
  // Shared: how many runs there were, the length of the present input, and the input.
  const shared = new SharedArrayBuffer(8 + MOST_BYTES);
  const state = new Int32Array(shared, 0, 2);
  const worker = new Worker(workerCode(), {
    eval: true,
    workerData: {
      entry: join(TARGETS, `${name}.ts`),
      seed: Number(values.seed),
      ms: values.runs === undefined ? Number(values.minutes) * 60_000 : null,
      runs: values.runs === undefined ? null : Number(values.runs),
      shared,
    },
  });
  let lastRuns = -1;
  let lastChange = performance.now();
  return new Promise((resolve, reject) => {
    const watch = setInterval(() => {
      const runs = Atomics.load(state, 0);
      // Before the first one it is still getting ready.
      if (runs !== lastRuns || runs === 0) [lastRuns, lastChange] = [runs, performance.now()];
      if (performance.now() - lastChange < HANG_MS) return;
      finish(false);
      keep(name, Buffer.from(shared, 8, Atomics.load(state, 1)), new Error(`no end within ${HANG_MS} ms`));
    }, LOOK_MS);
    const finish = (isFine: boolean): void => {
      clearInterval(watch);
      void worker.terminate();
      resolve(isFine);
    };
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'progress') {
        process.stderr.write(`\r${name}: ${message.text}   `);
        return;
      }
      process.stderr.write('\r');
      console.log(`${name}: ${message.text}`);
      if (message.kind === 'crash') keep(name, Buffer.from(message.input), message.error);
      finish(message.kind === 'done');
    });
    worker.on('error', (error) => {
      clearInterval(watch);
      reject(error);
    });
  });
}

/** As JavaScript: loaders of TypeScript do not reach into the threads of every version of Node. */
function workerCode(): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(import.meta.dirname, 'worker.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    packages: 'external',
  });
  return outputFiles[0]?.text ?? '';
}

function keep(name: string, input: Buffer, error: unknown): void {
  const digest = createHash('sha256').update(input).digest('hex').slice(0, 12);
  mkdirSync(CRASHES, { recursive: true });
  const file = join(CRASHES, `${name}-${digest}`);
  writeFileSync(file, input);
  console.error(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
  console.error(`${name}: the input is kept in ${file}; tests try it from now on`);
}

export type WorkerMessage =
  | { readonly kind: 'progress' | 'done'; readonly text: string }
  | { readonly kind: 'crash'; readonly text: string; readonly input: Uint8Array; readonly error: unknown };
