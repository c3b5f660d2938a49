/** One measurement: a server, an encoder, and so many viewers for some seconds. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Workbench } from '../workbench.ts';
import { STREAM_BYTES_A_SECOND } from './encoder-stream.ts';
import type { Protocol } from './play-script.ts';
import { useOf } from './process-meter.ts';
import { type Server, startServer } from './servers.ts';
import { PORTS, startEncoder, startViewers } from './stage.ts';

export interface Cell {
  readonly server: Server;
  readonly protocol: Protocol;
  readonly viewers: number;
  readonly drainMs: number;
}

export interface CellContext {
  readonly workbench: Workbench;
  readonly swarmProgram: string;
  readonly seconds: number;
  readonly joinsASecond: number;
}

export interface Measured {
  /** Of the server, in ms for each viewer and second. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** Of what the encoder sends, what the viewer with the least got. */
  readonly leastShare: number;
  readonly lateMs: readonly [p50: number, p99: number, most: number];
  readonly joinMs: readonly [p50: number, p99: number, most: number];
  /** Viewers that the server has closed. */
  readonly closed: number;
  /** Of one core, what the viewers used: near 1, they were too slow to measure anything. */
  readonly swarmShare: number;
}

/** A stream that viewers find is on air, and has a whole GOP: what they join is not its beginning. */
const WARM_UP_MS = 16_000;
/**
 * With that, Node has compiled most of what is hot, and is done with the collections that follow upon so many joins, which are as
 * dear as 15 % of what is measured: servers run for hours.
 */
const SETTLE_MS = 24_000;
/** The source of the only encoder. */
const SOURCE = 0;

export async function runCell(cell: Cell, context: CellContext): Promise<Measured> {
  const { server, protocol, viewers, drainMs } = cell;
  const { workbench, swarmProgram, seconds, joinsASecond } = context;
  try {
    const { pid = 0 } = await startServer(workbench, server, PORTS);
    if (server.publish !== null) await startEncoder(workbench, server.publish, SOURCE);
    await pause(WARM_UP_MS);
    const options = { protocol, play: server.play, viewers, drainMs, joinsASecond };
    const { swarm, joined } = await startViewers(workbench, swarmProgram, options);
    await pause(SETTLE_MS);
    await swarm.mark();
    const before = { at: performance.now(), use: useOf(pid), swarm: (await swarm.report()).cpuMs };
    await pause(seconds * 1_000);
    const report = await swarm.report();
    const use = useOf(pid);
    const elapsed = (performance.now() - before.at) / 1_000;
    return {
      cpuMs: (use.cpuMs - before.use.cpuMs) / elapsed / viewers,
      residentBytes: use.residentBytes,
      leastShare: report.leastBytes / elapsed / STREAM_BYTES_A_SECOND,
      lateMs: report.lateMs,
      joinMs: joined.joinMs,
      closed: report.closed,
      swarmShare: (report.cpuMs - before.swarm) / elapsed / 1_000,
    };
  } finally {
    await workbench.endAll();
  }
}
