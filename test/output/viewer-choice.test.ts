/** What a viewer gets that pauses, or turns its sound or its pictures off. */
import { describe, expect, it } from '@jest/globals';
import { flvFormat, onlyTracks } from '../../runtime/output/packet-format.ts';

import { audio, CountingFormat, header, otherVideoConfig, Stage, splice, video } from './stage.ts';

const VIDEO_ONLY = onlyTracks(flvFormat, { video: true, audio: false });
const AUDIO_ONLY = onlyTracks(flvFormat, { video: false, audio: true });
const DATA_ONLY = onlyTracks(flvFormat, { video: false, audio: false });

/** A viewer of a program on air, and what it has got since it was last asked. */
function watching() {
  const stage = new Stage();
  stage.goOnAir();
  const viewer = stage.join();
  let seen = viewer.story.length;
  const news = () => {
    const story = viewer.story.slice(seen);
    seen += story.length;
    return story;
  };
  return { stage, viewer, news };
}

describe('a viewer that pauses', () => {
  it('gets nothing, and goes on live at the next keyframe', () => {
    const { stage, viewer, news } = watching();
    stage.turns(video(40), audio(43));
    expect(news()).toEqual(['video 40', 'audio 43']);
    viewer.queue.select(null);
    stage.turns(video(80), video(1_000, true), audio(1_020), video(1_040));
    expect(news()).toEqual([]);
    viewer.queue.select(flvFormat);
    stage.turns(video(1_080), audio(1_090));
    expect(news()).toEqual([]);
    stage.turns(video(2_000, true), audio(2_020));
    expect(news()).toEqual(['key 2000', 'audio 2020']);
  });

  it('gets the headers that changed meanwhile', () => {
    const { stage, viewer, news } = watching();
    viewer.queue.select(null);
    stage.turn(splice(500), header(otherVideoConfig(3), 500), video(500, true));
    viewer.queue.select(flvFormat);
    stage.turn(video(1_000, true));
    expect(news()).toEqual(['data onMetaData 0', 'video header 1000', 'audio header 1000', 'key 1000']);
  });

  it('waits for nobody, and nobody waits for it', () => {
    const { stage, viewer } = watching();
    viewer.queue.select(null);
    viewer.isStuck = true;
    for (let ms = 40; ms < 60_000; ms += 40) stage.turn(video(ms, ms % 2_000 === 0));
    stage.feed.checkViewers(stage.clock.now());
    expect([viewer.pendingBytes, viewer.closedWith, stage.feed.viewers]).toEqual([0, [], 1]);
  });
});

describe('a viewer that turns a track off', () => {
  it.each([
    {
      name: 'its sound',
      format: VIDEO_ONLY,
      before: ['video 40', 'audio 43'],
      after: ['video header 1000', 'key 1000'],
    },
    {
      name: 'its pictures',
      format: AUDIO_ONLY,
      before: ['video 40', 'audio 43'],
      after: ['audio header 1000', 'audio 1020'],
    },
    { name: 'both', format: DATA_ONLY, before: ['video 40', 'audio 43'], after: [] },
  ])('$name, gets none from the next keyframe on, and has no hole before', ({ format, before, after }) => {
    const { stage, viewer, news } = watching();
    viewer.queue.select(format);
    stage.turns(video(40), audio(43));
    expect(news()).toEqual(before);
    stage.turns(video(1_000, true), audio(1_020));
    expect(news()).toEqual(['data onMetaData 0', ...after]);
  });

  it('and on again, goes on with it at a keyframe, with its headers', () => {
    const { stage, viewer, news } = watching();
    viewer.queue.select(AUDIO_ONLY);
    stage.turns(video(1_000, true), audio(1_020));
    news();
    viewer.queue.select(flvFormat);
    stage.turns(video(1_040), audio(1_043));
    expect(news()).toEqual(['audio 1043']);
    stage.turns(video(2_000, true), audio(2_020));
    expect(news().slice(1)).toEqual(['video header 2000', 'audio header 2000', 'key 2000', 'audio 2020']);
  });

  it('while it does not keep up, begins anew in what it wants', () => {
    const { stage, viewer, news } = watching();
    viewer.isStuck = true;
    stage.turns(video(40, false, { bytes: 900_000 }), video(80, false, { bytes: 900_000 }));
    viewer.queue.select(AUDIO_ONLY);
    viewer.isStuck = false;
    viewer.drain();
    news();
    stage.turns(video(1_000, true), audio(1_020));
    expect(news()).toEqual(['data onMetaData 0', 'audio header 1000', 'audio 1020']);
  });

  it('shares its bytes with those who turned off the same', () => {
    const stage = new Stage();
    const counting = new CountingFormat();
    const audioOnly = onlyTracks(counting, { video: false, audio: true });
    stage.goOnAir();
    for (const viewer of [stage.join(), stage.join(), stage.join()]) viewer.queue.select(audioOnly);
    stage.turn(video(1_000, true));
    const before = counting.calls;
    stage.turn(audio(1_020));
    expect(counting.calls).toBe(before + 1);
  });
});
