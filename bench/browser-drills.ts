/**
 * `npm run soak:browser`: programs that lose their master as soon as it is back, each played by hls.js with low latency in one Chromium. In a
 * minute that is more switches than most players see in a year. Prints what its viewer could have noticed; ends with status 1 where there
 * was anything.
 *
 *   npm run soak:browser                              six programs, two minutes; the backup has another size, profile and sampling rate
 *   npm run soak:browser -- --equal --minutes 10      master and backup alike, with B-frames
 *   npm run soak:browser -- --programs 3 --log DIR    fewer, for a small machine; DIR gets what a player said that noticed something
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BrowserPlayers } from '../test/support/browser-players.ts';
import type { TestClipOptions } from '../test/support/clip-maker.ts';
import { startTestHost } from '../test/support/e2e-host.ts';
import { FfmpegEncoders } from '../test/support/ffmpeg-encoders.ts';
import { until } from '../test/support/until.ts';

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '6' },
    minutes: { type: 'string', default: '2' },
    equal: { type: 'boolean', default: false },
    log: { type: 'string' },
  },
});
const names = Array.from({ length: Number(values.programs) }, (_, index) => `camera${index + 1}`);
const runMs = 60_000 * Number(values.minutes);
const BACKUP = 'backup/spare';
const PATIENCE_MS = 60_000;
/** Mostly the master is lost again at once, so that switches meet in one part of HLS. */
const AT_ONCE = { share: 0.9, ms: 110 };
const LATER_MS = 1_500;
const DRILL_MS = { least: 50, most: 450 };
/** The picture stands no longer, beyond what the machine does by itself. */
const STILL_MS = 200;
/** What players have before the first of them begins. */
const LEAD_MS = 5_000;

const MASTER_CLIP: TestClipOptions = { width: 160, height: 90, durationSeconds: 8, profile: 'high' };
const OTHER_CLIP: TestClipOptions = {
  ...MASTER_CLIP,
  width: 128,
  height: 72,
  profile: 'baseline',
  audioRate: 44_100,
};

const test = await startTestHost({
  masters: names.map((name) => ({ name })),
  backups: [{ name: 'spare' }],
  slate: false,
  failover: { failbackHoldMs: 0, flap: { maxHoldMs: 0 } },
  hls: { segmentMs: 1_000 },
});
const encoders = new FfmpegEncoders((input) => test.publishUrl(input));
await encoders.makeClips({ master: MASTER_CLIP, backup: values.equal ? MASTER_CLIP : OTHER_CLIP });
await Promise.all([...names.map((name) => `master/${name}`), BACKUP].map((input) => encoders.publish(input)));
await Promise.all(names.map((name) => shows(name, `master/${name}`)));
await pause(LEAD_MS);
const players = await BrowserPlayers.open();
await Promise.all(
  names.map((name) => players.play({ name, kind: 'hls', url: test.hlsUrl(name), config: {} })),
);
console.error(`${names.length} players, ${values.minutes} minutes`);
const endsAt = performance.now() + runMs;
const drills = await Promise.all(names.map(drillAgainAndAgain));
const machineStillMs = await players.machineStillMs();
const hasNoticed = await Promise.all(names.map(report));
console.log(
  `${drills.reduce((sum, count) => sum + count, 0)} drills; the machine stood still for ${machineStillMs} ms`,
);
await players.close();
await encoders.end();
await test.host.stop('all drills are over');
process.exitCode = hasNoticed.includes(true) ? 1 : 0;

async function shows(program: string, source: string): Promise<void> {
  const isSo = (): boolean => test.host.control.programState(program)?.onAir === source;
  await until(`${program} shows ${source}`, isSo, PATIENCE_MS);
}

/** Until the time is over. Returns how often its master was lost. */
async function drillAgainAndAgain(name: string): Promise<number> {
  let count = 0;
  for (; performance.now() < endsAt; count += 1) {
    await pause(Math.random() * (Math.random() < AT_ONCE.share ? AT_ONCE.ms : LATER_MS));
    const durationMs = Math.round(DRILL_MS.least + Math.random() * (DRILL_MS.most - DRILL_MS.least));
    test.host.control.drill(name, { kind: 'unpublish', by: 'soak', reason: '', durationMs });
    await shows(name, BACKUP);
    await shows(name, `master/${name}`);
  }
  return count;
}

/** Whether its viewer could have noticed something. */
async function report(name: string): Promise<boolean> {
  const { errors, ...seen } = await players.report(name);
  console.log(`${name}: ${JSON.stringify(seen)} ${errors.join('; ')}`);
  const isCalm =
    seen.events.length === 0 && seen.bufferedRanges === 1 && seen.longestStillMs <= STILL_MS + machineStillMs;
  if (!isCalm && values.log !== undefined) {
    mkdirSync(values.log, { recursive: true });
    const records = test.host.control.switches(name).map((record) => JSON.stringify(record));
    writeFileSync(join(values.log, `${name}.log`), [...records, ...(await players.log(name)), ''].join('\n'));
  }
  return !isCalm;
}
