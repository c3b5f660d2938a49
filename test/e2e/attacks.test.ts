/**
 * Attack drills: hostile peers against a running host while 50 viewers watch other programs. Each drill prints its figures.
 * How long nothing arrived at a viewer is printed and not judged: a busy machine can starve anything.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { Attacker, type Target } from '../support/attacker.ts';
import { Audience, type ViewerSight } from '../support/audience.ts';
import { DrillSite } from '../support/drill-site.ts';
import { DRILLS, type Drill } from '../support/drills.ts';
import { type HostFigures, HostMeter } from '../support/host-meter.ts';
import { HostProcess } from '../support/host-process.ts';
import { until } from '../support/until.ts';

const CLIPS = join(import.meta.dirname, '../../runtime/clips');
const VIEWERS = 50;
const WATCHED = ['camera1', 'camera2'];
/** The input that is attacked, and whose program hostile viewers play. Nobody else watches it. */
const ATTACKED = 'camera3';
const KEYS = new Map(
  ['master/camera1', 'master/camera2', 'master/camera3', 'backup/spare'].map((input) => [
    input,
    `key-of-${input.replace('/', '-')}`,
  ]),
);
const CONFIG = {
  masters: [...WATCHED, ATTACKED].map((name) => ({ name })),
  backups: [{ name: 'spare' }],
  // A machine that is busy with the attack itself may starve an encoder.
  failover: { stallTimeoutMs: 10_000, failbackHoldMs: 0 },
  viewers: { stuckTimeoutMs: 2_000 },
  limits: { handshakeTimeoutMs: 3_000 },
};
const PATIENCE_MS = 60_000;
const TEST_MS = 120_000;
const JOIN_EVERY_MS = 500;
const MB = 1e6;

let host: HostProcess;
let audience: Audience;
let target: Target;

beforeAll(async () => {
  audience = new Audience();
  host = await HostProcess.start(CONFIG, KEYS);
  target = {
    port: host.ports.rtmp,
    input: { app: 'master', name: `${ATTACKED}?key=${KEYS.get(`master/${ATTACKED}`)}` },
    lockedInput: { app: 'master', name: `${ATTACKED}?key=guess` },
    program: { app: 'live', name: ATTACKED },
  };
  for (const input of ['backup/spare', ...WATCHED.map((name) => `master/${name}`)]) {
    const clip = join(CLIPS, `${input.split('/')[1]}.flv`);
    await audience.publish(clip, `rtmp://127.0.0.1:${host.ports.rtmp}/${input}?key=${KEYS.get(input)}`);
  }
  await until(
    'all to be on air',
    async () => (await onAir()) === 'master/camera1 master/camera2',
    PATIENCE_MS,
  );
  for (let count = 0; count < VIEWERS; count += 1) await audience.play(viewerUrl(count));
}, TEST_MS);

afterAll(async () => {
  await audience?.stop();
  await host?.stop();
}, TEST_MS);

/** The attackers' address (support/attacker.ts) is there without being set up on Linux only. */
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux.each(DRILLS)('$name', (drill) => {
  it(
    'costs those who watch nothing',
    async () => {
      const attacker = new Attacker(target);
      const site = await DrillSite.begin(host, attacker, ATTACKED);
      const meter = await HostMeter.start(host);
      await audience.look();
      const startedAt = clock.now();
      const attack = runAttack(drill, attacker, site);
      const joinMs = drill.isJoined === true ? await joinDuring(attack) : [];
      await attack;
      const durationMs = clock.now() - startedAt;
      const { connections, sentBytes } = attacker;
      attacker.stop();
      const figures = await meter.stop();
      const sights = await audience.look();
      const closings = site.closings();
      print(drill.name, { durationMs, connections, sentBytes, joinMs, sights, closings, ...figures });

      expect(host.ended).toBeNull();
      expect(sights.length).toBeGreaterThanOrEqual(VIEWERS);
      expect(sights.filter(({ breaches }) => breaches.length > 0)).toEqual([]);
      expect(site.otherSwitches).toEqual([]);
      expect(figures.residentBytesPeak / MB).toBeLessThan(drill.memoryMb);
      if (drill.closedFor !== undefined) expect(closings).toHaveLength(connections);
      if (drill.limit !== undefined || drill.isEnough !== undefined) return;
      for (const reason of closings) expect(reason).toMatch(drill.closedFor ?? /^(closed by peer|socket: )/);
    },
    TEST_MS,
  );
});

/** Until it is over, and the host has done about it what it does. */
async function runAttack(drill: Drill, attacker: Attacker, site: DrillSite): Promise<void> {
  await drill.attack(attacker, async () => (await drill.isEnough?.(site)) ?? true);
  const { closedFor, limit } = drill;
  if (closedFor !== undefined) {
    await until('the host to close them all', () => attacker.openConnections === 0, PATIENCE_MS);
  }
  if (limit !== undefined) await until(`limits.${limit} to be met`, () => site.hasMet(limit), PATIENCE_MS);
}

function viewerUrl(index: number): string {
  const program = WATCHED[Math.floor(index / 2) % WATCHED.length];
  const { rtmp, http } = host.ports;
  return index % 2 === 0
    ? `rtmp://127.0.0.1:${rtmp}/live/${program}`
    : `http://127.0.0.1:${http}/live/${program}.flv`;
}

async function onAir(): Promise<string> {
  const { programs } = await host.state();
  return WATCHED.map((name) => programs.find((program) => program.name === name)?.onAir).join(' ');
}

/** Viewers come by RTMP, one after the other, until the attack is over. Resolves with how long each took. */
async function joinDuring(attack: Promise<unknown>): Promise<number[]> {
  const joinMs: number[] = [];
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  attack.then(end, end);
  while (!isOver || joinMs.length === 0) {
    const startedAt = clock.now();
    await audience.play(viewerUrl(0));
    joinMs.push(Math.round(clock.now() - startedAt));
    await pause(JOIN_EVERY_MS);
  }
  return joinMs;
}

function print(
  name: string,
  figures: HostFigures & {
    readonly durationMs: number;
    readonly connections: number;
    readonly sentBytes: number;
    readonly joinMs: readonly number[];
    readonly sights: readonly ViewerSight[];
    readonly closings: readonly string[];
  },
): void {
  const { residentBytesBefore, residentBytesPeak, eventLoopDelayMs, joinMs, sights, closings } = figures;
  const megabytes = (bytes: number): string => (bytes / MB).toFixed(bytes < MB ? 3 : 0);
  const columns = [
    `${(figures.durationMs / 1_000).toFixed(1)} s`,
    `${figures.connections} connections`,
    `${megabytes(figures.sentBytes)} MB sent`,
    `memory ${megabytes(residentBytesBefore)} to ${megabytes(residentBytesPeak)} MB`,
    `event loop ${eventLoopDelayMs.toFixed(0)} ms`,
    `largest gap ${Math.max(...sights.map(({ largestGapMs }) => largestGapMs))} ms`,
    ...(joinMs.length > 0 ? [`${joinMs.length} joined, the slowest in ${Math.max(...joinMs)} ms`] : []),
    [...new Set(closings.map((reason) => reason.split(':')[0]))].join(' | '),
  ];
  process.stdout.write(`${name}: ${columns.join(', ')}\n`);
}
