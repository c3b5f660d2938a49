/**
 * What viewers see: a browser plays a program with hls.js and with mpegts.js, side by side, while the master is killed, frozen
 * and stopped, again and again. Its video elements must not notice.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.ts';
import { BrowserPlayers } from '../support/browser-players.ts';
import type { TestClipOptions } from '../support/clip-maker.ts';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { FfmpegEncoders } from '../support/ffmpeg-encoders.ts';
import type { FfmpegPublisher } from '../support/ffmpeg-peers.ts';
import type { FlvPlayer, HlsPlayer } from '../support/player-page.ts';
import { until } from '../support/until.ts';

const TEST_MS = 240_000;
/** An encoder starts, settles, waits out its hold and a GOP; a player plays what it has. */
const PATIENCE_MS = 60_000;
const BUFFER_MS = 2_000;
/** The picture may stand for so long, beyond what it does for want of a processor. */
const STILL_MS = 200;
/** What low latency is. */
const LATENCY_MS = 2_500;
/** So often its players look at it. */
const LATENCY_LOOKS = 20;
/** The bar of a clip begins anew. */
const BAR_MS = 1_000;
/** Whole seconds, and whole frames of sound and pictures: the bar goes on where the clip begins anew. */
const PICTURE: TestClipOptions = { width: 426, height: 240, durationSeconds: 8 };

interface Variant {
  readonly name: string;
  readonly master: TestClipOptions;
  readonly backup: TestClipOptions;
  readonly rounds: number;
  readonly sizes: readonly string[];
}

const VARIANTS: readonly Variant[] = [
  { name: 'equal master and backup', master: PICTURE, backup: PICTURE, rounds: 10, sizes: ['426x240'] },
  {
    name: 'other size, profile and audio rate',
    master: { ...PICTURE, profile: 'high' },
    backup: { ...PICTURE, width: 320, height: 180, profile: 'baseline', audioRate: 44_100 },
    rounds: 5,
    sizes: ['320x180', '426x240'],
  },
];

/** How a master is lost, in turns. */
const WAYS = ['kill', 'freeze', 'stop'] as const;

const LOW_LATENCY = 'hls.js, low latency';
const playersOf = (test: TestHost): ReadonlyArray<HlsPlayer | FlvPlayer> => [
  {
    name: 'hls.js',
    kind: 'hls',
    url: test.hlsUrl('camera1'),
    config: { liveSyncDuration: BUFFER_MS / 1_000 },
  },
  { name: LOW_LATENCY, kind: 'hls', url: test.hlsUrl('camera1'), config: {} },
  { name: 'mpegts.js', kind: 'flv', url: test.flvUrl('camera1'), bufferMs: BUFFER_MS },
];

