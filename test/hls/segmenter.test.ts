/** Where segments and parts are cut, and that no frame is lost, doubled or moved by it. */
import { describe, expect, it } from '@jest/globals';
import { type Part, Segmenter, type SegmentStart } from '../../runtime/hls/segmenter.ts';
import type { CodecConfig } from '../../runtime/media/packet.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { audio, header, otherVideoConfig, START, splice, video } from '../output/stage.ts';
import { readFragment } from './fragment-reader.ts';

const SEGMENT_MS = 2_000;
const PART_MS = 500;
const FIRST = START / SEGMENT_MS;
const TICKS = 90;

interface Made extends SegmentStart {
  readonly parts: Part[];
  isComplete: boolean;
}

/** A segmenter that is played packets, and what it made of them. */
class Bench {
  readonly made: Made[] = [];
  readonly segmenter = new Segmenter(
    { segmentMs: SEGMENT_MS, partMs: PART_MS },
    {
      begin: (start) => this.made.push({ ...start, parts: [], isComplete: false }),
      part: (part) => this.made.at(-1)?.parts.push(part),
      end: () => {
        const open = this.made.at(-1);
        if (open !== undefined) open.isComplete = true;
      },
    },
  );

  constructor(configs: readonly CodecConfig[] = [VIDEO_CONFIG, AUDIO_CONFIG]) {
    this.play(configs.map((config) => header(config, 0)));
  }

  play(packets: readonly ProgramPacket[]): this {
    for (const packet of packets) this.segmenter.packet(packet);
    return this;
  }

  /** `1 at 2700, 2000` for the segment of multiple 1 that begins at 2700 and lasts 2000 ms; ` new` for a discontinuity. */
  get story(): string[] {
    return this.made
      .filter(({ isComplete }) => isComplete)
      .map(({ number, startMs, parts, isDiscontinuity }) => {
        const lasts = parts.reduce((sum, { durationMs }) => sum + durationMs, 0);
        return `${number - FIRST} at ${startMs - START}, ${lasts}${isDiscontinuity ? ' new' : ''}`;
      });
  }

  get partDurations(): number[][] {
    return this.made
      .filter(({ isComplete }) => isComplete)
      .map(({ parts }) => parts.map((part) => part.durationMs));
  }
}

/** When each picture of a part is shown, in the order in which they are decoded. */
function shownIn(part: Part | undefined): number[] {
  const [run] = readFragment(part?.bytes ?? Buffer.alloc(0)).runs;
  let at = run?.start ?? 0;
  return (run?.samples ?? []).map(({ duration, cts }) => {
    const shown = (at + cts) / TICKS - START;
    at += duration;
    return shown;
  });
}

/** Frames of 40 ms with sound of 20 ms, from `fromMs` to before `toMs`; `keyMs`: keyframes at these times. */
function media(fromMs: number, toMs: number, isKey: (ms: number) => boolean): ProgramPacket[] {
  const packets: ProgramPacket[] = [];
  for (let ms = fromMs; ms < toMs; ms += 20) {
    if ((ms - fromMs) % 40 === 0) packets.push(video(ms, isKey(ms), { cts: 40 }));
    packets.push(audio(ms + 5));
  }
  return packets;
}

const every =
  (gopMs: number, phaseMs: number) =>
  (ms: number): boolean =>
    (ms - phaseMs) % gopMs === 0;

