/** A server with viewers that keep up and others that do not, for some seconds. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { Workbench } from '../workbench.ts';
import { useOf } from './process-meter.ts';
import { MASTER, type Server, startServer } from './servers.ts';
import { PORTS, SWEEP_MS, startEncoder, startViewers } from './stage.ts';

/** What the others do: they are not there, read nothing, or read 20 kB/s of the 270 that the stream has. */
export const KINDS = ['none', 'stuck', 'slow'] as const;
export type Kind = (typeof KINDS)[number];

export interface SlowRun {
  readonly server: string;
  readonly kind: Kind;
  /** Resident, when all have joined, and after each second. */
  readonly memoryBytes: readonly number[];
  /** Of the viewers that keep up. */
  readonly lateMs: readonly [p50: number, p99: number, most: number];
  /** Whom this server's log says that it has closed; null of servers whose log does not. */
  readonly closings: readonly Closing[] | null;
}

export interface Closing {
  /** Since all had joined. */
  readonly afterMs: number;
  readonly reason: string;
}

export interface SlowContext {
  readonly workbench: Workbench;
  readonly swarmProgram: string;
  readonly good: number;
  readonly bad: number;
  readonly seconds: number;
}

const JOINS_A_SECOND = 400;
/** Viewers find a stream that is on air. */
const WARM_UP_MS = 3_000;
const DEBUG_LOG = ['--log-format', 'json', '--log-level', 'debug'];

export async function measureSlow(server: Server, kind: Kind, context: SlowContext): Promise<SlowRun> {
  const { workbench, swarmProgram, good, bad, seconds } = context;
  const isOurs = server.publish === MASTER;
  const child = isOurs
    ? await startServer(workbench, talkative(server), PORTS, 'pipe')
    : await startServer(workbench, server, PORTS);
  const closings = isOurs ? readClosings(child) : null;
  await startEncoder(workbench, server.publish ?? '', 0);
  await pause(WARM_UP_MS);
  const { swarm } = await startViewers(workbench, swarmProgram, {
    protocol: 'rtmp',
    play: server.play,
    viewers: good + (kind === 'none' ? 0 : bad),
    drainMs: SWEEP_MS,
    joinsASecond: JOINS_A_SECOND,
    ...(kind !== 'none' && { [kind]: bad }),
  });
  const startedAt = performance.now();
  await swarm.mark();
  const memoryBytes = [useOf(child.pid ?? 0).residentBytes];
  for (let second = 1; second <= seconds; second += 1) {
    await pause(startedAt + second * 1_000 - performance.now());
    memoryBytes.push(useOf(child.pid ?? 0).residentBytes);
  }
  const { lateMs } = await swarm.report();
  const all = closings?.map(({ at, reason }) => ({ afterMs: at - startedAt, reason })) ?? null;
  await workbench.endAll();
  return { server: server.name, kind, memoryBytes, lateMs, closings: all };
}

/** With connections in its log. */
function talkative(server: Server): Server {
  return { ...server, command: (ports) => [...server.command(ports), ...DEBUG_LOG] };
}

/** Grows as viewers are closed. */
function readClosings({ stdout }: ChildProcess): Array<{ readonly at: number; readonly reason: string }> {
  const closings: ReturnType<typeof readClosings> = [];
  if (stdout === null) throw new Error('no pipe');
  createInterface({ input: stdout }).on('line', (line) => {
    const { event, role, reason } = JSON.parse(line) as Record<string, string | undefined>;
    if (event === 'rtmp-closed' && role === 'viewer') {
      closings.push({ at: performance.now(), reason: reason ?? 'no reason' });
    }
  });
  return closings;
}
