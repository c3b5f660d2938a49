/** What a viewer could notice: every fault is seen, and a switch without a fault is none. */
import { describe, expect, it } from '@jest/globals';
import { breaches, type ViewerReport, ViewerReporter } from '../../runtime/cli/viewer-report.ts';
import { impliedConfig } from '../../runtime/codec/audio-configs.ts';
import { SPLICE_CUE_POINT } from '../../runtime/codec/data-message.ts';
import { asExtra } from '../../runtime/codec/media-header.ts';
import {
  AUDIO_CONFIG,
  audioPacket,
  headerPacket,
  VIDEO_CONFIG,
  videoPacket,
} from '../input/sample-packets.ts';
import { EPOCH } from '../support/fake-clock.ts';

const GAP_BUDGET_MS = 150;
const WRAP = 2 ** 32;

/** A viewer that the test sends packets to. Times are ms from when it joined; media is timed like the wall clock. */
class Viewing {
  readonly reporter = new ViewerReporter(EPOCH);
  private lastMs = 0;

  headers(): this {
    this.reporter.packet(headerPacket(VIDEO_CONFIG), EPOCH);
    this.reporter.packet(headerPacket(AUDIO_CONFIG), EPOCH);
    return this;
  }

  video(timestamp: number, { keyframe = false, cts = 0, atMs = timestamp } = {}): this {
    this.reporter.packet(videoPacket(timestamp % WRAP, keyframe, { cts, bytes: 1_000 }), EPOCH + atMs);
    this.lastMs = atMs;
    return this;
  }

  audio(timestamp: number, { atMs = timestamp } = {}): this {
    this.reporter.packet(audioPacket(timestamp % WRAP), EPOCH + atMs);
    this.lastMs = atMs;
    return this;
  }

  splice(source: string, timestamp: number, atMs = timestamp): this {
    const value = { name: SPLICE_CUE_POINT, time: timestamp / 1_000, type: 'event', parameters: { source } };
    this.reporter.data('onCuePoint', value, EPOCH + atMs);
    return this;
  }

  /** Video of 25 frames/s, keyframes each second, and sound, as it should be. */
  play(fromMs: number, toMs: number): this {
    for (let ms = fromMs; ms < toMs; ms += 40) this.video(ms, { keyframe: ms % 1_000 === 0 }).audio(ms);
    return this;
  }

  report(atMs = this.lastMs): ViewerReport {
    return this.reporter.summary(EPOCH + atMs);
  }

  breaches(atMs = this.lastMs): string[] {
    return breaches(this.report(atMs), GAP_BUDGET_MS);
  }
}

const start = (): Viewing => new Viewing().headers();

describe('a stream of other codecs and more tracks', () => {
  it('has the codec of frames that say it themselves, and each change of it', () => {
    const viewing = new Viewing();
    viewing.reporter.packet(headerPacket(VIDEO_CONFIG), EPOCH);
    for (const [ms, channels] of [0, 0, 0, 6, 6].entries()) {
      const implied = impliedConfig('ac3', 48_000, 2 + channels);
      viewing.reporter.packet({ ...audioPacket(ms * 32), implied }, EPOCH + ms * 32);
    }
    const { audio, framesBeforeHeaders } = viewing.report();
    expect(audio.codecs).toEqual(['ac3 48000 Hz 2 ch', 'ac3 48000 Hz 8 ch']);
    expect(framesBeforeHeaders).toBe(0);
  });

  it('is judged by its default tracks, and names the others', () => {
    const viewing = start();
    viewing.reporter.packet(asExtra(headerPacket(AUDIO_CONFIG), 1), EPOCH);
    for (const trackId of [1, 2]) viewing.reporter.packet(asExtra(audioPacket(0), trackId), EPOCH);
    viewing.play(0, 1_000);
    expect(viewing.breaches()).toEqual([]);
    expect(viewing.report()).toMatchObject({
      audio: { frames: 25 },
      extraTracks: { 'audio 1': 'aac LC 48000 Hz 2 ch', 'audio 2': '' },
    });
  });
});

