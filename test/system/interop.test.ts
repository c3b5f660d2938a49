/**
 * What encoders, players and relays that people have make of a host: each publishes, and is killed and frozen under a viewer;
 * each plays a program whose master is killed and frozen. The outcome is the table of docs/compatibility.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FfmpegViewer } from '../support/ffmpeg-peers.ts';
import type { ViewerReport } from '../support/ffmpeg-viewer.ts';
import {
  committedTable,
  compatibilityTable,
  type Outcome,
  type PeerVerdict,
  withoutVersions,
  writeTable,
} from './compatibility-table.ts';
import { endAtWholeTag } from './flv-end.ts';
import { BACKUP, FRAME_MS, InteropStage } from './interop-stage.ts';
import { PEERS } from './peers/all.ts';
import { debianVersion, type Peer, type PlayJob } from './peers/peer.ts';
import { recordingFaults } from './recording-faults.ts';

const TEST_MS = 240_000;
/** Two cores carry so many at once. */
const PUBLISHERS_AT_ONCE = 3;
/** What players are shown behind the last switch: more than any of them holds back. */
const AFTERWARDS_MS = 4_000;
/** The program that all players play. */
const PLAYED = 'played';

const available = PEERS.filter(isAvailable);
const publishing = available.filter(({ publish }) => publish !== undefined);
const playing = available.filter(({ play }) => play !== undefined);

let stage: InteropStage;
let played: Promise<ReadonlyMap<string, Outcome>>;
/** They work side by side; each test waits for its own. */
let published: ReadonlyMap<string, Promise<Outcome>>;

beforeAll(async () => {
  stage = await InteropStage.open([PLAYED, ...publishing.map(slug)]);
  await stage.shows(PLAYED, BACKUP);
  played = playTogether(playing);
  published = publishInLanes(publishing, played);
}, TEST_MS);

afterAll(async () => {
  await Promise.allSettled([played, ...published.values()]);
  await stage.close();
}, TEST_MS);

describe('as a player', () => {
  it.each(playing)(
    '$name goes on while the master is killed, and while it is frozen',
    async (peer) => {
      expect((await played).get(peer.name)).toEqual({ works: true, faults: [] });
    },
    TEST_MS,
  );
});

describe('as a publisher', () => {
  it.each(publishing)(
    '$name is killed, and frozen, and comes back, and no viewer notices',
    async (peer) => {
      expect(await published.get(peer.name)).toEqual({ works: true, faults: [] });
    },
    TEST_MS,
  );
});

it(
  'the table in docs/compatibility.md says so',
  async () => {
    const verdicts: PeerVerdict[] = [];
    for (const peer of available) {
      const publishes = (await published.get(peer.name)) ?? null;
      const plays = (await played).get(peer.name) ?? null;
      verdicts.push({ name: peer.name, version: peer.version(), publishes, plays });
    }
    const table = compatibilityTable(verdicts);
    process.stdout.write(`\n${table}\n`);
    if (process.env.UNDERSTUDY_WRITE_TABLE === '1') writeTable(table);
    const rows = withoutVersions(table).split('\n');
    const committed = withoutVersions(committedTable()).split('\n');
    // Where a peer cannot be installed, its row stays.
    const expected =
      available.length === PEERS.length ? committed : committed.filter((row) => rows.includes(row));
    expect(rows).toEqual(expected);
  },
  TEST_MS,
);

/** Whether its packages are there. Throws where they could be, and are not. */
function isAvailable({ name, packages }: Peer): boolean {
  const missing = packages.filter((debian) => debianVersion(debian) === '');
  for (const debian of missing) {
    const isKnown = spawnSync('apt-cache', ['show', debian]).status === 0;
    if (isKnown) throw new Error(`${name} needs ${debian}: scripts/system-packages.mjs installs it`);
    process.stdout.write(`${name} is not tried: apt knows no package ${debian}\n`);
  }
  return missing.length === 0;
}

