/** One program to many viewers: what each of them gets, and that none of them costs the others anything. */
import { describe, expect, it } from '@jest/globals';
import { flvFormat, rtmpFormat } from '../../runtime/output/packet-format.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import {
  audio,
  CountingFormat,
  type FakeSink,
  header,
  LIMITS,
  metadata,
  otherVideoConfig,
  readTags,
  Stage,
  splice,
  video,
} from './stage.ts';

const HEADERS = ['data onMetaData 0', 'video header 0', 'audio header 0'];

describe('a viewer that joins', () => {
  it('gets headers and the GOP in the air at once, without a further packet', () => {
    const stage = new Stage();
    stage.goOnAir();
    stage.turns(audio(20), video(40), audio(43), video(80));
    const viewer = stage.join();
    expect(viewer.story).toEqual([...HEADERS, 'key 0', 'audio 20', 'video 40', 'audio 43', 'video 80']);
  });

  it('gets the latest GOP, with headers dated like it', () => {
    const stage = new Stage();
    stage.goOnAir();
    stage.turns(video(40), video(1_000, true), video(1_040));
    expect(stage.join().story).toEqual([
      'data onMetaData 0',
      'video header 1000',
      'audio header 1000',
      'key 1000',
      'video 1040',
    ]);
  });

  it('also gets what came in this very turn, and all that follows, once', () => {
    const stage = new Stage();
    stage.goOnAir();
    stage.feed.packet(video(40));
    const viewer = stage.join();
    stage.turn(video(80));
    expect(viewer.story).toEqual([...HEADERS, 'key 0', 'video 40', 'video 80']);
  });

  it('before the program is on air gets everything from its first packet', () => {
    const stage = new Stage();
    const viewer = stage.join();
    expect(viewer.written).toEqual([]);
    stage.goOnAir();
    stage.turns(audio(20), video(40));
    expect(viewer.story).toEqual([...HEADERS, 'key 0', 'audio 20', 'video 40']);
  });

  it('before the first keyframe gets the headers now and the rest from the keyframe', () => {
    const stage = new Stage();
    stage.turn(metadata(0), header(VIDEO_CONFIG, 0), header(AUDIO_CONFIG, 0));
    stage.turn(video(0));
    const viewer = stage.join();
    expect(viewer.story).toEqual(HEADERS);
    stage.turns(video(40), video(80, true), video(120));
    expect(viewer.story).toEqual([...HEADERS, 'key 80', 'video 120']);
  });

  it('to sound without pictures gets headers, then sound from now on', () => {
    const stage = new Stage();
    stage.turn(header(AUDIO_CONFIG, 0), audio(0));
    stage.turn(audio(21));
    const viewer = stage.join();
    stage.turns(audio(43), audio(64));
    expect(viewer.story).toEqual(['audio header 0', 'audio 43', 'audio 64']);
  });

  it('starts behind a change of codec with the new keyframe, never with the old GOP', () => {
    const stage = new Stage();
    stage.goOnAir();
    stage.turn(video(40));
    // The header has come, its keyframe has not.
    stage.turn(header(otherVideoConfig(7), 80));
    const viewer = stage.join();
    stage.turns(video(80, true), video(120));
    const frames = viewer.story.filter((line) => !line.includes('header') && !line.startsWith('data'));
    expect(frames).toEqual(['key 80', 'video 120']);
    expect(headersOf(viewer)).toEqual([7]);
  });

  it('is counted with all that was written to it, also once it has left', () => {
    const stage = new Stage();
    stage.goOnAir();
    const viewers = [stage.join(), stage.join()];
    stage.turns(video(40));
    viewers[0]?.leave();
    stage.turns(video(80));
    const written = viewers.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(written).toBeGreaterThan(0);
    expect(stage.feed.sentBytes).toBe(written);
    viewers[1]?.leave();
    viewers[1]?.leave();
    expect(stage.feed.sentBytes).toBe(written);
  });

  it('leaves, and gets nothing any more', () => {
    const stage = new Stage();
    stage.goOnAir();
    const viewer = stage.join();
    const before = viewer.story;
    expect(stage.feed.viewers).toBe(1);
    viewer.leave();
    viewer.leave();
    stage.turn(video(40));
    expect(viewer.story).toEqual(before);
    expect(stage.feed.viewers).toBe(0);
  });
});

