/** Fuzzes one target, in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fuzzer } from './fuzzer.ts';
import { instrument } from './instrument.ts';
import type { WorkerMessage } from './run.ts';
import type { Target } from './target.ts';

interface Order {
  readonly entry: string;
  readonly seed: number;
  readonly ms: number | null;
  readonly runs: number | null;
  readonly shared: SharedArrayBuffer;
}

const BATCH = 500;
const TELL_MS = 1_000;
/** What the heap may grow by over a whole run; the corpus is a few MB. */
const MOST_GROWTH_BYTES = 150e6;

const order = workerData as Order;
const state = new Int32Array(order.shared, 0, 2);
const input = new Uint8Array(order.shared, 8);
const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);

const { exports, hits } = instrument(order.entry);
const startedAt = performance.now();
const fuzzer = new Fuzzer({
  target: exports.target as Target,
  hits,
  seed: order.seed,
  before: (bytes) => {
    Atomics.store(state, 1, Math.min(bytes.length, input.length));
    input.set(bytes.subarray(0, input.length));
    Atomics.add(state, 0, 1);
  },
});
const heldAtStart = heldBytes();
let toldAt = startedAt;
while (fuzzer.crash === null && !isOver()) {
  fuzzer.go(BATCH);
  if (performance.now() - toldAt < TELL_MS) continue;
  toldAt = performance.now();
  tell({ kind: 'progress', text: describe() });
}
const grown = heldBytes() - heldAtStart;
const { crash } = fuzzer;
if (crash !== null) tell({ kind: 'crash', text: describe(), input: crash.input, error: crash.error });
else if (grown > MOST_GROWTH_BYTES) {
  tell({
    kind: 'crash',
    text: describe(),
    input: Buffer.alloc(0),
    error: new Error(`memory grew by ${grown} bytes`),
  });
} else tell({ kind: 'done', text: `${describe()}, memory ${(grown / 1e6).toFixed(0)} MB more` });

function isOver(): boolean {
  if (order.runs !== null) return fuzzer.runs >= order.runs;
  return performance.now() - startedAt >= (order.ms ?? 0);
}

function describe(): string {
  const { runs, corpus, reached, counters } = fuzzer.figures;
  const seconds = (performance.now() - startedAt) / 1_000;
  const rate = Math.round(runs / seconds).toLocaleString('en');
  return `${runs.toLocaleString('en')} inputs in ${seconds.toFixed(0)} s (${rate}/s), ${corpus} kept, ${reached} of ${counters} places reached`;
}

function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
