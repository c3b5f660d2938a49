/** Splices between codecs, and of what travels beside the default tracks. */
import { describe, expect, it } from '@jest/globals';
import { impliedConfig } from '../../runtime/codec/audio-configs.ts';
import { asExtra, parseVideo } from '../../runtime/codec/media-header.ts';
import type { MediaPacket, VideoConfig } from '../../runtime/media/packet.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { Splicer, type SpliceSource } from '../../runtime/program/splicer.ts';
import { bytes } from '../golden/bytes.ts';
import { AV1_SEQUENCE_HEADER, HEVC_PPS, HEVC_SPS, HEVC_VPS, hevcRecord } from '../golden/codec-configs.ts';
import { AUDIO_CONFIG, audioPacket, VIDEO_CONFIG, videoPacket } from '../input/sample-packets.ts';
import { placed, sketch, sourceOf, withExtraTracks } from './stub-source.ts';

function newSplicer() {
  const out: ProgramPacket[] = [];
  const splicer = new Splicer((packet) => out.push(packet));
  return { splicer, taken: () => out.splice(0) };
}

function configOf(payload: Buffer): VideoConfig {
  const config = parseVideo(payload, 0)?.config;
  if (config?.track !== 'video') throw new Error('no video configuration');
  return config;
}

const AVC: VideoConfig = { ...VIDEO_CONFIG, parameterSets: [bytes('6701'), bytes('6802')] };
const HEVC = configOf(Buffer.concat([bytes("90 'hvc1'"), hevcRecord([HEVC_VPS, HEVC_SPS, HEVC_PPS])]));
const AV1 = configOf(Buffer.concat([bytes("90 'av01' 81000c00"), AV1_SEQUENCE_HEADER]));
const VP9 = configOf(bytes("90 'vp09' 000b820101010000"));

/** A source with one keyframe, of whichever codec, at 1,000 and sound around it. */
function sourceWithKeyframe(name: string, video: VideoConfig, keyframe: Buffer): SpliceSource {
  const source = sourceOf({ name, from: 1_000, to: 1_000, audioMs: 20, video });
  const packet = parseVideo(keyframe, 0);
  if (packet === null) throw new Error('no keyframe');
  const gops = source.buffer.gops.map((gop) => ({
    ...gop,
    packets: gop.packets.map((p) => (p.packet.track === 'video' ? { ...p, packet } : p)),
  }));
  return { ...source, buffer: { gops, lastBeginningBy: () => gops[0] } };
}

describe('a splice between video codecs', () => {
  const avc = () => sourceWithKeyframe('avc', AVC, bytes('17 01 000000 00000002 6588'));

  it.each([
    {
      codec: 'HEVC',
      config: HEVC,
      keyframe: "91 'hvc1' 000000 00000003 2601af",
      inBand: [HEVC_VPS, HEVC_SPS, HEVC_PPS],
    },
    { codec: 'AV1', config: AV1, keyframe: "91 'av01' 3201ff", inBand: [AV1_SEQUENCE_HEADER] },
    { codec: 'VP9', config: VP9, keyframe: "91 'vp09' 824983", inBand: [] },
  ])('announces $codec, and H.264 again: header first, parameter sets with the keyframe', (to) => {
    const { splicer, taken } = newSplicer();
    splicer.enter(avc());
    taken();
    for (const [source, config, inBand] of [
      [sourceWithKeyframe(to.codec, to.config, bytes(to.keyframe)), to.config, to.inBand],
      [avc(), AVC, AVC.parameterSets],
    ] as const) {
      splicer.enter(source);
      const packets = taken();
      expect(sketch(packets.slice(0, 3))).toMatch(/^\[\w+] VH \d+K$/);
      expect(packets[1]).toMatchObject({ kind: 'header', config });
      const frame = packets[2];
      if (frame?.kind !== 'frame') throw new Error('no keyframe');
      for (const set of inBand) expect(frame.payload.includes(set)).toBe(true);
    }
  });
});

