import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseTag, readClip } from '../../runtime/codec/clip-reader.ts';
import { encodeMetadata } from '../../runtime/codec/data-message.ts';
import { FLV_TAG_OVERHEAD, flvFileHeader, writeFlvTag } from '../../runtime/codec/flv-writer.ts';
import { bytes } from '../golden/bytes.ts';
import { AVC_PPS, AVC_SPS, avcRecord } from '../golden/codec-configs.ts';
import { codeOf } from '../golden/protocol-errors.ts';

type Tag = readonly [type: number, timestamp: number, body: Buffer];

const VIDEO_HEADER = Buffer.concat([bytes('17 00 000000'), avcRecord([AVC_SPS], [AVC_PPS])]);
const KEYFRAME = bytes('17 01 000000 00000001 65');
const FRAME = bytes('27 01 000000 00000001 41');
const SOUND = bytes('af 01 2110');

function flv(...tags: readonly Tag[]): Buffer {
  const parts = tags.map(([type, timestamp, body]) => {
    const target = Buffer.alloc(body.length + FLV_TAG_OVERHEAD);
    writeFlvTag(target, 0, type, timestamp, body);
    return target;
  });
  return Buffer.concat([flvFileHeader({ video: true, audio: true }), ...parts]);
}

describe('readClip', () => {
  it('begins at 0 and lasts until the end of the last frame', () => {
    const clip = readClip(
      flv(
        [18, 0, encodeMetadata({ width: 640 })],
        [9, 1_000, VIDEO_HEADER],
        [9, 1_000, KEYFRAME],
        [8, 1_000, SOUND],
        [9, 1_040, FRAME],
        [8, 1_050, SOUND],
        [9, 1_080, FRAME],
      ),
    );
    expect(clip.packets.map(({ timestamp }) => timestamp)).toEqual([0, 0, 0, 40, 50, 80]);
    // Video ends at 80 + 40, audio at 50 + 50.
    expect(clip.durationMs).toBe(120);
    expect(clip.metadata).toEqual({ width: 640 });
  });

  it('lasts as long as the longer track, whichever it is', () => {
    const clip = readClip(
      flv([9, 0, KEYFRAME], [9, 40, FRAME], [8, 0, SOUND], [8, 50, SOUND], [8, 100, SOUND]),
    );
    expect(clip.durationMs).toBe(150);
  });

  it('gives headers that come before the first frame its time', () => {
    const clip = readClip(flv([9, 0, VIDEO_HEADER], [9, 500, KEYFRAME], [9, 540, FRAME]));
    expect(clip.packets.map(({ timestamp }) => timestamp)).toEqual([0, 0, 40]);
    expect(clip.durationMs).toBe(80);
  });

  it('passes over what carries nothing', () => {
    const clip = readClip(
      flv([9, 0, KEYFRAME], [9, 20, bytes('17 02 000000')], [15, 30, SOUND], [9, 40, FRAME]),
    );
    expect(clip.packets).toHaveLength(2);
    expect(clip.metadata).toBeNull();
  });

  it.each([
    { name: 'an empty file', file: bytes('') },
    { name: 'no tag', file: flv() },
    { name: 'one frame', file: flv([9, 0, KEYFRAME]) },
    { name: 'headers alone', file: flv([9, 0, VIDEO_HEADER], [9, 40, VIDEO_HEADER]) },
    { name: 'frames of one time', file: flv([9, 40, KEYFRAME], [9, 40, FRAME]) },
    { name: 'no FLV', file: bytes("'RIFF' 00*8") },
  ])('refuses $name', ({ file }) => {
    expect(codeOf(() => readClip(file))).toBe('flv-malformed');
  });

  it('reads the slate: its tracks end together, so that it loops without a hole', () => {
    const clip = readClip(readFileSync(join(import.meta.dirname, '../../runtime/clips/slate.flv')));
    expect(clip.packets[0]?.config?.track).toBe('video');
    for (const track of ['video', 'audio'] as const) {
      const times = clip.packets
        .filter((p) => p.track === track && p.config === null)
        .map((p) => p.timestamp);
      const last = times.at(-1) ?? 0;
      const longest = Math.max(...times.slice(1).map((time, i) => time - (times[i] ?? 0)));
      expect(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0))).toBe(true);
      expect(clip.durationMs - last).toBeLessThanOrEqual(2 * longest);
      expect(clip.durationMs).toBeGreaterThan(last);
    }
  });
});

describe('parseTag', () => {
  it('reads video and audio, and nothing else', () => {
    expect(parseTag({ type: 9, timestamp: 7, body: KEYFRAME })).toMatchObject([
      { track: 'video', timestamp: 7 },
    ]);
    expect(parseTag({ type: 8, timestamp: 7, body: SOUND })).toMatchObject([
      { track: 'audio', timestamp: 7 },
    ]);
    expect(parseTag({ type: 18, timestamp: 7, body: encodeMetadata({}) })).toEqual([]);
  });
});
