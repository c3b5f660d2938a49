/**
 * `node --import tsx bench/hostile-peers.ts`: the attack drills of test/e2e/attacks.test.ts against node-media-server, one
 * server process for each. Prints which it survives, and what two viewers of another stream saw of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Attacker } from '../test/support/attacker.ts';
import { Audience } from '../test/support/audience.ts';
import { DRILLS, type Drill } from '../test/support/drills.ts';
import { freePorts } from '../test/support/free-ports.ts';
import { until } from '../test/support/until.ts';

const ROOT = join(import.meta.dirname, '..');
const CLIP = join(ROOT, 'runtime/clips/camera1.flv');
const SERVER = `
  import MediaServer from 'node-media-server';
  const [rtmp, http] = process.argv.slice(1).map(Number);
  const store = { path: process.execPath + '/no-store' };
  await new MediaServer({ bind: '127.0.0.1', rtmp: { port: rtmp }, http: { port: http }, webadmin: { enable: false }, store }).run();
`;
/** Of a drill that waits for something that only an Understudy host can say. */
const ENOUGH_MS = 10_000;
/** After an attack, as long as a server may take to notice what was done to it. */
const AFTER_MS = 2_000;
const ATTACK_MS = 60_000;
const MB = 1e6;

class MediaServerProcess {
  ended: string | null = null;
  readonly child: ChildProcess;
  private said = '';

  constructor(ports: readonly number[]) {
    const args = ['--input-type=module', '-e', SERVER, ...ports.map(String)];
    this.child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.said = (this.said + data.toString()).slice(-20_000);
      });
    }
    this.child.once('exit', (code, signal) => {
      this.ended = `ended with ${code ?? signal}: ${this.said.split('\n').findLast((line) => /^\w*Error\b.*: /.test(line)) ?? ''}`;
    });
  }

  /** Linux. */
  get residentBytes(): number {
    if (this.ended !== null) return 0;
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1_024;
  }
}

async function run(drill: Drill): Promise<string> {
  const [rtmp = 0, http = 0] = await freePorts(2);
  const server = new MediaServerProcess([rtmp, http]);
  const audience = new Audience();
  const watched = `rtmp://127.0.0.1:${rtmp}/live/watched`;
  const attacked = { app: 'live', name: 'attacked' };
  const attacker = new Attacker({ port: rtmp, input: attacked, lockedInput: attacked, program: attacked });
  let peakBytes = 0;
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, server.residentBytes);
  }, 100);
  try {
    await until(
      'the server',
      () =>
        audience.publish(CLIP, watched).then(
          () => true,
          () => false,
        ),
      30_000,
    );
    await audience.play(watched);
    await audience.play(`http://127.0.0.1:${http}/live/watched.flv`);
    await audience.look();
    const beforeBytes = server.residentBytes;
    const startedAt = performance.now();
    const isEnough = async (): Promise<boolean> =>
      server.ended !== null || performance.now() - startedAt > ENOUGH_MS;
    const outcome = await Promise.race([
      drill.attack(attacker, isEnough).then(
        () => '',
        (error: Error) => error.message,
      ),
      pause(ATTACK_MS, 'given up'),
      until('its end', () => server.ended, ATTACK_MS).catch(() => ''),
    ]);
    await pause(AFTER_MS);
    const sights = await audience.look();
    const noticed = sights.flatMap(({ breaches }) => breaches);
    return [
      server.ended === null ? 'lives' : `DIES, ${server.ended}`,
      `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
      `${attacker.connections} connections, ${attacker.openConnections} still open`,
      `${(attacker.sentBytes / MB).toFixed(1)} MB sent`,
      `memory ${(beforeBytes / MB).toFixed(0)} to ${(peakBytes / MB).toFixed(0)} MB`,
      `largest gap ${Math.max(...sights.map(({ largestGapMs }) => largestGapMs))} ms`,
      noticed.length === 0 ? 'viewers noticed nothing' : `viewers: ${[...new Set(noticed)].join('; ')}`,
      ...(outcome === '' || outcome === server.ended ? [] : [`attack: ${outcome}`]),
    ].join(', ');
  } finally {
    clearInterval(sampling);
    attacker.stop();
    await audience.stop();
    server.child.kill('SIGKILL');
  }
}

const { version } = JSON.parse(
  readFileSync(join(ROOT, 'node_modules/node-media-server/package.json'), 'utf8'),
) as { version: string };
console.log(
  `node-media-server ${version}, Node ${process.version}, ${arch()}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
);
for (const drill of DRILLS) {
  console.log(
    `${drill.name}: ${await run(drill).catch((error: Error) => `could not be run: ${error.message}`)}`,
  );
}
process.exit();