describe('segments', () => {
  it('begin with the first keyframe at or after each multiple, and have its number', () => {
    const bench = new Bench().play(media(720, 9_000, every(2_000, 720)));
    expect(bench.story).toEqual(['1 at 2720, 2000', '2 at 4720, 2000', '3 at 6720, 2000']);
  });

  it('hold several GOPs where those are shorter', () => {
    const bench = new Bench().play(media(0, 7_000, every(1_000, 0)));
    expect(bench.story).toEqual(['1 at 2000, 2000', '2 at 4000, 2000']);
  });

  it('begin with the last frame of a multiple that has no keyframe: numbers stay consecutive', () => {
    const bench = new Bench().play(media(0, 17_000, every(4_000, 0)));
    expect(bench.story).toEqual([
      '2 at 4000, 3960',
      '3 at 7960, 40',
      '4 at 8000, 3960',
      '5 at 11960, 40',
      '6 at 12000, 3960',
      '7 at 15960, 40',
    ]);
  });

  it('are cut alike by who comes later, from the first whole multiple on', () => {
    const all = media(0, 13_000, every(1_360, 0));
    const [early, late] = [new Bench().play(all), new Bench().play(all.slice(all.length / 2))];
    expect(late.story.length).toBeGreaterThan(1);
    expect(early.story.slice(-late.story.length)).toEqual(late.story);
    const bytesOf = (bench: Bench) =>
      bench.made.slice(-late.made.length).map(({ parts }) => parts.map(({ bytes }) => bytes));
    expect(bytesOf(early)).toEqual(bytesOf(late));
  });

  it('do not end at a splice to a source of the same configuration', () => {
    const bench = new Bench()
      .play(media(0, 4_600, every(2_000, 0)))
      .play([splice(4_600), ...media(4_600, 9_000, every(2_000, 600))]);
    expect(bench.story).toEqual(['1 at 2000, 2000', '2 at 4000, 2600', '3 at 6600, 2000']);
  });

  /** B-frames: each third picture is decoded two frames before those that are shown in front of it. */
  const reordered = (fromMs: number, count: number, { first = 1, cts = 80 } = {}): ProgramPacket[] =>
    Array.from({ length: count }, (_, index) =>
      video(40 * index + fromMs, index === 0, { cts: index === 0 ? cts : index % 3 === first ? 160 : 40 }),
    );

  it('show all pictures of a source before the first of another one', () => {
    const shownWith = (old: readonly ProgramPacket[], key: ProgramPacket): number[] => {
      const bench = new Bench().play(media(0, 4_000, every(2_000, 0)));
      bench.play([...old, splice(key.time - START), key, ...reordered(4_300, 60)]);
      return shownIn(bench.made[1]?.parts[0]).slice(0, old.length + 1);
    };
    const [together, later] = [video(4_241, true, { cts: 79 }), video(4_239, true, { cts: 80 })];
    const others = [4_080, 4_200, 4_120, 4_160];
    expect(shownWith(reordered(4_000, 7), together)).toEqual([...others, 4_319, 4_240, 4_280, 4_320]);
    expect(shownWith(reordered(4_000, 6), later)).toEqual([...others, 4_318, 4_240, 4_319]);
  });

  it('show the first picture of a source after what a part has that is due together with it', () => {
    const bench = new Bench()
      .play(media(0, 4_000, every(2_000, 0)))
      .play([...reordered(4_000, 14, { first: 2 }), splice(4_521), ...reordered(4_521, 60, { cts: 79 })]);
    const [before = [], after = []] = (bench.made[1]?.parts ?? []).map(shownIn);
    expect(Math.max(...before)).toBe(4_600);
    expect(after.slice(0, 3)).toEqual([4_520, 4_560, 4_601]);
  });

  it('show a source behind what a part has to show, and have it make up for that in the order of its pictures', () => {
    const entered = [0, 1, 2].map((ms) => video(4_521 + ms, ms === 0, { cts: 0 }));
    const bench = new Bench()
      .play(media(0, 4_000, every(2_000, 0)))
      .play([...reordered(4_000, 14, { first: 2 }), splice(4_521), ...entered, ...reordered(4_561, 59)]);
    const [before = [], after = []] = (bench.made[1]?.parts ?? []).map(shownIn);
    expect(Math.max(...before)).toBe(4_600);
    // Two pictures of the old source are in no part, and due before the new one's first is shown.
    expect(after.slice(0, 2)).toEqual([4_520, 4_560]);
    const late = after.slice(2, 5);
    expect(late.map(Math.floor)).toEqual([4_602, 4_602, 4_602]);
    expect(late.toSorted((x, y) => x - y)).toEqual([...new Set(late)]);
    expect(after.slice(5, 9)).toEqual([4_641, 4_761, 4_681, 4_721]);
  });

  it('end where the configuration changes, and come into step with program time again', () => {
    const bench = new Bench()
      .play(media(0, 4_600, every(2_000, 0)))
      .play([splice(4_600), header(otherVideoConfig(7), 4_600), ...media(4_600, 13_000, every(2_000, 600))]);
    expect(bench.story).toEqual([
      '1 at 2000, 2000',
      '2 at 4000, 600',
      '3 at 4600, 3960',
      '4 at 8560, 2040',
      '5 at 10600, 2000',
    ]);
    expect(bench.made[1]?.init).not.toEqual(bench.made[2]?.init);
  });

  it.each([
    ['another codec', { ...VIDEO_CONFIG, codec: 'hevc', identity: 'hevc:1' }],
    ['no pictures any more', { ...VIDEO_CONFIG, codec: '4', identity: '4' }],
  ])('are a discontinuity where there is %s', (_what, config) => {
    const bench = new Bench()
      .play(media(0, 4_600, every(2_000, 0)))
      .play([splice(4_600), header(config, 4_600), ...media(4_600, 9_000, every(2_000, 600))]);
    expect(bench.story[2]).toMatch(/^3 at \d+, \d+ new$/);
  });

  it('last as long as a frame where another source follows after one picture', () => {
    const pictures = [4_401, 4_402, 4_403, 4_440].map((ms) => video(ms, ms === 4_401));
    const bench = new Bench()
      .play(media(0, 4_400, every(2_000, 0)))
      .play([splice(4_400), header(otherVideoConfig(7), 4_400), video(4_400, true, { cts: 80 })])
      .play([audio(4_405), audio(4_425), splice(4_401), header(VIDEO_CONFIG, 4_401), ...pictures])
      .play(media(4_480, 9_000, every(2_000, 0)));
    expect(bench.story).toEqual(['1 at 2000, 2000', '2 at 4000, 400', '3 at 4400, 33', '4 at 4433, 3967']);
    const runsOf = (segment: number) =>
      readFragment(bench.made[segment]?.parts[0]?.bytes ?? Buffer.alloc(0)).runs;
    expect(runsOf(2)[0]?.samples).toMatchObject([{ duration: 33 * TICKS, cts: 32 * TICKS }]);
    expect(runsOf(2)[1]?.samples).toHaveLength(2);
    const [first] = runsOf(3);
    expect(first?.start).toBe((START + 4_433) * TICKS);
    expect(first?.samples.slice(0, 5).map(({ duration }) => duration / TICKS)).toEqual([1, 1, 5, 40, 40]);
  });

  it('last longer than the sound before them was late, where they are broken off at once', () => {
    const bench = new Bench()
      .play(media(0, 4_400, every(2_000, 0)))
      .play([splice(4_400), header(otherVideoConfig(7), 4_400), video(4_400, true), video(4_440)])
      .play([audio(4_450), splice(4_480), header(VIDEO_CONFIG, 4_480), video(4_480, true), audio(4_485)])
      .play([splice(4_481), header(otherVideoConfig(7), 4_481), ...media(4_481, 9_000, every(2_000, 481))]);
    // 50 ms late: 83.
    expect(bench.story.slice(2, 4)).toEqual(['3 at 4400, 80', '4 at 4480, 83']);
  });

  it.each([
    ['of another configuration', otherVideoConfig(7)],
    ['whose keyframe is the first of its multiple', VIDEO_CONFIG],
  ])('have no part shorter than a frame, in whichever millisecond a source follows %s', (_what, config) => {
    const shortest: number[] = [];
    // A part ends at 4160.
    for (let cutMs = 4_140; cutMs < 4_260; cutMs += 1) {
      const bench = new Bench()
        .play(media(0, cutMs, every(2_000, 720)))
        .play([splice(cutMs), header(config, cutMs), ...media(cutMs, 9_000, every(2_000, cutMs % 2_000))]);
      shortest.push(Math.min(...bench.partDurations.flat()));
    }
    expect(Math.min(...shortest)).toBe(33);
  });

  it('show no picture after their end where the configuration changes', () => {
    const bench = new Bench()
      .play(media(0, 4_400, every(2_000, 0)))
      .play([splice(4_400), header(otherVideoConfig(7), 4_400), video(4_400, true), video(4_440)]);
    const { runs } = readFragment(bench.made[1]?.parts.at(-1)?.bytes ?? Buffer.alloc(0));
    const last = runs[0]?.samples.at(-1);
    // Its CTS is 40 ms, as its duration is.
    expect(last).toMatchObject({ duration: 40 * TICKS, cts: 39 * TICKS });
  });

  it('end at a hole, and the next one has the number of its own time', () => {
    const bench = new Bench().play([
      ...media(0, 5_000, every(2_000, 0)),
      ...media(12_000, 16_500, every(2_000, 0)),
    ]);
    expect(bench.story).toEqual([
      '1 at 2000, 2000',
      '2 at 4000, 1000',
      '6 at 12000, 2000 new',
      '7 at 14000, 2000',
    ]);
  });

  it('follow sound where there are no pictures', () => {
    const sound = Array.from({ length: 300 }, (_, index) => audio(23 * index));
    expect(new Bench([AUDIO_CONFIG]).play(sound).story).toEqual(['1 at 2001, 2001', '2 at 4002, 2001']);
    expect(
      new Bench([AUDIO_CONFIG]).play(sound).made.every(({ parts }) => parts.every((p) => p.isIndependent)),
    ).toBe(true);
  });

  it('follow sound once pictures have stayed away, and pictures when they are back', () => {
    const silent = Array.from({ length: 200 }, (_, index) => audio(4_605 + 20 * index));
    const bench = new Bench().play([
      ...media(0, 4_600, every(2_000, 0)),
      ...silent,
      ...media(8_600, 13_000, every(2_000, 600)),
    ]);
    const starts = bench.story.map((text) => text.replace(/,.*?(?= new|$)/, ''));
    expect(starts).toEqual(['1 at 2000', '2 at 4000', '3 at 5565 new', '4 at 8005', '5 at 8600 new']);
  });

  it('leave out a codec that has no place in them', () => {
    const bench = new Bench([{ ...VIDEO_CONFIG, codec: '4' }, AUDIO_CONFIG]).play(
      media(0, 7_000, every(2_000, 0)),
    );
    expect(bench.story.length).toBeGreaterThan(0);
    const runs = bench.made.flatMap(({ parts }) => parts.flatMap(({ bytes }) => readFragment(bytes).runs));
    expect(new Set(runs.map(({ track }) => track))).toEqual(new Set([2]));
  });

  it('begin anew after a reset, as a discontinuity, with numbers that go on', () => {
    const bench = new Bench().play(media(0, 4_500, every(2_000, 0)));
    bench.segmenter.reset();
    bench.play([header(VIDEO_CONFIG, 5_000), header(AUDIO_CONFIG, 5_000)]);
    bench.play(media(5_000, 11_000, every(1_000, 0)));
    expect(bench.story).toEqual(['1 at 2000, 2000', '3 at 6000, 2000 new', '4 at 8000, 2000']);
  });
});

