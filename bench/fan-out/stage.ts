/** What the benchmarks of viewers put up around a server: ports, encoders, and viewers that have joined. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LOAD_CORE, type Workbench } from '../workbench.ts';
import { type Protocol, playScript } from './play-script.ts';
import { Swarm, type SwarmOptions, type SwarmReport } from './swarm.ts';

export const PORTS = { rtmp: 29_350, http: 29_380, control: 29_381 };
/** Viewers that do not read as data comes read once in so long, and acknowledge like a client that is so far away. */
export const SWEEP_MS = 20;
const PROBES = 50;
const JOIN_MS = 60_000;
const POLL_MS = 100;

export interface ViewersOptions
  extends Pick<SwarmOptions, 'viewers' | 'joinsASecond' | 'drainMs' | 'stuck' | 'slow'> {
  readonly protocol: Protocol;
  /** What they play: application and stream. */
  readonly play: string;
}

/** Resolves when it publishes. `path`: application and stream, with the query; `source`: the mark of its pictures. */
export async function startEncoder(
  workbench: Workbench,
  path: string,
  source: number,
): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'publisher.ts');
  const url = `rtmp://127.0.0.1:${PORTS.rtmp}/${path}`;
  const child = workbench.start([process.execPath, '--import', 'tsx', script, url, `${source}`], {
    core: LOAD_CORE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no pipe');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the encoder of ${path.split('?')[0]} ended with ${code}`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  return child;
}

/** Resolves when all have a keyframe, or one has been closed, or it takes too long: the report says. */
export async function startViewers(
  workbench: Workbench,
  program: string,
  { protocol, play, ...options }: ViewersOptions,
): Promise<{ readonly swarm: Swarm; readonly joined: SwarmReport }> {
  const port = protocol === 'http-flv' ? PORTS.http : PORTS.rtmp;
  const { viewers } = options;
  const swarm = new Swarm(workbench, program, {
    ...options,
    port,
    probeEvery: Math.max(1, Math.floor(viewers / PROBES)),
    script: playScript(protocol, port, play),
    core: LOAD_CORE,
  });
  const until = performance.now() + JOIN_MS;
  let joined = await swarm.report();
  while (joined.joined < viewers && joined.closed === 0 && performance.now() < until) {
    await pause(POLL_MS);
    joined = await swarm.report();
  }
  return { swarm, joined };
}
