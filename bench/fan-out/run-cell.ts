/** One measurement: a server, an encoder, and so many viewers for some seconds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Protocol, playScript } from './play-script.ts';
import { useOf } from './process-meter.ts';
import { type Server, startServer } from './servers.ts';
import { Swarm } from './swarm.ts';

export interface Cell {
  readonly server: Server;
  readonly protocol: Protocol;
  readonly viewers: number;
  readonly drainMs: number;
}

export interface CellContext {
  readonly swarmProgram: string;
  readonly directory: string;
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

const PORTS = { rtmp: 29_350, http: 29_380 };
/** The server has one core to itself; encoder and viewers share the other. */
const SERVER_CORE = 0;
const LOAD_CORE = 1;
/** What the publisher sends, in bytes a second: pictures and sound with their heads. */
const STREAM_BYTES = 30 * 7_605 + 0.5 * (50_000 - 7_600) + 43.07 * 402;
const PROBES = 50;
const SETTLE_MS = 3_000;
const JOIN_MS = 60_000;
const POLL_MS = 100;

export async function runCell(cell: Cell, context: CellContext): Promise<Measured> {
  const { server, protocol, viewers, drainMs } = cell;
  const { swarmProgram, directory, seconds, joinsASecond } = context;
  const running: ChildProcess[] = [];
  let swarm: Swarm | null = null;
  try {
    const process_ = await startServer(server, { ...PORTS, directory }, SERVER_CORE);
    running.push(process_);
    if (server.publish !== null)
      running.push(await startPublisher(`rtmp://127.0.0.1:${PORTS.rtmp}/${server.publish}`));
    const port = protocol === 'http-flv' ? PORTS.http : PORTS.rtmp;
    swarm = new Swarm(swarmProgram, {
      port,
      viewers,
      joinsASecond,
      drainMs,
      probeEvery: Math.max(1, Math.floor(viewers / PROBES)),
      script: playScript(protocol, port, server.play),
      directory,
      core: LOAD_CORE,
    });
    const until = performance.now() + JOIN_MS;
    let joined = await swarm.report();
    while (joined.joined < viewers && joined.closed === 0 && performance.now() < until) {
      await pause(POLL_MS);
      joined = await swarm.report();
    }
    await pause(SETTLE_MS);
    await swarm.mark();
    const before = {
      at: performance.now(),
      use: useOf(process_.pid ?? 0),
      swarm: (await swarm.report()).cpuMs,
    };
    await pause(seconds * 1_000);
    const report = await swarm.report();
    const use = useOf(process_.pid ?? 0);
    const elapsed = (performance.now() - before.at) / 1_000;
    return {
      cpuMs: (use.cpuMs - before.use.cpuMs) / elapsed / viewers,
      residentBytes: use.residentBytes,
      leastShare: report.leastBytes / elapsed / STREAM_BYTES,
      lateMs: report.lateMs,
      joinMs: joined.joinMs,
      closed: report.closed,
      swarmShare: (report.cpuMs - before.swarm) / elapsed / 1_000,
    };
  } finally {
    await swarm?.end();
    await Promise.all(running.map(endProcess));
  }
}

async function startPublisher(url: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'publisher.ts');
  const child = spawn('taskset', ['-c', `${LOAD_CORE}`, process.execPath, '--import', 'tsx', script, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no pipe');
  await once(child.stdout, 'data');
  return child;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