describe('parts', () => {
  it('are as long as they may be, but for the last of a segment', () => {
    const bench = new Bench().play(media(0, 6_500, every(2_000, 0)));
    expect(bench.partDurations).toEqual([
      [480, 480, 480, 480, 80],
      [480, 480, 480, 480, 80],
    ]);
    expect(bench.made[0]?.parts.map(({ isIndependent }) => isIndependent)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('hold every frame once, where and as long as it stands on program time', () => {
    const packets = media(0, 9_000, every(2_000, 0));
    const bench = new Bench().play(packets);
    const fragments = bench.made.flatMap(({ parts }) => parts.map(({ bytes }) => readFragment(bytes)));
    for (const [track, id] of [
      ['video', 1],
      ['audio', 2],
    ] as const) {
      const runs = fragments.flatMap((fragment) => fragment.runs.filter((run) => run.track === id));
      let at = runs[0]?.start ?? 0;
      const times: number[] = [];
      for (const run of runs) {
        expect(run.start).toBe(at);
        for (const { duration } of run.samples) {
          times.push(at / TICKS);
          at += duration;
        }
      }
      const sent = packets
        .filter((packet) => packet.kind === 'frame' && packet.track === track)
        .map(({ time }) => time);
      expect(times).toEqual(sent.slice(sent.indexOf(times[0] ?? 0)).slice(0, times.length));
      expect(times.length).toBeGreaterThan(100);
    }
    const pictures = fragments.flatMap(({ runs }) => runs.filter(({ track }) => track === 1));
    for (const { cts, data } of pictures.flatMap(({ samples }) => samples)) {
      expect([cts, data.length, data.every((byte) => byte === 0x42)]).toEqual([40 * TICKS, 15, true]);
    }
  });

  it('do not wait for sound that stays away, and have it in its place when it is back', () => {
    const isSilent = ({ time }: ProgramPacket) => time - START > 5_000 && time - START < 70_000;
    const pictures = Array.from({ length: 2_000 }, (_, index) => video(40 * index, index % 25 === 0));
    const packets = pictures.flatMap((picture) => {
      const sound = audio(picture.time - START + 5);
      return isSilent(sound) ? [picture] : [picture, sound];
    });
    const bench = new Bench().play(packets);
    for (const { parts } of bench.made) {
      for (const { bytes } of parts) {
        const { runs } = readFragment(bytes);
        const [picture, sound] = [1, 2].map((id) => runs.find(({ track }) => track === id)?.start);
        if (sound !== undefined) expect(Math.abs(sound - (picture ?? 0))).toBeLessThan(2_000 * TICKS);
      }
    }
  });

  it('have numbers that rise, from segment to segment too', () => {
    const bench = new Bench().play(media(0, 9_000, every(2_000, 0)));
    const numbers = bench.made.flatMap(({ parts }) =>
      parts.map(({ bytes }) => readFragment(bytes).sequenceNumber),
    );
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
