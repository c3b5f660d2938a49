/** A feed says who plays it, and begins anew where its program has rested. */
import { describe, expect, it } from '@jest/globals';
import { flvFormat } from '../../runtime/output/packet-format.ts';
import { ProgramFeed } from '../../runtime/output/program-feed.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  audio,
  FakeSink,
  header,
  LIMITS,
  metadata,
  otherVideoConfig,
  Stage,
  splice,
  video,
} from './stage.ts';

describe('the audience of a feed', () => {
  function setUp() {
    const clock = new FakeClock();
    const log: string[] = [];
    const sinks = new Map<string, FakeSink>();
    const feed: ProgramFeed = new ProgramFeed(
      { subscribe: () => () => {} },
      {
        limits: LIMITS,
        clock,
        onAudience: (viewers) => {
          const written = [...sinks.values()].map((sink) => sink.written.length);
          log.push(`${viewers} (${feed.viewers}), written ${written}`);
        },
      },
    );
    const join = (name: string) => {
      const sink = new FakeSink();
      sinks.set(name, sink);
      return feed.join(sink, flvFormat).leave;
    };
    return { clock, feed, log, join, sinks };
  }

  it('is told with each viewer that comes and goes, once for each', () => {
    const { log, join } = setUp();
    const [leaveFirst, leaveSecond] = [join('first'), join('second')];
    leaveFirst();
    leaveFirst();
    leaveSecond();
    expect(log.map((line) => line.split(',')[0])).toEqual(['1 (1)', '2 (2)', '1 (1)', '0 (0)']);
  });

  it('is told of a viewer before that one gets anything, so that a program can wake for it', () => {
    const { clock, feed, log, join, sinks } = setUp();
    for (const packet of [metadata(0), header(otherVideoConfig(1), 0), video(0, true)]) feed.packet(packet);
    clock.advance(0);
    join('first');
    expect(log).toEqual(['1 (1), written 0']);
    expect(sinks.get('first')?.written.length).toBeGreaterThan(0);
  });

  it('needs nobody who listens', () => {
    const stage = new Stage();
    stage.join().leave();
    expect(stage.feed.viewers).toBe(0);
  });
});

describe('a feed whose program has rested', () => {
  function rested(): Stage {
    const stage = new Stage();
    stage.goOnAir();
    stage.turns(audio(20), video(40), video(1_000, true), video(1_040));
    stage.feed.reset();
    return stage;
  }

  it('has nothing for who comes before it wakes', () => {
    const stage = rested();
    const viewer = stage.join();
    stage.clock.advance(1_000);
    expect(viewer.written).toEqual([]);
    expect(stage.feed.tracks).toEqual({ video: true, audio: true });
  });

  it('begins at 0 again, with the headers of what it shows then, and nothing of before', () => {
    const stage = rested();
    const early = stage.join();
    stage.turn(splice(60_000), header(otherVideoConfig(7), 60_000), video(60_000, true));
    stage.turns(video(60_040));
    const late = stage.join();
    stage.turn(video(60_080));
    for (const viewer of [early, late]) {
      const media = viewer.story.filter((text) => !text.startsWith('data'));
      expect(media).toEqual(['video header 0', 'key 0', 'video 40', 'video 80']);
      expect(viewer.story.join()).not.toContain('onMetaData');
    }
    expect(stage.feed.tracks).toEqual({ video: true, audio: false });
  });

  it('does not put out what waited for the end of the turn in which it came to rest', () => {
    const stage = new Stage();
    stage.goOnAir();
    const viewer = stage.join();
    const before = viewer.story.length;
    stage.feed.packet(video(40));
    stage.feed.reset();
    stage.clock.advance(0);
    expect(viewer.story).toHaveLength(before);
  });
});

describe('a viewer that comes before its program is on air', () => {
  function early() {
    const stage = new Stage();
    const events: string[] = [];
    const join = (name: string) => {
      const sink = Object.assign(new FakeSink(), { onAir: () => events.push(`${name} is told`) });
      sink.write = () => events.push(`${name} gets bytes`);
      return stage.feed.join(sink, flvFormat).queue;
    };
    return { stage, events, join };
  }

  it('is told when it comes, once, and before the first bytes', () => {
    const { stage, events, join } = early();
    join('first');
    expect(events).toEqual([]);
    stage.goOnAir();
    stage.turns(video(40), video(80, true));
    expect(events).toEqual(['first is told', ...Array(3).fill('first gets bytes')]);
  });

  it('is told while it pauses, and gets no bytes', () => {
    const { stage, events, join } = early();
    join('first').select(null);
    stage.goOnAir();
    expect(events).toEqual(['first is told']);
  });

  it('is not the one that comes later', () => {
    const { stage, events, join } = early();
    stage.goOnAir();
    join('late');
    stage.turn(video(40));
    expect(events).not.toContain('late is told');
    expect(events).toContain('late gets bytes');
  });
});
