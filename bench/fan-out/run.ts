/**
 * `npm run bench`: this server beside nginx-rtmp and node-media-server, and beside what Node costs at the least; the same stream,
 * the same viewers, one after the other and over again, so that what else the machine does befalls all alike.
 *
 *   npm run bench                                       1,000 viewers by RTMP, five runs
 *   npm run bench -- --viewers 100,500,1000,2000 --protocols rtmp,http-flv --out results.json
 *   npm run bench -- --drain immediate                  viewers that read at once; otherwise once in 20 ms
 *   npm run bench -- --servers understudy,bare          those with one of these in their names
 *
 * Below the table: the CPU time of this server as a share of that of others, and with several numbers of viewers, what each
 * added one takes of memory.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../runtime/cli/terminal.ts';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { describeMachine, printFacts } from '../machine.ts';
import { Workbench } from '../workbench.ts';
import { memoryLines, ratioRows } from './comparison.ts';
import type { Protocol } from './play-script.ts';
import { type Method, type Result, type Results, resultOf } from './result.ts';
import { type Cell, type Measured, runCell } from './run-cell.ts';
import { serversNamed } from './servers.ts';
import { SWEEP_MS } from './stage.ts';
import { buildSwarm } from './swarm.ts';

const HEAD = [
  'SERVER',
  'PROTOCOL',
  'VIEWERS',
  'CPU ms',
  'SPREAD',
  'MB',
  'LEAST',
  'LATE p50/p99',
  'JOIN p50/p99',
  'CLOSED',
  'SWARM',
];

const { values } = parseArgs({
  options: {
    viewers: { type: 'string', default: '1000' },
    protocols: { type: 'string', default: 'rtmp' },
    drain: { type: 'string', default: 'sweep' },
    servers: { type: 'string', default: '' },
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    joins: { type: 'string', default: '400' },
    out: { type: 'string' },
  },
});
const protocols = values.protocols.split(',') as Protocol[];
const drainMs = values.drain === 'immediate' ? 0 : SWEEP_MS;
const method: Method = {
  runs: Number(values.runs),
  seconds: Number(values.seconds),
  joinsASecond: Number(values.joins),
  viewersRead: drainMs === 0 ? 'at once' : `once in ${drainMs} ms`,
};
const cells: Cell[] = values.viewers
  .split(',')
  .flatMap((viewers) =>
    serversNamed(values.servers).flatMap((server) =>
      server.protocols
        .filter((protocol) => protocol === 'bare' || protocols.includes(protocol))
        .map((protocol) => ({ server, protocol, viewers: Number(viewers), drainMs })),
    ),
  );

const measured = await measureAll();
const results = cells.map((cell) => resultOf(cell, measured.get(cell) ?? []));
const machine = describeMachine();
printFacts({ ...machine, ...method });
for (const line of table([HEAD, ...results.map(rowOf)])) console.log(line);
console.log();
for (const line of table(ratioRows(results))) console.log(line);
console.log();
for (const line of memoryLines(results)) console.log(line);
if (values.out !== undefined) {
  writeFileSync(values.out, `${JSON.stringify({ machine, method, results } satisfies Results, null, 2)}\n`);
}

async function measureAll(): Promise<ReadonlyMap<Cell, readonly Measured[]>> {
  const all = new Map<Cell, Measured[]>(cells.map((cell) => [cell, []]));
  const workbench = new Workbench('bench');
  const swarmProgram = buildSwarm(workbench.directory);
  // As it is installed on hosts.
  buildBundle(join(import.meta.dirname, '../..'), join(workbench.directory, 'understudy'));
  for (let run = 1; run <= method.runs; run += 1) {
    for (const cell of cells) {
      const { server, protocol, viewers } = cell;
      console.error(`run ${run} of ${method.runs}: ${viewers} viewers of ${server.name}, ${protocol}`);
      const one = await runCell(cell, { workbench, swarmProgram, ...method });
      console.error(`  ${one.cpuMs.toFixed(3)} ms, late ${one.lateMs.join(' / ')} ms`);
      all.get(cell)?.push(one);
    }
  }
  return all;
}

function rowOf(one: Result): string[] {
  const { cpuMsOfRuns, lateMs, joinMs } = one;
  return [
    one.server,
    one.protocol,
    `${one.viewers}`,
    one.cpuMs.toFixed(3),
    `${Math.min(...cpuMsOfRuns).toFixed(3)} to ${Math.max(...cpuMsOfRuns).toFixed(3)}`,
    (one.residentBytes / 1e6).toFixed(0),
    `${(100 * one.leastShare).toFixed(0)} %`,
    `${lateMs[0].toFixed(1)} / ${lateMs[1].toFixed(1)}`,
    `${joinMs[0].toFixed(0)} / ${joinMs[1].toFixed(0)}`,
    `${one.closed}`,
    `${(100 * one.swarmShare).toFixed(0)} %`,
  ];
}
