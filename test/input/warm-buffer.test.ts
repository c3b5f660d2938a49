import { describe, expect, it } from '@jest/globals';
import { type Headers, type InputPacket, NO_HEADERS, programTime } from '../../runtime/input/input-packet.ts';
import { beginning, WarmBuffer, type WarmBufferLimits } from '../../runtime/input/warm-buffer.ts';
import { audioPacket, videoPacket } from './sample-packets.ts';

const HEADERS: Headers = NO_HEADERS;
const LIMITS: WarmBufferLimits = { limitBytes: 1_000_000, limitMs: 20_000, reachMs: 3_500 };

function at(packet: InputPacket['packet'], time: number): InputPacket {
  return { packet, dts: time, sequence: 1, anchor: { offset: 0 } };
}

function fill(
  buffer: WarmBuffer,
  { toMs, gopMs, bytes = 100 }: { toMs: number; gopMs: number; bytes?: number },
): void {
  for (let time = 0; time <= toMs; time += 100) {
    buffer.add(at(videoPacket(time, time % gopMs === 0, { bytes }), time), HEADERS);
    buffer.add(at(audioPacket(time), time), HEADERS);
  }
}

describe('the warm buffer', () => {
  it.each([1_000, 2_000, 4_000])(
    'reaches back to a keyframe one GOP beyond its reach (GOP %d ms)',
    (gopMs) => {
      const buffer = new WarmBuffer(LIMITS);
      fill(buffer, { toMs: 30_000, gopMs });
      const [first, second] = buffer.gops;
      const newest = beginning(buffer.gops.at(-1) as never);
      expect(beginning(first as never)).toBeLessThanOrEqual(newest - LIMITS.reachMs - gopMs);
      // And no further than it must.
      expect(beginning(second as never)).toBeGreaterThan(newest - LIMITS.reachMs - gopMs);
      for (const gop of buffer.gops) expect(gop.packets[0]?.packet.keyframe).toBe(true);
    },
  );

  it('finds the last GOP that begins by a time', () => {
    const buffer = new WarmBuffer(LIMITS);
    fill(buffer, { toMs: 10_000, gopMs: 2_000 });
    expect(beginning(buffer.lastBeginningBy(7_999) as never)).toBe(6_000);
    expect(beginning(buffer.lastBeginningBy(8_000) as never)).toBe(8_000);
    expect(buffer.lastBeginningBy(1_000)).toBeUndefined();
  });

  it('never holds more bytes than its bound, and begins with a keyframe all the same', () => {
    const buffer = new WarmBuffer({ ...LIMITS, limitBytes: 20_000 });
    for (let time = 0; time <= 30_000; time += 100) {
      buffer.add(at(videoPacket(time, time % 2_000 === 0, { bytes: 500 }), time), HEADERS);
      expect(buffer.heldBytes).toBeLessThanOrEqual(20_000);
      const held = buffer.gops.flatMap(({ packets }) => packets);
      expect(held.reduce((sum, { packet }) => sum + packet.payload.length, 0)).toBe(buffer.heldBytes);
      expect(held[0]?.packet.keyframe ?? true).toBe(true);
    }
    expect(buffer.gops.length).toBeGreaterThan(0);
  });

  it('holds nothing of a GOP that is longer than its bound, until the next keyframe', () => {
    const buffer = new WarmBuffer({ ...LIMITS, limitBytes: 5_000 });
    fill(buffer, { toMs: 9_900, gopMs: 10_000, bytes: 500 });
    expect(buffer.gops).toEqual([]);
    buffer.add(at(videoPacket(10_000, true), 10_000), HEADERS);
    expect(buffer.gops).toHaveLength(1);
  });

  it('gives up old media also where they take few bytes', () => {
    const buffer = new WarmBuffer({ ...LIMITS, limitMs: 6_000 });
    fill(buffer, { toMs: 60_000, gopMs: 5_000 });
    expect(60_000 - beginning(buffer.gops[0] as never)).toBeLessThanOrEqual(6_000 + 5_000);
  });

  it('takes sound without pictures in groups, and drops them when a picture comes', () => {
    const buffer = new WarmBuffer(LIMITS);
    for (let time = 0; time < 5_000; time += 20) buffer.add(at(audioPacket(time), time), HEADERS);
    expect(buffer.gops.map(beginning)).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
    buffer.add(at(videoPacket(5_000, true), 5_000), HEADERS);
    expect(buffer.gops.flatMap(({ packets }) => packets.map(programTime))).toEqual([5_000]);
  });

  it('remembers the headers that were in force when a GOP began', () => {
    const buffer = new WarmBuffer(LIMITS);
    const later: Headers = { ...HEADERS };
    buffer.add(at(videoPacket(0, true), 0), HEADERS);
    buffer.add(at(videoPacket(1_000, true), 1_000), later);
    expect(buffer.gops.map(({ headers }) => headers)).toEqual([HEADERS, later]);
    expect(buffer.gops[1]?.headers).toBe(later);
  });
});
