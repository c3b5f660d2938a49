import { describe, expect, it } from '@jest/globals';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { Splicer } from '../../runtime/program/splicer.ts';
import { AUDIO_CONFIG, audioPacket, VIDEO_CONFIG, videoPacket } from '../input/sample-packets.ts';
import { placed, sketch, sourceOf } from './stub-source.ts';

const OTHER_VIDEO = {
  ...VIDEO_CONFIG,
  identity: 'avc:other',
  parameterSets: [Buffer.from([0x67, 1, 2]), Buffer.from([0x68, 3])],
};
const OTHER_AUDIO = { ...AUDIO_CONFIG, identity: 'aac:other', sampleRate: 44_100 };

function newSplicer(): { splicer: Splicer; out: ProgramPacket[]; taken: () => ProgramPacket[] } {
  const out: ProgramPacket[] = [];
  const splicer = new Splicer((packet) => out.push(packet));
  return { splicer, out, taken: () => out.splice(0) };
}

/** A splicer that shows `old` up to the end of what it has. */
function onAir(to: number) {
  const test = newSplicer();
  test.splicer.enter(sourceOf({ name: 'old', from: 0, to, gopFrames: 1_000, audioMs: 20 }));
  test.taken();
  return test;
}

describe('entering a source at the start', () => {
  it('sends the splice, metadata, headers and the last GOP at its own time', () => {
    const { splicer, out } = newSplicer();
    splicer.enter(sourceOf({ name: 'a', from: 0, to: 1_080, audioMs: 40, metadata: { encoder: 'x' } }));
    expect(sketch(out)).toBe('[a] M VH AH 1000K a1000 1040 a1040 1080 a1080');
    expect(splicer.measure).toEqual({ videoHoleMs: 0, audioHoleMs: 0, squeezedFrames: 0 });
  });

  it('waits for a keyframe where the source has none yet', () => {
    const { splicer, out } = newSplicer();
    splicer.enter({ name: 'a', metadata: null, buffer: { gops: [], lastBeginningBy: () => undefined } });
    splicer.packet(placed(videoPacket(0, false), 100));
    splicer.packet(placed(videoPacket(0, true), 140));
    expect(sketch(out)).toBe('140K');
  });
});

