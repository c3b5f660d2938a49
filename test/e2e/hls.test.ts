/**
 * FFmpeg publishes a master and a backup, and plays their program as HLS over HTTP, decoding everything, while the master is
 * killed, stopped and frozen; with other codecs than H.264, killed. A second player reloads the playlist as players of low latency do, and holds it to the rules.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestClipOptions } from '../support/clip-maker.ts';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { FfmpegEncoders } from '../support/ffmpeg-encoders.ts';
import { type FfmpegPublisher, FfmpegViewer } from '../support/ffmpeg-peers.ts';
import { PlaylistValidator } from '../support/hls-validator.ts';
import { until } from '../support/until.ts';

const TEST_MS = 240_000;
/** An encoder starts, settles, waits out its hold and a GOP. */
const SOURCE_WAIT_MS = 60_000;
/** FFmpeg begins three segments from the end: so many later, it has what was at the end. */
const BEHIND_SEGMENTS = 4;
/** What the clocks of two inputs may differ by at a splice, and rounding. */
const ROUNDING_MS = 6;

interface Variant {
  readonly name: string;
  readonly master: TestClipOptions;
  readonly backup: TestClipOptions;
  readonly isSame: boolean;
  readonly losses: ReadonlyArray<'killed' | 'stopped' | 'frozen'>;
  /** The longest distance of two frames in any of the clips, ms. */
  readonly frameMs: { readonly video: number; readonly audio: number };
}

/** Windows has no signal that freezes. */
const ALL_LOSSES: Variant['losses'] =
  process.platform === 'win32' ? ['killed', 'stopped'] : ['killed', 'stopped', 'frozen'];

const VARIANTS: readonly Variant[] = [
  {
    name: 'equal master and backup',
    master: { bFrames: 2, profile: 'main' },
    backup: { bFrames: 2, profile: 'main' },
    isSame: true,
    losses: ALL_LOSSES,
    frameMs: { video: 33.4, audio: 21.4 },
  },
  {
    name: 'other size, profile and audio rate',
    master: { bFrames: 2, profile: 'high', gopSeconds: 2 },
    backup: { profile: 'baseline', width: 426, height: 240, audioRate: 44_100, gopSeconds: 2 },
    isSame: false,
    losses: ALL_LOSSES,
    frameMs: { video: 33.4, audio: 23.3 },
  },
  {
    name: 'HEVC, other size',
    master: { videoCodec: 'hevc', bFrames: 2, gopSeconds: 2 },
    backup: { videoCodec: 'hevc', bFrames: 0, width: 426, height: 240, gopSeconds: 2 },
    isSame: false,
    losses: ['killed'],
    frameMs: { video: 33.4, audio: 21.4 },
  },
  {
    name: 'AV1 and Opus, other size, one channel',
    master: { videoCodec: 'av1', audioCodec: 'opus', gopSeconds: 2 },
    backup: { videoCodec: 'av1', audioCodec: 'opus', width: 426, height: 240, channels: 1, gopSeconds: 2 },
    isSame: false,
    losses: ['killed'],
    frameMs: { video: 33.4, audio: 20 },
  },
];

/** Reloads a playlist with the directives of low latency, each time for the next part. */
class ReloadingPlayer {
  readonly validator = new PlaylistValidator();
  readonly statuses = new Map<number, number>();
  readonly discontinuities = new Set<number>();
  /** The segments that another init segment came into force with. */
  readonly changes = new Set<number>();
  private map: string | null = null;
  private readonly url: string;
  private readonly ended: Promise<void>;
  private isOver = false;

  constructor(url: string) {
    this.url = url;
    this.ended = this.play();
  }

  get lastNumber(): number {
    return this.validator.last?.segments.at(-1)?.number ?? 0;
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.ended;
  }

