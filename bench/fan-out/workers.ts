/**
 * `npm run bench:workers`: how many viewers two workers carry, and how many one: the most for whom the stream is not late, which is
 * when of 100 markers no more than one comes later than the budget and 20 ms, and what viewers add who read once in 20 ms. As root, on
 * Linux.
 *
 *   npm run bench:workers                                     by RTMP, five times each
 *   npm run bench:workers -- --protocols http-flv --runs 3 --share 0.2
 *
 * Each worker is on a core of its own and gets a share of it (0.3); the load is on the same two cores, and gets what is left, which is
 * more than it needs. So what the load takes is not taken from the workers, and is no part of the figure. Each number of viewers joins,
 * settles, is measured and leaves, on the same host, whose code is warm after the first of them.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { table } from '../../runtime/cli/terminal.ts';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { isRunning } from '../../test/support/is-running.ts';
import { until } from '../../test/support/until.ts';
import { describeMachine, printFacts } from '../machine.ts';
import { median } from '../statistics.ts';
import { Workbench } from '../workbench.ts';
import { CoreShare } from './core-share.ts';
import { mostCarried } from './most-carried.ts';
import type { Protocol } from './play-script.ts';
import { startServer, understudy } from './servers.ts';
import { PORTS, SWEEP_MS, startEncoder, startViewers } from './stage.ts';
import { buildSwarm } from './swarm.ts';

interface Carried {
  readonly viewers: number;
  /** Of one core, the most that the load took. */
  readonly loadShare: number;
}

const BUDGET_MS = 40;
/** What viewers add who read once in 20 ms: bare Node, which holds nothing back, is so late for 1 of 100 markers. */
const READING_MS = 35;
const LATE_MS = BUDGET_MS + 20 + READING_MS;
const MOST_VIEWERS = 6_000;
const JOINS_A_SECOND = 200;
/** What joins cost is over, and the host knows how long to gather for so many. */
const SETTLE_MS = 3_000;
const MEASURE_MS = 6_000;
const LEAVE_MS = 1_000;
const WORKERS_MS = 20_000;
const WARM_UP_MS = 3_000;

const { values } = parseArgs({
  options: {
    protocols: { type: 'string', default: 'rtmp' },
    runs: { type: 'string', default: '5' },
    share: { type: 'string', default: '0.3' },
  },
});
const share = Number(values.share);
const runs = Number(values.runs);
const workbench = new Workbench('bench-workers');
const swarmProgram = buildSwarm(workbench.directory);
buildBundle(join(import.meta.dirname, '../..'), join(workbench.directory, 'understudy'));

const rows: string[][] = [];
for (const protocol of values.protocols.split(',') as Protocol[]) {
  const carried: Record<number, Carried[]> = { 1: [], 2: [] };
  for (let run = 1; run <= runs; run += 1) {
    for (const workers of [1, 2]) {
      const one = await measure(protocol, workers);
      console.error(`run ${run} of ${runs}, ${protocol}: ${workers} of them carry ${one.viewers} viewers`);
      carried[workers]?.push(one);
    }
  }
  const [one = 0, two = 0] = [1, 2].map((workers) =>
    median((carried[workers] ?? []).map(({ viewers }) => viewers)),
  );
  const loads = Object.values(carried).flat();
  const mostLoad = Math.max(...loads.map(({ loadShare }) => loadShare));
  rows.push([protocol, `${one}`, `${two}`, (two / one).toFixed(2), `${(100 * mostLoad).toFixed(0)} %`]);
}
const { at, cpu, kernel, node } = describeMachine();
const viewersRead = `once in ${SWEEP_MS} ms`;
printFacts({ at, cpu, kernel, node, runs, viewersRead, share: `${share} of a core for each worker` });
for (const line of table([['PROTOCOL', 'ONE WORKER', 'TWO', 'RATIO', 'LOAD, OF A CORE'], ...rows]))
  console.log(line);

async function measure(protocol: Protocol, workers: number): Promise<Carried> {
  const server = understudy(BUDGET_MS, { workers });
  const host = await startServer(workbench, server, PORTS, 'pipe');
  const pids: number[] = [];
  createInterface({ input: host.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const { event, pid } = JSON.parse(line) as { event?: string; pid?: number };
    if (event === 'worker' && pid !== undefined) pids.push(pid);
  });
  await until('the workers', () => pids.length === workers, WORKERS_MS);
  const shares = pids.map((pid, core) => {
    const own = new CoreShare(`understudy-bench-${process.pid}-${core}`, share);
    own.take(pid);
    execFileSync('taskset', ['-cp', `${core}`, `${pid}`], { stdio: 'ignore' });
    return own;
  });
  try {
    if (server.publish !== null) await startEncoder(workbench, server.publish, 0);
    await pause(WARM_UP_MS);
    return await most(protocol, server.play);
  } finally {
    await workbench.endAll();
    // They end with their host.
    await until('the workers are gone', () => pids.every((pid) => !isRunning(pid)), WORKERS_MS);
    for (const own of shares) own.remove();
  }
}

async function most(protocol: Protocol, play: string): Promise<Carried> {
  let loadShare = 0;
  const viewers = await mostCarried(async (wanted) => {
    const { lateMs, load } = await watch(protocol, play, wanted);
    loadShare = Math.max(loadShare, load);
    console.error(`${wanted} viewers: 1 of 100 markers is late by ${lateMs.toFixed(0)} ms or more`);
    return lateMs <= LATE_MS;
  }, MOST_VIEWERS);
  return { viewers, loadShare };
}

/** How late 1 of 100 markers is for so many viewers, and what they took of a core. */
async function watch(
  protocol: Protocol,
  play: string,
  viewers: number,
): Promise<{ readonly lateMs: number; readonly load: number }> {
  const options = { protocol, play, viewers, drainMs: SWEEP_MS, joinsASecond: JOINS_A_SECOND };
  const { swarm } = await startViewers(workbench, swarmProgram, options);
  await pause(SETTLE_MS);
  await swarm.mark();
  const before = await swarm.report();
  await pause(MEASURE_MS);
  const report = await swarm.report();
  await swarm.end();
  await pause(LEAVE_MS);
  const isWhole = report.joined === viewers && report.closed === 0;
  return {
    lateMs: isWhole ? report.lateMs[1] : Number.POSITIVE_INFINITY,
    load: (report.cpuMs - before.cpuMs) / MEASURE_MS,
  };
}