describe('a stream that is well', () => {
  it('is reported with its figures', () => {
    const report = start().play(0, 10_000).report(10_000);
    expect(report).toMatchObject({
      elapsedMs: 10_000,
      bytes: 251_000,
      kbps: 201,
      frameRate: 25,
      firstKeyframeMs: 0,
      switches: [],
      largestGapMs: 40,
      splicesWithoutKeyframe: 0,
      framesBeforeHeaders: 0,
      video: { frames: 250, frameMs: 40, largestStepMs: 40, holeMs: 0, outOfOrder: 0, ptsBeforeDts: 0 },
      audio: { frames: 250, frameMs: 40, holeMs: 0, outOfOrder: 0 },
    });
    expect(breaches(report, GAP_BUDGET_MS)).toEqual([]);
  });

  it('is described by its codecs, each time they are announced', () => {
    const viewing = start().play(0, 1_000);
    viewing.reporter.packet(headerPacket({ ...VIDEO_CONFIG, width: 640, height: 360, profile: '' }), EPOCH);
    expect(viewing.report().video.codecs).toEqual(['avc High 3.1 1280x720', 'avc 640x360']);
    expect(viewing.report().audio.codecs).toEqual(['aac LC 48000 Hz 2 ch']);
  });

  it('may begin anywhere on its timeline', () => {
    const viewing = start();
    for (let ms = 0; ms < 1_000; ms += 40) viewing.video(5_000_000 + ms, { atMs: ms, keyframe: ms === 0 });
    expect(viewing.breaches()).toEqual([]);
    expect(viewing.report().video.largestStepMs).toBe(40);
  });

  it('may wrap', () => {
    const viewing = start();
    for (let ms = -400; ms < 400; ms += 40) {
      viewing
        .video(WRAP + ms, { atMs: ms + 400, keyframe: ms === -400 })
        .audio(WRAP + ms, { atMs: ms + 400 });
    }
    expect(viewing.breaches()).toEqual([]);
    expect(viewing.report()).toMatchObject({ video: { largestStepMs: 40 }, audio: { largestStepMs: 40 } });
  });

  it('is not well where one track ends and the other goes on', () => {
    const viewing = start().play(0, 2_000);
    for (let ms = 2_000; ms <= 5_000; ms += 40) viewing.video(ms, { keyframe: ms % 1_000 === 0 });
    expect(viewing.breaches()).toEqual(['audio: ended 3040 ms before the rest']);
  });

  it('may be sound alone', () => {
    const viewing = start();
    for (let ms = 0; ms < 1_000; ms += 21) viewing.audio(ms);
    expect(viewing.breaches()).toEqual([]);
    expect(viewing.report()).toMatchObject({ firstKeyframeMs: null, audio: { frameMs: 21 } });
  });

  it('says when the first keyframe came', () => {
    const viewing = start().video(0, { atMs: 100 }).video(40, { keyframe: true, atMs: 130 });
    expect(viewing.video(80, { keyframe: true, atMs: 170 }).report().firstKeyframeMs).toBe(130);
  });
});

describe('a switch', () => {
  it('that is well is noted with its place, and no breach', () => {
    const viewing = start().splice('master/camera1', 0).play(0, 2_000);
    expect(viewing.reporter.source).toBe('master/camera1');
    viewing.splice('backup/spare', 2_000, 2_090);
    // Squeezed frames, 1 ms apart, make the rest decodable.
    for (let step = 0; step < 10; step += 1)
      viewing.video(1_961 + step, { keyframe: step === 0, atMs: 2_090 });
    viewing.play(2_000, 4_000);
    const report = viewing.report();
    expect(report.switches).toEqual([{ source: 'backup/spare', timestamp: 2_000, atMs: 2_090 }]);
    expect(viewing.reporter.source).toBe('backup/spare');
    expect(report.video.frameMs).toBe(40);
    expect(viewing.breaches()).toEqual([]);
  });

  it('that squeezes more frames than the viewer has seen otherwise does not look like their usual distance', () => {
    const viewing = start().splice('master/camera1', 0).play(0, 400);
    viewing.splice('backup/spare', 400);
    for (let step = 0; step < 40; step += 1) viewing.video(361 + step, { keyframe: step === 0, atMs: 400 });
    viewing.play(440, 600);
    expect(viewing.report().video.frameMs).toBe(40);
    expect(viewing.breaches()).toEqual([]);
  });

  it('is none where the first announcement only says what a program began with', () => {
    expect(start().splice('master/camera1', 0).play(0, 1_000).report().switches).toEqual([]);
  });

  it('is one where the first announcement comes in the middle of the stream', () => {
    const viewing = start().play(0, 1_000).splice('backup/spare', 1_000).play(1_000, 2_000);
    expect(viewing.report().switches).toHaveLength(1);
    expect(viewing.breaches()).toEqual([]);
  });

  it('without a keyframe is a breach, once', () => {
    const viewing = start().play(0, 1_000).splice('backup/spare', 1_000);
    viewing.video(1_000).audio(1_000).video(1_040).video(1_080, { keyframe: true });
    expect(viewing.breaches()).toEqual(['1 splices without a keyframe']);
  });

  it('is nothing that other cue points or data can announce', () => {
    const viewing = start().play(0, 1_000);
    viewing.reporter.data('onCuePoint', { name: 'ad', parameters: { source: 'x' } }, EPOCH);
    viewing.reporter.data('onMetaData', { width: 1 }, EPOCH);
    expect(viewing.report().switches).toEqual([]);
  });
});

