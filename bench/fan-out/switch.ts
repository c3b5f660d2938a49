/**
 * `npm run bench:switch`: how soon all viewers have the first byte of another source. The host runs as it is installed, with a
 * master and a backup; it is told to show the other one, and back (clean: both are live, and the cut waits for a keyframe, which
 * comes each two seconds), and to play the death of the master (warm: the backup's past goes out at once).
 *
 *   npm run bench:switch                                          1,000 viewers by RTMP, five times each
 *   npm run bench:switch -- --viewers 200 --protocols rtmp,http-flv --times 3 --out switch.json
 *   npm run bench:switch -- --drain immediate                     viewers that read at once; otherwise once in 20 ms
 *
 * What is printed, from the decision to the first byte of the new source and to the end of its first picture: medians of the switches'
 * own p50, p99 and most, and the most of all. Ends with status 1 where a viewer was lost.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { table } from '../../runtime/cli/terminal.ts';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { describeMachine, printFacts } from '../machine.ts';
import { median } from '../statistics.ts';
import { Workbench } from '../workbench.ts';
import { hostClockOffsetMs, hostSays } from './control.ts';
import {
  type MeasuredSwitch,
  measureSwitch,
  onMaster,
  SOURCES,
  type Spread,
  WAYS,
} from './measure-switch.ts';
import type { Protocol } from './play-script.ts';
import { BACKUP, MASTER, startServer, understudy } from './servers.ts';
import { PORTS, SWEEP_MS, startEncoder, startViewers } from './stage.ts';
import { buildSwarm } from './swarm.ts';

interface Run {
  readonly protocol: Protocol;
  readonly switches: readonly MeasuredSwitch[];
  /** Viewers that the host has closed. */
  readonly closed: number;
}

const BUDGET_MS = 40;
const JOINS_A_SECOND = 400;
/** What viewers had not read yet of the source before is through by then. */
const SETTLE_MS = 2_000;
const HEAD = [
  'SWITCH',
  'KIND',
  'PROTOCOL',
  'VIEWERS',
  'TOLD TO DECIDED ms',
  'FIRST BYTE p50/p99/most, worst ms',
  'WHOLE PICTURE',
  'CLOSED',
];

const { values } = parseArgs({
  options: {
    viewers: { type: 'string', default: '1000' },
    protocols: { type: 'string', default: 'rtmp' },
    drain: { type: 'string', default: 'sweep' },
    times: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});
const viewers = Number(values.viewers);
const times = Number(values.times);
const drainMs = values.drain === 'immediate' ? 0 : SWEEP_MS;
const workbench = new Workbench('bench-switch');
const swarmProgram = buildSwarm(workbench.directory);
buildBundle(join(import.meta.dirname, '../..'), join(workbench.directory, 'understudy'));

const runs: Run[] = [];
for (const protocol of values.protocols.split(',') as Protocol[]) runs.push(await measure(protocol));
const { nginxRtmp, nodeMediaServer, ...machine } = describeMachine();
const method = { times, viewersRead: drainMs === 0 ? 'at once' : `once in ${drainMs} ms` };
printFacts({ ...machine, ...method });
for (const line of table([HEAD, ...runs.flatMap(rowsOf)])) console.log(line);
if (values.out !== undefined) {
  writeFileSync(values.out, `${JSON.stringify({ machine, method, viewers, runs }, null, 2)}\n`);
}
const isWhole = ({ closed, switches }: Run): boolean =>
  closed === 0 && switches.every(({ reached }) => reached === viewers);
process.exitCode = runs.every(isWhole) ? 0 : 1;

async function measure(protocol: Protocol): Promise<Run> {
  const server = understudy(BUDGET_MS);
  await startServer(workbench, server, PORTS);
  await startEncoder(workbench, MASTER, SOURCES.master);
  await startEncoder(workbench, BACKUP, SOURCES.backup);
  await hostSays('both inputs live', ({ inputs }) => inputs.every(({ health }) => health === 'live'));
  const clockOffsetMs = await hostClockOffsetMs();
  const options = { protocol, play: server.play, viewers, drainMs, joinsASecond: JOINS_A_SECOND };
  const { swarm } = await startViewers(workbench, swarmProgram, options);
  const switches: MeasuredSwitch[] = [];
  for (let time = 1; time <= times; time += 1) {
    for (const way of WAYS) {
      if (way !== 'to the master') await onMaster();
      await pause(SETTLE_MS);
      const one = await measureSwitch(swarm, way, viewers, clockOffsetMs);
      const { decidedToViewersMs: first, decidedToWholeMs: whole } = one;
      console.error(
        `${time} of ${times}, ${protocol}, ${way}: ${spread(first)} ms, whole ${spread(whole)} ms`,
      );
      switches.push(one);
    }
  }
  const { closed } = await swarm.report();
  await workbench.endAll();
  return { protocol, switches, closed };
}

function rowsOf({ protocol, switches, closed }: Run): string[][] {
  return WAYS.map((way) => {
    const own = switches.filter((one) => one.way === way);
    const all = (pick: (one: MeasuredSwitch) => Spread): string => {
      const at = (index: 0 | 1 | 2): number[] => own.map((one) => pick(one)[index]);
      return `${spread([median(at(0)), median(at(1)), median(at(2))])}, ${Math.max(...at(2)).toFixed(1)}`;
    };
    return [
      way,
      [...new Set(own.map(({ kind }) => kind))].join(', '),
      protocol,
      `${Math.min(...own.map(({ reached }) => reached))} of ${viewers}`,
      median(own.map(({ toldToDecidedMs }) => toldToDecidedMs)).toFixed(0),
      all(({ decidedToViewersMs }) => decidedToViewersMs),
      all(({ decidedToWholeMs }) => decidedToWholeMs),
      `${closed}`,
    ];
  });
}

function spread(ms: Spread): string {
  return ms.map((one) => one.toFixed(1)).join(' / ');
}