for (const { name, master, backup, rounds, sizes } of VARIANTS) {
  describeInBrowser(`a browser: ${name}`, () => {
    const encoders = new FfmpegEncoders((input) => test.publishUrl(input));
    const masterPublisher = (): FfmpegPublisher => encoders.of('master/camera1');
    let test: TestHost;
    let players: BrowserPlayers;

    const shows = (source: string): Promise<unknown> =>
      until(
        `camera1 shows ${source}`,
        () => test.host.control.programState('camera1')?.onAir === source,
        PATIENCE_MS,
      );
    const loseMaster = async (way: (typeof WAYS)[number]): Promise<void> => {
      const lost = masterPublisher();
      await lost[way]();
      await shows('backup/spare');
      if (way === 'freeze') lost.thaw();
      else await encoders.publish('master/camera1');
      await shows('master/camera1');
    };
    /** What there is to find out why a player has noticed something. */
    const explain = async (player: string): Promise<void> => {
      const records = test.host.control.switches('camera1').map((record) => JSON.stringify(record));
      process.stdout.write([...records, ...(await players.log(player)), ''].join('\n'));
    };
    /** Waits until the players have played what comes out now. */
    const allIsPlayed = async (): Promise<void> => {
      const { playedMs } = await players.report('hls.js');
      const isPlayed = async () => (await players.report('hls.js')).playedMs > playedMs + 2 * BUFFER_MS;
      await until('the last switch is played', isPlayed, PATIENCE_MS);
    };

    beforeAll(async () => {
      await encoders.makeClips({ master, backup });
      test = await startTestHost({
        masters: [{ name: 'camera1' }],
        backups: [{ name: 'spare' }],
        slate: false,
        // Without damping: ten losses a minute would hold the master off for minutes.
        failover: { failbackHoldMs: 1_000, flap: { maxHoldMs: 1_000 } },
        hls: { segmentMs: 1_000 },
      });
      await Promise.all(['master/camera1', 'backup/spare'].map((input) => encoders.publish(input)));
      await shows('master/camera1');
      await until('the playlist is long enough to begin near its end', async () => {
        const playlist = await (await fetch(test.hlsUrl('camera1'))).text();
        return playlist.split('#EXTINF').length > 4;
      });
      players = await BrowserPlayers.open();
      await Promise.all(playersOf(test).map((player) => players.play(player)));
    }, TEST_MS);

    afterAll(async () => {
      await players.close();
      await encoders.end();
      await test.host.stop('the test is over');
    }, TEST_MS);

    it(
      'plays low-latency HLS at most 2.5 s behind the encoder',
      async () => {
        const { startedAtMs } = masterPublisher();
        const byDate: number[] = [];
        const byPicture: number[] = [];
        while (byDate.length < LATENCY_LOOKS) {
          const { byDateMs, picture } = await players.latency(LOW_LATENCY);
          byDate.push(byDateMs);
          // The bar tells by how much, but for whole seconds.
          const sweeps = (picture.atMs - startedAtMs) / BAR_MS - (picture.phase ?? Number.NaN);
          byPicture.push(BAR_MS * (sweeps - Math.round(sweeps - byDateMs / BAR_MS)));
        }
        const figures = { byDate: range(byDate), byPicture: range(byPicture) };
        process.stdout.write(`behind the encoder, ms: ${JSON.stringify(figures)}\n`);
        expect(Math.max(...byDate, ...byPicture)).toBeLessThanOrEqual(LATENCY_MS);
      },
      TEST_MS,
    );

    it(
      `shows nothing of a master that is lost and back ${rounds} times`,
      async () => {
        for (let round = 0; round < rounds; round += 1) await loseMaster(WAYS[round % WAYS.length] ?? 'kill');
        await allIsPlayed();
        const switches = test.host.control.switches('camera1').filter(({ cause }) => cause !== 'start');
        expect(switches.length).toBeGreaterThanOrEqual(2 * rounds);
        const machineStillMs = await players.machineStillMs();
        process.stdout.write(
          `${name}: ${switches.length} switches, machine still for ${machineStillMs} ms\n`,
        );
        const reports = [];
        for (const { name: player } of playersOf(test)) {
          const { errors, ...report } = await players.report(player);
          process.stdout.write(`${player}: ${JSON.stringify(report)} ${errors.join('; ')}\n`);
          if (report.events.length > 0) await explain(player);
          reports.push(report);
        }
        for (const report of reports) {
          expect(report).toMatchObject({ events: [], bufferedRanges: 1 });
          expect(report.longestStillMs).toBeLessThanOrEqual(STILL_MS + machineStillMs);
          expect(report.sizes.toSorted()).toEqual(sizes);
        }
      },
      TEST_MS,
    );

    it(
      'would have seen a picture that stands, and tells it from a page that does',
      async () => {
        const before = await players.report('mpegts.js');
        await players.block(2 * STILL_MS);
        const blocked = await players.report('mpegts.js');
        expect(blocked.longestUnseenMs).toBeGreaterThanOrEqual(2 * STILL_MS);
        expect(blocked).toMatchObject({ events: before.events });
        await players.pause('mpegts.js', 3 * STILL_MS);
        const paused = await players.report('mpegts.js');
        expect(paused.longestStillMs).toBeGreaterThan(2 * STILL_MS);
        expect(paused.events.length).toBeGreaterThan(before.events.length);
      },
      TEST_MS,
    );
  });
}

function range(values: readonly number[]): string {
  return `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`;
}
