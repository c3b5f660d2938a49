/**
 * `npm run bench`: this server beside nginx-rtmp and node-media-server, and beside what Node costs at the least; the same stream,
 * the same viewers, one after the other and over again, so that what else the machine does befalls all alike.
 *
 *   npm run bench                                       1,000 viewers by RTMP, five runs
 *   npm run bench -- --viewers 100,500,1000,2000 --protocols rtmp,http-flv --out results.json
 *   npm run bench -- --drain immediate                  viewers that read at once; otherwise once in 20 ms
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../runtime/cli/terminal.ts';
import { buildBundle } from '../../scripts/build-bundle.ts';
import type { Protocol } from './play-script.ts';
import { type Cell, type Measured, runCell } from './run-cell.ts';
import { bareNode, nginxRtmp, nodeMediaServer, type Server, understudy } from './servers.ts';
import { buildSwarm } from './swarm.ts';

const SERVERS: readonly Server[] = [
  understudy(40),
  understudy(100),
  nginxRtmp(4_096),
  nginxRtmp(60_000),
  nodeMediaServer,
  bareNode(40),
  bareNode(100),
];
const SWEEP_MS = 20;

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
const runs = Number(values.runs);
const protocols = values.protocols.split(',') as Protocol[];
const chosen = SERVERS.filter(({ name }) => values.servers.split(',').some((part) => name.includes(part)));
const cells: Cell[] = values.viewers.split(',').flatMap((viewers) =>
  chosen.flatMap((server) =>
    server.protocols
      .filter((protocol) => protocol === 'bare' || protocols.includes(protocol))
      .map((protocol) => ({
        server,
        protocol,
        viewers: Number(viewers),
        drainMs: values.drain === 'immediate' ? 0 : SWEEP_MS,
      })),
  ),
);

const directory = mkdtempSync(join(tmpdir(), 'understudy-bench-'));
const measured = new Map<Cell, Measured[]>(cells.map((cell) => [cell, []]));
try {
  const swarmProgram = buildSwarm(directory);
  // As it is installed on hosts.
  buildBundle(join(import.meta.dirname, '../..'), join(directory, 'understudy'));
  const context = {
    swarmProgram,
    directory,
    seconds: Number(values.seconds),
    joinsASecond: Number(values.joins),
  };
  for (let run = 1; run <= runs; run += 1) {
    for (const cell of cells) {
      console.error(
        `run ${run} of ${runs}: ${cell.viewers} viewers of ${cell.server.name}, ${cell.protocol}`,
      );
      const one = await runCell(cell, context);
      console.error(`  ${one.cpuMs.toFixed(3)} ms, late ${one.lateMs.join(' / ')} ms`);
      measured.get(cell)?.push(one);
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

const machine = {
  at: new Date().toISOString().slice(0, 10),
  cpu: `${cpus()[0]?.model}, ${cpus().length} cores`,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  nginxRtmp: versionOf('libnginx-mod-rtmp'),
  nodeMediaServer: packageVersion('node-media-server'),
  viewersRead: values.drain === 'immediate' ? 'at once' : `once in ${SWEEP_MS} ms`,
};
const rows = cells.map((cell) => rowOf(cell, measured.get(cell) ?? []));
console.log(
  Object.entries(machine)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n'),
);
console.log();
for (const line of table([headRow(), ...rows.map(({ cells: texts }) => texts)])) console.log(line);
if (values.out !== undefined) {
  const results = rows.map(({ result }) => result);
  writeFileSync(values.out, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}

function headRow(): string[] {
  return [
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
}

function rowOf({ server, protocol, viewers }: Cell, all: readonly Measured[]) {
  const of = (value: (one: Measured) => number): number => median(all.map(value));
  const cpu = all.map(({ cpuMs }) => cpuMs);
  const result = {
    server: server.name,
    protocol,
    viewers,
    cpuMs: of(({ cpuMs }) => cpuMs),
    cpuMsOfRuns: cpu,
    residentBytes: of(({ residentBytes }) => residentBytes),
    leastShare: of(({ leastShare }) => leastShare),
    lateMs: [0, 1, 2].map((at) => of(({ lateMs }) => lateMs[at] ?? 0)),
    joinMs: [0, 1, 2].map((at) => of(({ joinMs }) => joinMs[at] ?? 0)),
    closed: of(({ closed }) => closed),
    swarmShare: of(({ swarmShare }) => swarmShare),
  };
  const cells = [
    server.name,
    protocol,
    `${viewers}`,
    result.cpuMs.toFixed(3),
    `${Math.min(...cpu).toFixed(3)} to ${Math.max(...cpu).toFixed(3)}`,
    (result.residentBytes / 1e6).toFixed(0),
    `${(100 * result.leastShare).toFixed(0)} %`,
    result.lateMs
      .slice(0, 2)
      .map((ms) => ms.toFixed(1))
      .join(' / '),
    result.joinMs
      .slice(0, 2)
      .map((ms) => ms.toFixed(0))
      .join(' / '),
    `${result.closed}`,
    `${(100 * result.swarmShare).toFixed(0)} %`,
  ];
  return { result, cells };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const high = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[half - 1] ?? Number.NaN)) / 2;
}

function versionOf(debianPackage: string): string {
  try {
    return (
      execFileSync('dpkg-query', ['--show', debianPackage], { encoding: 'utf8' }).trim().split('\t')[1] ??
      'none'
    );
  } catch {
    return 'none';
  }
}

function packageVersion(name: string): string {
  const file = join(import.meta.dirname, '../../node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
