/** The first picture of a viewer of FLV is decoded early, and shown when it is due. */
import { describe, expect, it } from '@jest/globals';
import { parseTag } from '../../runtime/codec/clip-reader.ts';
import { LEAD_IN_MS, withLeadIn } from '../../runtime/codec/flv-lead-in.ts';
import { flvFormat } from '../../runtime/output/packet-format.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { audio, header, metadata, readTags, START, video } from '../output/stage.ts';

const HEADERS = [metadata(0), header(VIDEO_CONFIG, 0), header(AUDIO_CONFIG, 0)];
/** HEVC in the form that has no CTS: the keyframe is shown when it is decoded. */
const WITHOUT_CTS = Buffer.from([0x93, ...Buffer.from('hvc1', 'latin1'), 1, 2, 3]);

/** DTS and PTS of the frames that come out of writes of these packets, and the bytes that went in. */
function play(...writes: ReadonlyArray<readonly ProgramPacket[]>) {
  const written: Buffer[] = [];
  const write = withLeadIn((bytes) => written.push(bytes));
  const given = writes.map((packets) => flvFormat.encode(packets, START - LEAD_IN_MS));
  const before = given.map((bytes) => Buffer.from(bytes));
  let isDue = true;
  for (const bytes of given) {
    if (isDue) isDue = write(bytes);
    else written.push(bytes);
  }
  expect(given).toEqual(before);
  const out = Buffer.concat(written);
  const frames = readTags(out)
    // The headers are no real ones.
    .filter(({ body }) => body[1] !== 0)
    .flatMap(parseTag)
    .map(({ track, timestamp, cts }) => `${track} ${timestamp - LEAD_IN_MS} ${timestamp + cts - LEAD_IN_MS}`);
  return { frames, out, given };
}

describe('the lead-in', () => {
  it('is that of the first keyframe alone, wherever it comes, and over with it', () => {
    const gop = [video(0, true, { cts: 80 }), audio(10), video(40)];
    const frames = [`video ${-LEAD_IN_MS} 80`, 'audio 10 10', 'video 40 40', 'video 80 80'];
    expect(play(HEADERS, gop, [video(80, true)]).frames).toEqual(frames);
    expect(play([...HEADERS, ...gop], [video(80, true)]).frames).toEqual(frames);
    expect(play([audio(0)], [video(40, true)]).frames).toEqual(['audio 0 0', `video ${40 - LEAD_IN_MS} 40`]);
    expect(withLeadIn(() => {})(flvFormat.encode([video(0, true)], START - LEAD_IN_MS))).toBe(false);
  });

  it('works where the keyframe is shown before its time, and beyond 24 bits of timestamp', () => {
    const late = 0x1000000 + 50;
    expect(play([video(late, true, { cts: -20 })]).frames).toEqual([
      `video ${late - LEAD_IN_MS} ${late - 20}`,
    ]);
  });

  it('is left out where the keyframe has no CTS, and then for good', () => {
    const first = { ...video(0, true), payload: WITHOUT_CTS, ctsOffset: -1 } as ProgramPacket;
    const { out, given } = play([first], [video(40, true)]);
    expect(out).toEqual(Buffer.concat(given));
  });
});