describe('entering a source because the old one is dead', () => {
  it('squeezes what was seen, leaves out what was heard, and fills what detection took', () => {
    const { splicer, taken } = onAir(1_120);
    // The new one is ahead by what it took to notice; its last keyframe before 1,120 is at 1,000.
    splicer.enter(sourceOf({ name: 'new', from: 0, to: 1_200, audioMs: 20 }));
    expect(sketch(taken())).toBe('[new] 1121K 1122 1123 1124 a1140 1160 a1160 a1180 1200 a1200');
    expect(splicer.measure).toEqual({ videoHoleMs: 0, audioHoleMs: 0, squeezedFrames: 4 });
  });

  it('begins a GOP earlier where the last keyframe is so young that another host may not have it', () => {
    const { splicer, taken } = onAir(1_080);
    splicer.enter(sourceOf({ name: 'new', from: 0, to: 1_160, gopFrames: 5, audioMs: 600 }));
    // Keyframes at 800 and 1,000: the one at 1,000 is 80 ms old.
    expect(sketch(taken())).toBe('[new] 1081K 1082 1083 1084 1085 1086K 1087 1088 1120 1160');
    expect(splicer.measure).toMatchObject({ videoHoleMs: 0, squeezedFrames: 8 });
  });

  it('begins a GOP earlier where the last keyframe is ahead of what was seen', () => {
    const { splicer, taken } = onAir(960);
    splicer.enter(sourceOf({ name: 'new', from: 500, to: 1_100, gopFrames: 12, audioMs: 600 }));
    // Keyframes at 500 and 980: 980 would leave a hole. The frames of 500 to 940 come as 961 to 972.
    const video = taken().filter((packet) => packet.kind === 'frame' && packet.track === 'video');
    expect(sketch(video)).toBe('961K 962 963 964 965 966 967 968 969 970 971 972 980K 1020 1060 1100');
    expect(splicer.measure).toMatchObject({ videoHoleMs: 0, squeezedFrames: 12 });
  });

  it('goes on squeezing until program time has caught up, and then never again', () => {
    const { splicer, taken } = onAir(4_000);
    splicer.enter(sourceOf({ name: 'new', from: 2_000, to: 2_400, gopFrames: 1_000, audioMs: 10_000 }));
    for (let time = 2_440; time <= 4_120; time += 40) splicer.packet(placed(videoPacket(0, false), time));
    const times = taken().flatMap((packet) =>
      packet.kind === 'frame' && packet.track === 'video' ? [packet.time] : [],
    );
    expect(times[0]).toBe(4_001);
    expect(times.slice(-3)).toEqual([4_052, 4_080, 4_120]);
    expect(splicer.measure.squeezedFrames).toBe(52);
  });

  it('reports the hole where its past does not reach back far enough, and begins with the earliest GOP', () => {
    const { splicer, taken } = onAir(1_000);
    splicer.enter(sourceOf({ name: 'new', from: 1_400, to: 3_000, audioMs: 20 }));
    expect(sketch(taken())).toMatch(/^\[new\] 1400K a1400 /);
    // One frame of 40 ms and one of 20 ms would have been due anyway.
    expect(splicer.measure).toMatchObject({ videoHoleMs: 360, audioHoleMs: 380 });
  });

  it('fills sound that lagged behind its picture from before the entry keyframe', () => {
    const { splicer, out, taken } = newSplicer();
    splicer.enter(sourceOf({ name: 'old', from: 0, to: 1_120, gopFrames: 1_000, audioMs: 2_000 }));
    splicer.packet(placed(audioPacket(0), 940));
    expect(out.at(-1)).toMatchObject({ track: 'audio', time: 940 });
    taken();
    splicer.enter(sourceOf({ name: 'new', from: 0, to: 1_140, audioMs: 20 }));
    expect(sketch(taken())).toBe(
      '[new] a960 a980 1121K a1000 a1020 1122 a1040 a1060 1123 a1080 a1100 1124 a1120 a1140',
    );
    expect(splicer.measure.audioHoleMs).toBe(0);
  });

  it('shows a squeezed frame when it was due, or at once if that has passed', () => {
    const { splicer, taken } = onAir(1_040);
    // PTS 1,080 of the keyframe is still ahead; the second frame's 1,040 has passed; the third is not squeezed.
    const cts = [80, 0, 40];
    splicer.enter(
      sourceOf({ name: 'new', from: 1_000, to: 1_080, audioMs: 500, cts: (frame) => cts[frame] ?? 0 }),
    );
    expect(sketch(taken())).toBe('[new] 1041K+39 1042 1080+40');
  });
});

describe('cutting between two live sources', () => {
  it('begins at the keyframe that it is given, with no squeeze and no hole', () => {
    const { splicer, taken } = onAir(1_960);
    const source = sourceOf({ name: 'new', from: 0, to: 2_040, gopFrames: 25, audioMs: 20 });
    splicer.enter(source, source.buffer.gops.at(-1));
    expect(sketch(taken())).toBe('[new] a1980 2000K a2000 a2020 2040 a2040');
    expect(splicer.measure).toEqual({ videoHoleMs: 0, audioHoleMs: 0, squeezedFrames: 0 });
  });
});