describe('a splice to a codec without sequence headers', () => {
  const AC3 = impliedConfig('ac3', 48_000, 2);

  it('takes back the last header, and sends it again on the way back', () => {
    const { splicer, taken } = newSplicer();
    splicer.enter(sourceOf({ name: 'aac', from: 0, to: 1_000 }));
    taken();
    splicer.enter(sourceOf({ name: 'ac3', from: 0, to: 1_000, audio: AC3 }));
    const headers = taken().filter(({ kind }) => kind === 'header');
    expect(headers).toMatchObject([{ config: { codec: 'ac3', payload: Buffer.alloc(0) } }]);
    const frame: MediaPacket = { ...audioPacket(0), implied: AC3 };
    splicer.packet(placed(frame, 1_040));
    splicer.packet(placed({ ...frame, implied: impliedConfig('ac3', 44_100, 2) }, 1_072));
    expect(sketch(taken())).toBe('a1040 AH a1072');
    splicer.enter(sourceOf({ name: 'aac', from: 0, to: 1_100 }));
    expect(taken()).toContainEqual(expect.objectContaining({ kind: 'header', config: AUDIO_CONFIG }));
  });
});

describe('extra tracks', () => {
  it('begin with their headers, and go out beside the default ones', () => {
    const { splicer, taken } = newSplicer();
    splicer.enter(withExtraTracks(sourceOf({ name: 'a', from: 0, to: 1_040, audioMs: 40 })));
    expect(sketch(taken())).toBe(
      '[a] VH AH x1:H x1:H 1000K x1:1000K a1000 x1:a1000 1040 x1:1040 a1040 x1:a1040',
    );
  });

  it('are spliced by the rule of the default ones, and measured by nobody', () => {
    const { splicer, taken } = newSplicer();
    const options = { gopFrames: 1_000, audioMs: 20 };
    splicer.enter(withExtraTracks(sourceOf({ name: 'old', from: 0, to: 1_120, ...options })));
    taken();
    splicer.enter(withExtraTracks(sourceOf({ name: 'new', from: 0, to: 1_200, audioMs: 20 })));
    const all = taken();
    const defaults = all.filter(({ kind }) => kind === 'frame');
    const extras = all.filter(({ kind }) => kind === 'extra');
    expect(sketch(defaults)).toBe('1121K 1122 1123 1124 a1140 1160 a1160 a1180 1200 a1200');
    expect(sketch(extras)).toBe(sketch(defaults).replace(/(^| )/g, '$1x1:'));
    expect(splicer.measure).toEqual({ videoHoleMs: 0, audioHoleMs: 0, squeezedFrames: 4 });
  });

  it('have sound filled in that lies in front of the entry', () => {
    const { splicer, taken } = newSplicer();
    const old = sourceOf({ name: 'old', from: 0, to: 1_120, gopFrames: 1_000, audioMs: 20 });
    splicer.enter(withExtraTracks(old));
    taken();
    // Its sound has come less far than its pictures.
    for (const ms of [1_160, 1_200, 1_240, 1_280, 1_320]) {
      for (const packet of [videoPacket(0, false), asExtra(videoPacket(0, false), 1)]) {
        splicer.packet(placed(packet, ms));
      }
    }
    splicer.enter(
      withExtraTracks(sourceOf({ name: 'new', from: 0, to: 1_360, frameMs: 100, gopFrames: 4, audioMs: 40 })),
    );
    const packets = taken();
    const own = packets.flatMap((packet) =>
      packet.kind === 'frame' && packet.track === 'audio' ? [packet.time] : [],
    );
    const beside = packets.flatMap((packet) =>
      packet.kind === 'extra' && packet.extra.medium === 'audio' && packet.extra.config === null
        ? [packet.time]
        : [],
    );
    // The entry keyframe is at 1,200.
    expect(own).toEqual([1_160, 1_200, 1_240, 1_280, 1_320, 1_360]);
    expect(beside).toEqual(own);
  });

  it('wait for a keyframe of their own', () => {
    const { splicer, taken } = newSplicer();
    splicer.enter(sourceOf({ name: 'a', from: 1_000, to: 1_000 }));
    taken();
    splicer.packet(placed(asExtra(videoPacket(0, false), 1), 1_040));
    splicer.packet(placed(asExtra(videoPacket(0, true), 1), 1_080));
    splicer.packet(placed(asExtra(videoPacket(0, false), 1), 1_080));
    expect(sketch(taken())).toBe('x1:1080K x1:1081');
  });

  it('that ended long ago come back at the present, and not in the past', () => {
    const { splicer, taken } = newSplicer();
    const shape = { from: 0, audioMs: 5_000 };
    splicer.enter(withExtraTracks(sourceOf({ name: 'a', ...shape, to: 1_000 })));
    splicer.enter(sourceOf({ name: 'b', ...shape, to: 3_000 }));
    taken();
    splicer.enter(withExtraTracks(sourceOf({ name: 'a', ...shape, to: 3_040 })));
    expect(sketch(taken().filter(({ kind }) => kind === 'extra'))).toMatch(/^x1:3001K (x1:\d+K? )+x1:3040$/);
  });

  it('end where the new source has none, and come back with a header only if it is another', () => {
    const { splicer, taken } = newSplicer();
    const shape = { from: 0, to: 1_000, gopFrames: 1_000, audioMs: 2_000 };
    splicer.enter(withExtraTracks(sourceOf({ name: 'a', ...shape })));
    splicer.enter(sourceOf({ name: 'b', ...shape }));
    taken();
    splicer.enter(withExtraTracks(sourceOf({ name: 'a', ...shape, to: 1_080 })));
    expect(sketch(taken().filter(({ kind }) => kind === 'extra'))).toMatch(/^x1:1001K (x1:\d+ )+x1:1080$/);
    const other = { ...AVC, identity: 'avc:other' };
    splicer.enter(withExtraTracks(sourceOf({ name: 'c', ...shape, to: 1_080, video: other })));
    const [header, keyframe] = taken().filter(({ kind }) => kind === 'extra');
    expect(header).toMatchObject({ payload: other.payload, extra: { config: other } });
    if (keyframe?.kind !== 'extra') throw new Error('no keyframe');
    for (const set of other.parameterSets) expect(keyframe.payload.includes(set)).toBe(true);
  });
});

