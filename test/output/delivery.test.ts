/** When packets go out: at once, or gathered, and never later than they may. */
import { describe, expect, it } from '@jest/globals';
import { DeliveryPacer } from '../../runtime/output/delivery-pacer.ts';
import { flvFormat } from '../../runtime/output/packet-format.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  audio,
  describeTag,
  header,
  LIMITS,
  otherVideoConfig,
  readTags,
  Stage,
  splice,
  video,
} from './stage.ts';

const HOLD_MS = 40;

function stage(): Stage {
  const one = new Stage(LIMITS, new FakeClock(), HOLD_MS);
  one.goOnAir();
  return one;
}

/** What each write had in it. */
function writesTo(sink: { readonly written: readonly Buffer[] }): string[][] {
  return sink.written.map((bytes) => readTags(bytes).map(describeTag));
}

describe('packets that are gathered', () => {
  it('go out in one write when the first of them has waited for so long', () => {
    const { feed, clock, join, turn } = bound(stage());
    const sink = join();
    const before = sink.written.length;
    turn(video(33));
    clock.advance(10);
    turn(audio(43));
    clock.advance(23);
    turn(video(66));
    expect(sink.written).toHaveLength(before);
    clock.advance(HOLD_MS - 33);
    expect(writesTo(sink).slice(before)).toEqual([['video 33', 'audio 43', 'video 66']]);
    turn(audio(64));
    expect(sink.written).toHaveLength(before + 1);
    clock.advance(HOLD_MS);
    expect(sink.written).toHaveLength(before + 2);
    expect(feed.viewers).toBe(1);
  });

  it('do not keep a keyframe waiting, nor a splice, and go out in one write with them', () => {
    const { join, turn } = bound(stage());
    const sink = join();
    const before = sink.written.length;
    turn(video(33));
    turn(video(2_000, true));
    turn(video(2_033));
    turn(splice(2_066), video(2_066, true), audio(2_070));
    expect(writesTo(sink).slice(before)).toEqual([
      ['video 33', 'key 2000'],
      ['video 2033', expect.stringMatching(/^data /), 'key 2066', 'audio 2070'],
    ]);
  });

  it('go out in one write with the sound and the first picture of another source', () => {
    const { join, turn } = bound(stage());
    const sink = join();
    const before = sink.written.length;
    turn(video(33));
    turn(splice(66), audio(60), header(otherVideoConfig(1), 66), video(66, true), video(99));
    expect(sink.written).toHaveLength(before + 1);
    expect(writesTo(sink).at(-1)).toEqual([
      'video 33',
      expect.stringMatching(/^data /),
      'audio 60',
      'video header 66',
      'key 66',
      'video 99',
    ]);
  });

  it('do not go with a keyframe to a viewer that can only begin there', () => {
    const { join, turn } = bound(stage());
    const sink = join();
    sink.queue.select(null);
    sink.queue.select(flvFormat);
    const before = sink.written.length;
    turn(video(33));
    turn(video(2_000, true));
    expect(writesTo(sink).slice(before)).toEqual([['key 2000']]);
  });

  it('are not what a viewer loses a keyframe for that has no room for both', () => {
    const limits = { ...LIMITS, queueLimitBytes: 4_000 };
    const one = new Stage(limits, new FakeClock(), HOLD_MS);
    one.goOnAir();
    const sink = one.join();
    sink.isStuck = true;
    one.turn(video(33, false, { bytes: 900 }));
    one.clock.advance(HOLD_MS);
    const before = sink.written.length;
    one.turn(video(66, false, { bytes: 3_200 }));
    one.turn(video(2_000, true, { bytes: 100 }));
    expect(writesTo(sink).slice(before)).toEqual([['key 2000']]);
    expect(sink.queue.skips).toBe(1);
  });

  it('leave who joins in the turn of a codec without headers nothing to get twice', () => {
    const { feed, clock, join, turn } = bound(stage());
    const first = join();
    turn(video(33));
    feed.packet(header({ ...otherVideoConfig(1), payload: Buffer.alloc(0) }, 66));
    const second = join();
    clock.advance(HOLD_MS);
    turn(video(66, true));
    expect(picturesTo(first)).toEqual(['key 0', 'video 33', 'key 66']);
    expect(picturesTo(second)).toEqual(['key 66']);
  });

  it('reach who joins meanwhile once, behind the GOP, and nobody is written to for it', () => {
    const { clock, join, turn } = bound(stage());
    const first = join();
    turn(video(33));
    const before = first.written.length;
    const second = join();
    expect(first.written).toHaveLength(before);
    clock.advance(HOLD_MS);
    turn(video(66));
    const third = join();
    clock.advance(HOLD_MS);
    for (const sink of [first, second, third])
      expect(picturesTo(sink)).toEqual(['key 0', 'video 33', 'video 66']);
  });

  it('are gone with what the program showed before it rested', () => {
    const { feed, clock, join, turn } = bound(stage());
    const sink = join();
    turn(video(33));
    const before = sink.written.length;
    feed.reset();
    clock.advance(HOLD_MS * 2);
    expect(sink.written).toHaveLength(before);
  });
});

function picturesTo(sink: Parameters<typeof writesTo>[0]): string[] {
  return writesTo(sink)
    .flat()
    .filter((text) => /^(key|video) \d/.test(text));
}

function bound(one: Stage) {
  return {
    feed: one.feed,
    clock: one.clock,
    join: () => one.join(flvFormat),
    turn: one.turn.bind(one),
  };
}

describe('how long they are gathered', () => {
  const [camera1, camera2] = [{}, {}];

  function pacerAt(costMs: number, budgetMs = 40): DeliveryPacer {
    const pacer = new DeliveryPacer(budgetMs);
    for (let flush = 0; flush < 50; flush += 1) pacer.took(camera1, costMs);
    return pacer;
  }

  it.each<[costMs: number, holdMs: number]>([
    [0, 0],
    [0.1, 0],
    [0.9, 9],
    [3, 30],
    [9, 40],
    [100, 40],
  ])('goes by what a flush costs: %d ms, %d ms', (costMs, holdMs) => {
    expect(pacerAt(costMs).holdMs).toBeCloseTo(holdMs, 2);
  });

  it('is nothing with a budget of 0', () => {
    expect(pacerAt(9, 0).holdMs).toBe(0);
  });

  it('goes by all programs together', () => {
    const pacer = pacerAt(1);
    for (let flush = 0; flush < 50; flush += 1) pacer.took(camera2, 1);
    expect(pacer.holdMs).toBeCloseTo(20, 2);
  });

  it('goes by no program that is carried no more', () => {
    const pacer = pacerAt(9);
    pacer.ended(camera1);
    pacer.ended(camera2);
    expect(pacer.holdMs).toBe(0);
  });

  it('falls when viewers have gone', () => {
    const pacer = pacerAt(9);
    for (let flush = 0; flush < 20; flush += 1) pacer.took(camera1, 0);
    expect(pacer.holdMs).toBe(0);
  });
});