describe('headers at a splice', () => {
  it('are not sent again where they mean the same', () => {
    const { splicer, taken } = onAir(1_000);
    splicer.enter(
      sourceOf({
        name: 'new',
        from: 1_000,
        to: 1_000,
        video: { ...VIDEO_CONFIG },
        audio: { ...AUDIO_CONFIG },
      }),
    );
    expect(sketch(taken())).toBe('[new] 1001K');
  });

  it('come in front of the frames, with the parameter sets in the first keyframe too, where they differ', () => {
    const { splicer, taken } = onAir(1_000);
    splicer.enter(
      sourceOf({ name: 'new', from: 0, to: 2_040, audioMs: 5_000, video: OTHER_VIDEO, audio: OTHER_AUDIO }),
    );
    const packets = taken();
    expect(sketch(packets.slice(0, 4))).toBe('[new] VH AH 1001K');
    const keyframes = packets.flatMap((packet) =>
      packet.kind === 'frame' && packet.keyframe ? [packet] : [],
    );
    const inBand = Buffer.from([0, 0, 0, 3, 0x67, 1, 2, 0, 0, 0, 2, 0x68, 3]);
    expect(keyframes[0]?.payload.indexOf(inBand)).toBe(5);
    // Once is enough: the next keyframe is the source's own again.
    expect(keyframes[1]?.payload.indexOf(inBand)).toBe(-1);
    // Who needs them in each finds them beside it.
    expect(keyframes.slice(0, 2).map(({ config }) => config)).toEqual([undefined, OTHER_VIDEO]);
  });

  it('part two keyframes in a row, though they are the same', () => {
    for (const [lastIsKeyframe, place] of [
      [true, 5],
      [false, -1],
    ] as const) {
      const { splicer, taken } = newSplicer();
      splicer.enter(sourceOf({ name: 'old', from: 0, to: 1_000, audioMs: 20, video: OTHER_VIDEO }));
      splicer.packet(placed(videoPacket(0, lastIsKeyframe), 1_040));
      taken();
      splicer.enter(sourceOf({ name: 'new', from: 0, to: 2_040, audioMs: 5_000, video: OTHER_VIDEO }));
      const first = taken().find((packet) => packet.kind === 'frame');
      const inBand = Buffer.from([0, 0, 0, 3, 0x67, 1, 2, 0, 0, 0, 2, 0x68, 3]);
      expect(first?.kind === 'frame' && first.payload.indexOf(inBand)).toBe(place);
    }
  });

  it('that change in mid-stream come in front of the next keyframe', () => {
    const { splicer, taken } = onAir(1_000);
    const header = { ...videoPacket(0, false), config: OTHER_VIDEO, payload: OTHER_VIDEO.payload };
    splicer.packet(placed(header, 1_000));
    splicer.packet(placed(header, 1_000));
    splicer.packet(placed(videoPacket(0, true), 1_040));
    expect(sketch(taken())).toBe('VH 1040K');
  });

  it('metadata goes out only where it changed', () => {
    const { splicer, taken } = onAir(1_000);
    splicer.putMetadata({ width: 1 });
    splicer.putMetadata({ width: 1 });
    splicer.putMetadata({ width: 2 });
    expect(sketch(taken())).toBe('M M');
  });
});

describe('the one rule', () => {
  it('keeps DTS rising and PTS at or after DTS, whatever a source does', () => {
    const { splicer, taken } = onAir(1_000);
    splicer.packet(placed(videoPacket(0, false), 1_000));
    splicer.packet(placed(videoPacket(0, false, { cts: -50 }), 990));
    splicer.packet(placed(audioPacket(0), 1_000));
    splicer.packet(placed(videoPacket(0, false, { cts: -50 }), 1_080));
    expect(sketch(taken())).toBe('1001 1002 a1001 1080');
  });

  it('passes data on, but not what viewers had before', () => {
    const { splicer, taken } = onAir(1_000);
    splicer.enter(sourceOf({ name: 'new', from: 1_000, to: 1_000 }));
    taken();
    const data = { ...audioPacket(0), track: 'data' as const };
    splicer.packet(placed(data, 900));
    splicer.packet(placed(data, 1_100));
    expect(sketch(taken())).toBe('d1100');
  });
});