describe("the colours of a source (E-RTMP's Metadata)", () => {
  const colours = parseVideo(bytes("d4 'hvc1' 02 0009 'colorInfo' 03 000009"), 0);
  if (colours === null) throw new Error('not read');
  const withColours = (name: string): SpliceSource => {
    const source = sourceOf({ name, from: 0, to: 1_000 });
    const gops = source.buffer.gops.map((gop) => ({
      ...gop,
      headers: { ...gop.headers, extras: [colours] },
    }));
    return { ...source, buffer: { gops, lastBeginningBy: () => gops[0] } };
  };

  it('are said once, and taken back where the next source says nothing of them', () => {
    const { splicer, taken } = newSplicer();
    const besides = () => taken().flatMap((packet) => (packet.kind === 'extra' ? [packet.payload] : []));
    splicer.enter(withColours('a'));
    expect(besides()).toEqual([colours.payload]);
    splicer.enter(withColours('b'));
    expect(besides()).toEqual([]);
    splicer.enter(sourceOf({ name: 'c', from: 0, to: 1_000 }));
    expect(besides()).toEqual([bytes("d4 'hvc1' 02 0009 'colorInfo' 06")]);
    splicer.enter(sourceOf({ name: 'd', from: 0, to: 1_000 }));
    expect(besides()).toEqual([]);
    splicer.enter(withColours('a'));
    expect(besides()).toEqual([colours.payload]);
  });
});
