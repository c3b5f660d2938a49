/**
 * `npm run bench:ingest [-- RUNS]`: how fast a publisher's bytes are taken, in one process and without sockets: by the chunk
 * reader alone, and on the whole way from there to a program's feed; and what a packet takes of memory on that way. 720p30 with
 * 2 Mbit/s and AAC, in chunks of several sizes, and in pieces as a socket reads them: a whole buffer, or one packet of the network.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { table } from '../runtime/cli/terminal.ts';
import { ChunkReader } from '../runtime/rtmp/chunk-reader.ts';
import { describeMachine, printFacts } from './machine.ts';
import { PublisherPath } from './publisher-path.ts';
import { median } from './statistics.ts';
import { type WireStream, wireStream } from './wire-stream.ts';

const RUNS = Number(process.argv[2] ?? 5);
const CHUNK_BYTES = [128, 4_096, 60_000];
const PIECE_BYTES = [65_536, 1_460];
const STREAM_SECONDS = 60;
/** A run takes the stream over and over again for so long. */
const RUN_MS = 500;
/** What of the stream's packets must come out of the program: it shows an input once that has been well for a second. */
const LEAST_SHARE = 0.95;
const SLICE_MS = 2_000;
const READER_LIMITS = { maxMessageBytes: 2 ** 20, maxBufferedBytes: 2 ** 21, maxChunkStreams: 64 };

const HEAD = [
  'CHUNKS',
  'READS',
  'READER MB/s',
  'WHOLE WAY MB/s',
  'PACKETS/s',
  'COLLECTING',
  'HEAP BYTES A PACKET',
  'OUTSIDE IT',
];

interface Speed {
  readonly mbytesASecond: number;
  readonly packetsASecond: number;
  /** Of the time, what the collector took. */
  readonly collecting: number;
}

interface Allocated {
  readonly heapBytes: number;
  /** Payloads, and the pools of small ones. */
  readonly externalBytes: number;
}

interface Case {
  readonly chunkBytes: number;
  readonly pieceBytes: number;
  readonly stream: WireStream;
  readonly reader: Speed[];
  readonly path: Speed[];
  readonly allocated: Allocated[];
}

let collectedMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collectedMs += duration;
}).observe({ entryTypes: ['gc'] });

const cases: Case[] = CHUNK_BYTES.flatMap((chunkBytes) =>
  PIECE_BYTES.map((pieceBytes) => {
    const stream = wireStream(STREAM_SECONDS, chunkBytes, pieceBytes);
    return { chunkBytes, pieceBytes, stream, reader: [], path: [], allocated: [] };
  }),
);
// The first run is for the compiler.
for (let run = 0; run <= RUNS; run += 1) {
  for (const { stream, reader, path, allocated } of cases) {
    const one = { reader: await speedOf(stream, readAlone), path: await speedOf(stream, takeWhole) };
    if (run === 0) continue;
    reader.push(one.reader);
    path.push(one.path);
    allocated.push(allocatedOf(stream));
  }
}
const { at, cpu, kernel, node } = describeMachine();
printFacts({ at, cpu, kernel, node, runs: `${RUNS} of ${RUN_MS} ms each, medians` });
for (const line of table([HEAD, ...cases.map(rowOf)])) console.log(line);

function readAlone({ pieces, packets }: WireStream): void {
  let messages = 0;
  const reader = new ChunkReader(READER_LIMITS, () => {
    messages += 1;
  });
  for (const piece of pieces) reader.push(piece);
  if (messages !== packets) throw new Error(`${messages} messages out of ${packets}`);
}

function takeWhole({ pieces, pieceMs, packets }: WireStream): void {
  const path = new PublisherPath();
  for (const piece of pieces) path.push(piece, pieceMs);
  if (path.packetsOut < packets * LEAST_SHARE)
    throw new Error(`${path.packetsOut} packets out of ${packets}`);
}

async function speedOf(stream: WireStream, take: (stream: WireStream) => void): Promise<Speed> {
  await collectingMs();
  const startedAt = performance.now();
  let elapsedMs = 0;
  let passes = 0;
  for (; elapsedMs < RUN_MS; elapsedMs = performance.now() - startedAt) {
    take(stream);
    passes += 1;
  }
  return {
    mbytesASecond: (stream.bytes * passes) / 1e3 / elapsedMs,
    packetsASecond: (stream.packets * passes * 1e3) / elapsedMs,
    collecting: (await collectingMs()) / elapsedMs,
  };
}

/** Since it was asked last. What the collector did is told in the next turn of the event loop, and handed over in the one after. */
async function collectingMs(): Promise<number> {
  await nextTurn();
  await nextTurn();
  const ms = collectedMs;
  collectedMs = 0;
  return ms;
}

/** The median of slices of a GOP each: a collection falls into few of them. */
function allocatedOf({ pieces, pieceMs }: WireStream): Allocated {
  const path = new PublisherPath();
  const slices: Allocated[] = [];
  const slicePieces = Math.ceil(SLICE_MS / pieceMs);
  for (let from = 0; from < pieces.length; from += slicePieces) {
    const slice = pieces.slice(from, from + slicePieces);
    const before = { packets: path.packetsOut, memory: process.memoryUsage() };
    for (const piece of slice) path.push(piece, pieceMs);
    const memory = process.memoryUsage();
    const packets = path.packetsOut - before.packets;
    if (packets === 0) continue;
    slices.push({
      heapBytes: (memory.heapUsed - before.memory.heapUsed) / packets,
      externalBytes: (memory.external - before.memory.external) / packets,
    });
  }
  return {
    heapBytes: median(slices.map(({ heapBytes }) => heapBytes)),
    externalBytes: median(slices.map(({ externalBytes }) => externalBytes)),
  };
}

function rowOf({ chunkBytes, pieceBytes, reader, path, allocated }: Case): string[] {
  const speed = (of: readonly Speed[]): string => median(of.map((one) => one.mbytesASecond)).toFixed(0);
  return [
    `${chunkBytes}`,
    `${pieceBytes}`,
    speed(reader),
    speed(path),
    median(path.map(({ packetsASecond }) => packetsASecond)).toFixed(0),
    `${(100 * median(path.map(({ collecting }) => collecting))).toFixed(1)} %`,
    median(allocated.map(({ heapBytes }) => heapBytes)).toFixed(0),
    median(allocated.map(({ externalBytes }) => externalBytes)).toFixed(0),
  ];
}