  private async play(): Promise<void> {
    while (!this.isOver) {
      const open = this.validator.last?.segments.at(-1);
      const next = open?.uri === null ? [open.number, open.parts.length] : [this.lastNumber + 1, 0];
      const query = open === undefined ? '' : `?_HLS_msn=${next[0]}&_HLS_part=${next[1]}`;
      const response = await fetch(this.url + query);
      this.statuses.set(response.status, (this.statuses.get(response.status) ?? 0) + 1);
      const text = await response.text();
      if (response.status !== 200) continue;
      const seen = this.lastNumber;
      for (const { number, isDiscontinuity, map } of this.validator.take(text).segments) {
        if (isDiscontinuity) this.discontinuities.add(number);
        if (number < seen) continue;
        if (this.map !== null && map !== this.map) this.changes.add(number);
        this.map = map;
      }
    }
  }
}

describe.each(VARIANTS)('HLS end to end: $name', ({ master, backup, isSame, losses, frameMs }) => {
  const encoders = new FfmpegEncoders((input) => test.publishUrl(input));
  const masterPublisher = (): FfmpegPublisher => encoders.of('master/camera1');
  let test: TestHost;
  let viewer: FfmpegViewer;
  let player: ReloadingPlayer;

  const shows = (source: string): Promise<unknown> =>
    until(
      `camera1 shows ${source}`,
      () => test.host.control.programState('camera1')?.onAir === source,
      SOURCE_WAIT_MS,
    );

  beforeAll(async () => {
    await encoders.makeClips({ master, backup });
    test = await startTestHost({
      masters: [{ name: 'camera1' }],
      backups: [{ name: 'spare' }],
      // FFmpeg goes on with the codec that it began with: the slate is H.264.
      slate: false,
      failover: { failbackHoldMs: 1_000 },
    });
    await Promise.all(['master/camera1', 'backup/spare'].map((input) => encoders.publish(input)));
    await shows('master/camera1');
    player = new ReloadingPlayer(test.hlsUrl('camera1'));
    viewer = new FfmpegViewer(test.hlsUrl('camera1'), join(encoders.directory, 'report.json'));
    await viewer.begun;
  }, TEST_MS);

  afterAll(async () => {
    await player.end();
    await viewer.kill();
    await encoders.end();
    await test.host.stop('the test is over');
  }, TEST_MS);

  it(
    `plays through a master that is ${losses.join(', ')}`,
    async () => {
      for (const loss of losses) {
        if (loss === 'killed') await masterPublisher().kill();
        else if (loss === 'stopped') await masterPublisher().stop();
        else masterPublisher().freeze();
        await shows('backup/spare');
        if (loss === 'frozen') masterPublisher().thaw();
        else await encoders.publish('master/camera1');
        await shows('master/camera1');
      }
      const number = player.lastNumber;
      await until(
        'FFmpeg has seen the last switch',
        () => player.lastNumber >= number + BEHIND_SEGMENTS,
        SOURCE_WAIT_MS,
      );
      const report = await viewer.leave();
      const switches = test.host.control.switches('camera1').filter(({ cause }) => cause !== 'start');
      const figures = {
        switches: switches.length,
        playlists: player.validator.playlists,
        statuses: [...player.statuses],
        changes: player.changes.size,
        frames: report.framesDecoded,
        resolutions: report.resolutions,
      };
      process.stdout.write(`${JSON.stringify(figures)}\n`);
      expect(report).toMatchObject({ endedBy: 'signal', errors: [], corruptFrames: 0 });
      for (const track of ['video', 'audio'] as const) {
        const packets = report.packets.filter((packet) => packet.track === track);
        const steps = packets.slice(1).map(({ dts }, index) => dts - (packets[index]?.dts ?? 0));
        expect(Math.min(...steps)).toBeGreaterThan(0);
        expect(Math.max(...steps)).toBeLessThanOrEqual(frameMs[track] + ROUNDING_MS);
        expect(packets.every(({ pts, dts }) => pts >= dts)).toBe(true);
        expect(report.framesDecoded[track]).toBeGreaterThan(0.95 * packets.length);
      }
      expect(player.validator.violations).toEqual([]);
      expect([...player.statuses.keys()]).toEqual([200]);
      // Players keep their timeline.
      expect(player.discontinuities.size).toBe(0);
      if (isSame) expect(player.changes.size).toBe(0);
      else expect(player.changes.size).toBeGreaterThanOrEqual(switches.length - 1);
    },
    TEST_MS,
  );
});