describe('serialising', () => {
  it('happens once for each format and batch, however many viewers there are', () => {
    const stage = new Stage();
    const [format, other] = [new CountingFormat(), new CountingFormat()];
    const viewers = Array.from({ length: 50 }, () => stage.join(format));
    viewers.push(stage.join(other));
    stage.goOnAir();
    for (let ms = 40; ms <= 400; ms += 40) stage.turn(video(ms), audio(ms));
    expect([format.calls, other.calls]).toEqual([11, 11]);
    expect([format.packets, other.packets]).toEqual([24, 24]);
    // Not even the bytes are copied: all hold the same buffers.
    const [first, second] = viewers;
    expect(first?.written.length).toBe(11);
    first?.written.forEach((bytes, index) => {
      expect(second?.written[index]).toBe(bytes);
    });
  });

  it('does not happen where there is nobody', () => {
    const stage = new Stage();
    const format = new CountingFormat();
    stage.join(format).leave();
    stage.goOnAir();
    expect(format.calls).toBe(0);
  });

  it('makes one batch of what came in one turn', () => {
    const stage = new Stage();
    const viewer = stage.join();
    stage.goOnAir();
    stage.turn(audio(20), video(40), audio(43));
    expect(viewer.written.length).toBe(2);
  });

  it('of headers and GOP happens once for all who join at the same moment', () => {
    const stage = new Stage();
    stage.goOnAir();
    stage.turn(video(40));
    const format = new CountingFormat();
    const viewers = Array.from({ length: 20 }, () => stage.join(format));
    expect(format.calls).toBe(2);
    stage.turn(video(80));
    for (const viewer of viewers) expect(viewer.story).toEqual([...HEADERS, 'key 0', 'video 40', 'video 80']);
    // Who comes later gets the longer GOP.
    expect(stage.join(format).story.at(-1)).toBe('video 80');
  });

  it('is the same program for viewers of different formats', () => {
    const stage = new Stage();
    const [flv, rtmp] = [stage.join(flvFormat), stage.join(rtmpFormat(1))];
    stage.goOnAir();
    stage.turn(video(40));
    expect(flv.written.length).toBe(rtmp.written.length);
    expect(flv.bytes.equals(rtmp.bytes)).toBe(false);
  });
});

describe('timestamps', () => {
  it('count from the first packet of the program, for those who join later too', () => {
    const stage = new Stage();
    stage.turn(header(VIDEO_CONFIG, 500), video(500, true));
    stage.turn(video(540));
    expect(stage.join().story).toEqual(['video header 0', 'key 0', 'video 40']);
  });

  it('never begin below 0: sound from before the first picture is left out', () => {
    const stage = new Stage();
    const viewer = stage.join();
    // Encoders send sound a little behind the picture that it belongs to.
    stage.turn(header(VIDEO_CONFIG, 0), header(AUDIO_CONFIG, 0), video(0, true));
    stage.turns(audio(-30), audio(-9), audio(12), video(40));
    expect(viewer.story).toEqual(['video header 0', 'audio header 0', 'key 0', 'audio 12', 'video 40']);
    expect(readTags(viewer.bytes).every(({ timestamp }) => timestamp < 1_000)).toBe(true);
    expect(stage.join().story).toEqual(viewer.story);
  });
});

describe('headers', () => {
  it('go in front of the frames that need them', () => {
    const stage = new Stage();
    const viewer = stage.join();
    stage.goOnAir();
    stage.turn(video(40), splice(80), header(otherVideoConfig(7), 80), video(80, true));
    expect(viewer.story.slice(4)).toEqual(['video 40', 'data onCuePoint 0', 'video header 80', 'key 80']);
  });

  it('that did not change are not sent again, to those who were there and to those who join', () => {
    const stage = new Stage();
    const early = stage.join();
    stage.goOnAir();
    const late = stage.join();
    for (let ms = 1_000; ms <= 5_000; ms += 1_000) stage.turns(video(ms, true), video(ms + 40));
    for (const viewer of [early, late]) {
      expect(viewer.story.filter((line) => line.includes('header'))).toHaveLength(2);
    }
  });
});