/** The players play one program, all at once: they see the same two failovers. */
async function playTogether(peers: readonly Peer[]): Promise<ReadonlyMap<string, Outcome>> {
  const master = `master/${PLAYED}`;
  let publisher = stage.publish(master);
  await stage.shows(PLAYED, master);
  const players = await Promise.all(peers.map(startPlayer));
  const viewer = await stage.watch(PLAYED);
  await stage.hasViewers(PLAYED, players.length + 1);
  const allThereAt = performance.now();
  await publisher.kill();
  await stage.shows(PLAYED, BACKUP);
  publisher = stage.publish(master);
  await stage.shows(PLAYED, master);
  publisher.freeze();
  await stage.shows(PLAYED, BACKUP);
  publisher.thaw();
  await stage.shows(PLAYED, master);
  const atLeastMs = performance.now() - allThereAt;
  await viewer.seesMore(AFTERWARDS_MS);
  viewer.close();
  const outcomes = new Map<string, Outcome>();
  for (const { peer, job, run } of players) {
    const faults = run.isRunning ? [] : [`it has ended: ${run.lastLines}`];
    await run.finish();
    const report = await reportOf(job);
    faults.push(...recordingFaults(report, { atLeastMs, frameMs: FRAME_MS }));
    outcomes.set(peer.name, { works: report.framesDecoded.video > 0, faults });
  }
  await publisher.kill();
  return outcomes;
}

async function startPlayer(peer: Peer) {
  const own = await stage.job(`play-${slug(peer)}`, stage.playUrl(PLAYED));
  const [recording, report] = [join(own.directory, 'recording.flv'), join(own.directory, 'report.json')];
  const job: PlayJob = { ...own, recording, report };
  return { peer, job, run: await stage.start(peer.play?.(job) ?? [], job) };
}

/** What a player got: as it says itself, or as FFmpeg finds it in its recording. */
async function reportOf({ recording, report }: PlayJob): Promise<ViewerReport> {
  if (existsSync(report)) return JSON.parse(readFileSync(report, 'utf8')) as ViewerReport;
  endAtWholeTag(recording);
  const reader = new FfmpegViewer(recording, report);
  await reader.ended;
  return reader.leave();
}

/** Once `before` has come to an end, so many at a time. */
function publishInLanes(
  peers: readonly Peer[],
  before: Promise<unknown>,
): ReadonlyMap<string, Promise<Outcome>> {
  const outcomes = new Map<string, Promise<Outcome>>();
  const lanes: Array<Promise<unknown>> = Array(PUBLISHERS_AT_ONCE).fill(before);
  for (const [index, peer] of peers.entries()) {
    const lane = index % PUBLISHERS_AT_ONCE;
    const outcome = Promise.allSettled([lanes[lane]]).then(() => publishUnderViewer(peer));
    lanes[lane] = outcome;
    outcomes.set(peer.name, outcome);
  }
  return outcomes;
}

/** One publishes, is killed, starts again, and freezes; a viewer of its program watches. */
async function publishUnderViewer(peer: Peer): Promise<Outcome> {
  const program = slug(peer);
  const input = `master/${program}`;
  const job = await stage.job(`publish-${program}`, stage.publishUrl(input));
  const commands = peer.publish?.({ ...job, clip: stage.clip }) ?? [];
  let run = await stage.start(commands, job);
  try {
    await stage.shows(program, input);
    const viewer = await stage.watch(program);
    await viewer.seesMore(1_000);
    await run.kill();
    await stage.shows(program, BACKUP);
    run = await stage.start(commands, job);
    await stage.shows(program, input);
    run.freeze();
    await stage.shows(program, BACKUP);
    run.thaw();
    await stage.shows(program, input);
    await viewer.seesMore(1_000);
    const faults = viewer.noticed();
    viewer.close();
    return { works: true, faults };
  } catch (error) {
    throw new Error(`${peer.name}: ${run.lastLines}`, { cause: error });
  } finally {
    await run.kill();
  }
}

function slug({ name }: Peer): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