describe('what a viewer could notice', () => {
  it('a hole in the pictures', () => {
    const viewing = start().play(0, 1_000);
    for (let ms = 1_500; ms < 2_500; ms += 40)
      viewing.video(ms, { atMs: ms - 480 }).audio(ms - 500, { atMs: ms - 480 });
    expect(viewing.report().video).toMatchObject({ largestStepMs: 540, holeMs: 500 });
    expect(viewing.breaches()).toEqual(['video: 500 ms of media are missing']);
  });

  it('a hole in the sound', () => {
    const viewing = start().play(0, 1_000);
    for (let ms = 1_000; ms < 2_000; ms += 40) viewing.video(ms).audio(ms + 200, { atMs: ms });
    expect(viewing.report().audio).toMatchObject({ largestStepMs: 240, holeMs: 200 });
    expect(viewing.breaches()).toEqual(['audio: 200 ms of media are missing']);
  });

  it('no hole, where a single frame is missing', () => {
    expect(start().play(0, 1_000).play(1_040, 2_000).breaches()).toEqual([]);
  });

  it('a DTS that goes back', () => {
    const viewing = start().play(0, 1_000).video(930).play(1_000, 2_000);
    expect(viewing.report().video.outOfOrder).toBe(1);
    expect(viewing.breaches()).toEqual(['video: 1 frames out of DTS order']);
  });

  it('a DTS that stands still', () => {
    const viewing = start().play(0, 1_000).audio(960).play(1_000, 2_000);
    expect(viewing.breaches()).toEqual(['audio: 1 frames out of DTS order']);
  });

  it('a PTS before its DTS', () => {
    const viewing = start().play(0, 1_000).video(1_000, { cts: -40, keyframe: true }).audio(1_000);
    expect(viewing.breaches()).toEqual(['video: 1 frames with a PTS before their DTS']);
  });

  it('frames before their headers', () => {
    const viewing = new Viewing();
    viewing.video(0, { keyframe: true }).video(40).headers().play(80, 1_000);
    expect(viewing.breaches()).toEqual(['2 frames before their headers']);
  });

  it.each<[gapMs: number, isNoticed: boolean]>([
    [150, false],
    [151, true],
    [5_000, true],
  ])('nothing for %i ms on the wall clock: %s', (gapMs, isNoticed) => {
    const viewing = start().play(0, 1_000);
    viewing.video(1_000, { atMs: 960 + gapMs, keyframe: true }).audio(1_000, { atMs: 960 + gapMs });
    expect(viewing.report().largestGapMs).toBe(gapMs);
    expect(viewing.breaches()).toEqual(isNoticed ? [`nothing arrived for ${gapMs} ms, 150 allowed`] : []);
  });

  it('a stream that falls silent and stays so', () => {
    const viewing = start().play(0, 1_000);
    expect(viewing.breaches(960 + 150)).toEqual([]);
    expect(viewing.breaches(30_000)).toEqual(['nothing arrived for 29040 ms, 150 allowed']);
  });

  it('no media at all', () => {
    expect(start().breaches(5_000)).toEqual(['no media arrived']);
    expect(start().report(5_000).firstKeyframeMs).toBeNull();
  });

  it('everything at once', () => {
    const viewing = new Viewing().video(0, { keyframe: true }).headers().play(40, 1_000);
    viewing.splice('backup/spare', 1_500, 1_500).video(1_500).video(1_400, { cts: -1, atMs: 1_500 });
    expect(viewing.breaches()).toEqual([
      'video: 500 ms of media are missing',
      'video: 1 frames out of DTS order',
      'video: 1 frames with a PTS before their DTS',
      '1 splices without a keyframe',
      '1 frames before their headers',
      'nothing arrived for 540 ms, 150 allowed',
    ]);
  });
});