/** A viewer with room for about ten of these frames. */
const BIG = { bytes: 1_000 };
const TIGHT = { ...LIMITS, queueLimitBytes: 10_000 };

/** One GOP of `frames` big frames, a turn each. */
function sendGop(stage: Stage, fromMs: number, frames: number): void {
  for (let frame = 0; frame < frames; frame += 1) stage.turn(video(fromMs + frame * 40, frame === 0, BIG));
}

function headersOf(sink: FakeSink): number[] {
  return readTags(sink.bytes)
    .filter(({ type, body }) => type === 9 && body[1] === 0)
    .map(({ body }) => body.at(-1) ?? -1);
}

describe('a viewer that does not keep up', () => {
  it('skips to the next keyframe, and is sent no half GOP', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const viewer = stage.join();
    viewer.isStuck = true;
    sendGop(stage, 1_000, 20);
    const before = viewer.written.length;
    expect(viewer.pendingBytes).toBeLessThanOrEqual(TIGHT.queueLimitBytes);
    expect(stage.feed.skips).toBe(1);
    viewer.isStuck = false;
    viewer.drain();
    // Drained, but in the middle of a GOP: nothing to begin with.
    stage.turn(video(1_900, false, BIG));
    expect(viewer.written.length).toBe(before);
    sendGop(stage, 2_000, 3);
    expect(viewer.story.slice(-3)).toEqual(['key 2000', 'video 2040', 'video 2080']);
    expect(stage.feed.skips).toBe(1);
  });

  it('begins with a keyframe in the middle of a turn, and not with what stands in front of it', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const viewer = stage.join();
    viewer.isStuck = true;
    sendGop(stage, 1_000, 20);
    const before = viewer.story;
    viewer.isStuck = false;
    viewer.drain();
    stage.turn(video(1_960), audio(1_980), video(2_000, true), audio(2_001), video(2_040));
    expect(viewer.story.slice(before.length)).toEqual(['key 2000', 'audio 2001', 'video 2040']);
  });

  it('is left alone until its queue has room again', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const viewer = stage.join();
    viewer.isStuck = true;
    sendGop(stage, 1_000, 20);
    const before = viewer.written.length;
    viewer.drain(1_000);
    stage.turn(video(2_000, true, BIG));
    expect(viewer.written.length).toBe(before);
    viewer.drain();
    stage.turn(video(3_000, true, BIG));
    expect(viewer.story.at(-1)).toBe('key 3000');
  });

  it('gets the headers that it missed, as they are now, once', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const viewer = stage.join();
    viewer.isStuck = true;
    sendGop(stage, 1_000, 20);
    stage.turn(splice(1_900), header(otherVideoConfig(7), 1_900), video(1_900, true, BIG));
    viewer.isStuck = false;
    viewer.drain();
    stage.turn(video(1_940, false, BIG));
    sendGop(stage, 2_000, 2);
    expect(headersOf(viewer)).toEqual([0xff, 7]);
    expect(viewer.story.slice(-3)).toEqual(['audio header 2000', 'key 2000', 'video 2040']);
  });

  it('gets no header twice where the next batch brings it itself', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const viewer = stage.join();
    viewer.isStuck = true;
    sendGop(stage, 1_000, 20);
    stage.turn(metadata(1_900, { width: 640 }));
    stage.turn(splice(1_900), header(otherVideoConfig(7), 1_900), video(1_900, true, BIG));
    viewer.isStuck = false;
    viewer.drain();
    stage.turn(splice(2_000), header(otherVideoConfig(8), 2_000), video(2_000, true, BIG));
    expect(headersOf(viewer)).toEqual([0xff, 8]);
    expect(viewer.story.filter((line) => line.startsWith('data onMetaData'))).toHaveLength(2);
  });

  it('gets no headers again where they are the ones that it has', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const viewer = stage.join();
    viewer.isStuck = true;
    sendGop(stage, 1_000, 20);
    viewer.isStuck = false;
    viewer.drain();
    sendGop(stage, 2_000, 1);
    expect(headersOf(viewer)).toEqual([0xff]);
  });

  it('costs the others nothing', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const [slow, fast] = [stage.join(), stage.join()];
    slow.isStuck = true;
    for (let gop = 1; gop <= 5; gop += 1) sendGop(stage, gop * 1_000, 20);
    expect(fast.story).toHaveLength(4 + 100);
    expect(slow.written.length).toBeLessThan(15);
    expect(fast.closedWith).toEqual([]);
  });

  it('can begin with sound while an audio-only source is on air, as can those who join', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const slow = stage.join();
    slow.isStuck = true;
    sendGop(stage, 1_000, 20);
    slow.isStuck = false;
    slow.drain();
    stage.turn(splice(2_000), header({ ...AUDIO_CONFIG, identity: 'other' }, 2_000), audio(2_000));
    stage.turn(audio(2_021));
    expect(slow.story.slice(-2)).toEqual(['audio 2000', 'audio 2021']);
    const late = stage.join();
    stage.turn(audio(2_043));
    expect(late.story.at(-1)).toBe('audio 2043');
    expect(late.story.some((line) => line.startsWith('key'))).toBe(false);
  });

  it('that takes everything is not skipped for one frame beyond the bound', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const viewer = stage.join();
    for (let ms = 1_000; ms <= 4_000; ms += 1_000) {
      stage.turns(video(ms, true, { bytes: 20_000 }), video(ms + 40, false, BIG));
    }
    expect(viewer.story.slice(-2)).toEqual(['key 4000', 'video 4040']);
    expect(viewer.story.filter((line) => line.startsWith('key'))).toHaveLength(5);
    expect(stage.feed.skips).toBe(0);
  });

  it('is counted after it has left', () => {
    const stage = new Stage(TIGHT);
    stage.goOnAir();
    const viewer = stage.join();
    viewer.isStuck = true;
    sendGop(stage, 1_000, 20);
    viewer.leave();
    viewer.leave();
    expect(stage.feed.skips).toBe(1);
  });
});

