import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ViewerReporter } from '../../runtime/cli/viewer-report.ts';
import { playRtmp } from '../../runtime/rtmp/client.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { makeTestClip } from '../support/clip-maker.ts';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { FfmpegPublisher } from '../support/ffmpeg-peers.ts';
import { freePorts } from '../support/free-ports.ts';
import { until } from '../support/until.ts';
import { PeerRun } from './peer-run.ts';
import type { Command, Job } from './peers/peer.ts';
import { noticed } from './scenario-table.ts';

export const BACKUP = 'backup/spare';
/** The longest distance of two frames in the clips, ms. The slate's are no longer. */
export const FRAME_MS = { video: 33.4, audio: 21.4 };
/** A slow peer starts, settles, and waits out its hold; OBS takes longest. */
const WAIT_MS = 60_000;
/** A loaded machine may hold up an encoder for half a second. */
const STALL_TIMEOUT_MS = 1_000;
/** The long clip is so many short ones: some minutes. */
const LOOPS = 30;

/** A viewer of one program, which keeps account of all that it could notice. */
export interface StageViewer {
  /** Resolves when so much more has come. */
  seesMore(ms: number): Promise<void>;
  noticed(): string[];
  close(): void;
}

/** A host with a backup on air, and a place for peers to work in. */
export class InteropStage {
  /** `loop` is for those who can begin it again with continuous timestamps, `long` for the others. */
  readonly clip: { readonly loop: string; readonly long: string };
  private readonly directory: string;
  private readonly site: TestHost;
  private readonly runs: PeerRun[] = [];
  private readonly publishers: FfmpegPublisher[] = [];

  private constructor(directory: string, site: TestHost) {
    this.directory = directory;
    this.site = site;
    this.clip = { loop: join(directory, 'loop.flv'), long: join(directory, 'long.flv') };
  }

  static async open(masters: readonly string[]): Promise<InteropStage> {
    const directory = mkdtempSync(join(tmpdir(), 'interop-'));
    // Not all peers run as root.
    chmodSync(directory, 0o755);
    const site = await startTestHost({
      masters: masters.map((name) => ({ name })),
      backups: [{ name: 'spare' }],
      failover: { stallTimeoutMs: STALL_TIMEOUT_MS, failbackHoldMs: 1_000 },
    });
    const stage = new InteropStage(directory, site);
    await stage.makeClips();
    stage.publish(BACKUP);
    return stage;
  }

  /** FFmpeg as an encoder. */
  publish(input: string): FfmpegPublisher {
    const publisher = new FfmpegPublisher(this.clip.loop, this.publishUrl(input));
    this.publishers.push(publisher);
    return publisher;
  }

  publishUrl(input: string): string {
    return this.site.publishUrl(input);
  }

  playUrl(program: string): string {
    return this.site.rtmpUrl(program);
  }

  async start(commands: readonly Command[], { directory }: Job): Promise<PeerRun> {
    const run = await PeerRun.start(commands, directory);
    this.runs.push(run);
    return run;
  }

  async job(name: string, url: string): Promise<Job> {
    const directory = join(this.directory, name);
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    const [port = 0] = await freePorts(1);
    return { url, directory, port };
  }

  async shows(program: string, source: string): Promise<void> {
    const onAir = () => this.site.host.control.programState(program)?.onAir === source;
    await until(`${program} shows ${source}`, onAir, WAIT_MS);
  }

  async hasViewers(program: string, count: number): Promise<void> {
    const viewers = () => this.site.host.control.programState(program)?.viewers ?? 0;
    await until(`${program} has ${count} viewers`, () => viewers() === count, WAIT_MS);
  }

  async watch(program: string): Promise<StageViewer> {
    const reporter = new ViewerReporter(clock.now());
    let ended: string | null = null;
    const player = await playRtmp(
      this.playUrl(program),
      { clock },
      {
        packet: (packet) => reporter.packet(packet, clock.now()),
        data: (name, value) => reporter.data(name, value, clock.now()),
      },
    );
    void player.closed.then((reason) => {
      ended = reason;
    });
    return {
      seesMore: async (ms) => {
        const wanted = reporter.report.video.frames + ms / FRAME_MS.video;
        await until(`${ms} ms more of ${program}`, () => reporter.report.video.frames > wanted, WAIT_MS);
      },
      noticed: () => noticed({ viewer: program, ended, report: reporter.summary(clock.now()) }),
      close: () => player.close(),
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.runs, ...this.publishers].map((peer) => peer.kill()));
    await this.site.host.stop('the test is over');
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async makeClips(): Promise<void> {
    const { loop, long } = this.clip;
    await makeTestClip(loop);
    const copy = ['-c', 'copy', '-flvflags', 'no_duration_filesize', long];
    const { status } = spawnSync('ffmpeg', [
      '-loglevel',
      'error',
      '-stream_loop',
      `${LOOPS}`,
      '-i',
      loop,
      ...copy,
    ]);
    if (status !== 0) throw new Error('ffmpeg has not made the long clip');
  }
}
