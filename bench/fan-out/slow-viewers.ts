/**
 * `npm run bench:slow`: what viewers that do not keep up cost a server, and the others. 40 that do, alone; then with 20 more
 * that read nothing from their first keyframe on; then with 20 more that read 20 kB/s, where the stream has 270.
 *
 *   npm run bench:slow                                       this server, nginx-rtmp and node-media-server, 46 s each
 *   npm run bench:slow -- --servers understudy --kinds stuck,slow --seconds 60 --good 20 --bad 10 --out slow.json
 *
 * MB are the server's resident memory, when all have joined and at even distances from there on, and the most of it. BOUND is what
 * this server's configuration allows it to grow by: a full queue for each bad viewer. Below: whom this server closed, by its log.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../runtime/cli/terminal.ts';
import { configSchema } from '../../runtime/contract/config.ts';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { describeMachine, printFacts } from '../machine.ts';
import { Workbench } from '../workbench.ts';
import { KINDS, type Kind, measureSlow, type SlowRun } from './measure-slow.ts';
import { serversNamed } from './servers.ts';
import { buildSwarm } from './swarm.ts';

/** Columns of memory over time. */
const SAMPLES = 5;
const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: 'understudy 40,chunks of 4096,node-media-server' },
    kinds: { type: 'string', default: KINDS.join(',') },
    good: { type: 'string', default: '40' },
    bad: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '46' },
    out: { type: 'string' },
  },
});
const kinds = values.kinds.split(',') as Kind[];
const good = Number(values.good);
const bad = Number(values.bad);
const seconds = Number(values.seconds);
const sampleSeconds = Array.from({ length: SAMPLES }, (_, at) => Math.round((at * seconds) / (SAMPLES - 1)));
/** As they are by default, which is what is measured. */
const { queueLimitBytes, stuckTimeoutMs } = configSchema.parse({ masters: [{ name: 'camera1' }] }).viewers;

const runs = await measureAll();
const machine = describeMachine();
const method = { good, bad, seconds, queueLimitBytes, stuckTimeoutMs };
printFacts({ ...machine, ...method });
const head = ['SERVER', 'BAD', ...sampleSeconds.map((second) => `MB at ${second} s`), 'MOST', 'BOUND'];
for (const line of table([[...head, 'LATE p50/p99/most ms'], ...runs.map(rowOf)])) console.log(line);
console.log();
for (const line of runs.flatMap(closingLines)) console.log(line);
if (values.out !== undefined) {
  writeFileSync(values.out, `${JSON.stringify({ machine, method, runs }, null, 2)}\n`);
}

async function measureAll(): Promise<SlowRun[]> {
  const workbench = new Workbench('bench-slow');
  const swarmProgram = buildSwarm(workbench.directory);
  buildBundle(join(import.meta.dirname, '../..'), join(workbench.directory, 'understudy'));
  const all: SlowRun[] = [];
  for (const server of serversNamed(values.servers)) {
    if (!server.protocols.includes('rtmp')) continue;
    for (const kind of kinds) {
      console.error(`${server.name}: ${good} viewers that keep up, others: ${kind}`);
      all.push(await measureSlow(server, kind, { workbench, swarmProgram, good, bad, seconds }));
    }
  }
  return all;
}

function rowOf({ server, kind, memoryBytes, lateMs, closings }: SlowRun): string[] {
  const [first = 0] = memoryBytes;
  const mayGrowBytes = kind === 'none' ? 0 : bad * queueLimitBytes;
  return [
    server,
    kind === 'none' ? 'none' : `${bad} ${kind}`,
    ...sampleSeconds.map((second) => megabytes(memoryBytes[second] ?? Number.NaN)),
    megabytes(Math.max(...memoryBytes)),
    closings === null ? '–' : megabytes(first + mayGrowBytes),
    lateMs.map((ms) => ms.toFixed(1)).join(' / '),
  ];
}

/** A line for each reason for which viewers were closed. */
function closingLines({ server, kind, closings }: SlowRun): string[] {
  if (closings === null || kind === 'none') return [];
  if (closings.length === 0) return [`${server}, ${bad} ${kind}: nobody was closed`];
  return [...new Set(closings.map(({ reason }) => reason))].map((reason) => {
    const own = closings.filter((one) => one.reason === reason).map(({ afterMs }) => afterMs / 1_000);
    const when = `${Math.min(...own).toFixed(1)} to ${Math.max(...own).toFixed(1)} s`;
    return `${server}, ${bad} ${kind}: ${own.length} closed after ${when}: ${reason}`;
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