describe('a viewer that is stuck', () => {
  /** A stage with one viewer that has stopped taking anything. */
  function stuck() {
    const stage = new Stage({ ...LIMITS, stuckTimeoutMs: 10_000 });
    stage.goOnAir();
    const viewer = stage.join();
    viewer.isStuck = true;
    stage.turn(video(40));
    const check = (afterMs: number): void => {
      stage.clock.advance(afterMs);
      stage.feed.checkViewers(stage.clock.now());
    };
    return { stage, viewer, check };
  }

  it('is closed after the time-out, with a reason', () => {
    const { viewer, check } = stuck();
    check(1_000);
    check(9_999);
    expect(viewer.closedWith).toEqual([]);
    check(1);
    expect(viewer.closedWith).toEqual([expect.stringMatching(/stuck.*10000 ms/)]);
    expect(viewer.closeCauses).toEqual(['turned-out']);
  });

  it('is not closed as long as it takes a little', () => {
    const { viewer, check } = stuck();
    for (let second = 0; second < 30; second += 1) {
      check(1_000);
      viewer.drain(1);
    }
    expect(viewer.closedWith).toEqual([]);
  });

  it('is not closed while it has nothing to take', () => {
    const { viewer, check } = stuck();
    viewer.drain();
    for (let second = 0; second < 30; second += 1) check(1_000);
    expect(viewer.closedWith).toEqual([]);
  });

  it('does not look alive because more is written to it', () => {
    const { stage, viewer, check } = stuck();
    for (let second = 1; second <= 12; second += 1) {
      stage.turn(video(second * 1_000, true));
      check(1_000);
    }
    expect(viewer.closedWith).not.toEqual([]);
  });
});

describe('the end of a feed', () => {
  it('closes all viewers with the reason', () => {
    const stage = new Stage();
    const viewers = [stage.join(), stage.join()];
    stage.feed.close('the host is stopped');
    expect(viewers.map(({ closedWith }) => closedWith)).toEqual([
      ['the host is stopped'],
      ['the host is stopped'],
    ]);
  });
});
