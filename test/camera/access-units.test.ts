import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccessUnits } from '../../runtime/camera/access-units.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { avc, avcMessage, avcTypes, hevc, hevcMessage } from './video.ts';

let out: MediaPacket[];
let sameTimes: number;
let units: AccessUnits;
beforeEach(() => {
  out = [];
  sameTimes = 0;
  units = new AccessUnits(
    (packet) => out.push(packet),
    () => {
      sameTimes += 1;
    },
  );
});

function push(...packets: readonly MediaPacket[]): void {
  for (const packet of packets) units.push(packet);
}

const shape = () =>
  out.map((packet) => [packet.timestamp, packet.keyframe, packet.payload[0], avcTypes(packet).join(' ')]);

describe('the pictures of a camera', () => {
  it('are one message each, whatever a camera cuts them into', () => {
    push(
      avcMessage(0, avc.sei),
      avcMessage(0, avc.idr),
      avcMessage(0, avc.idrRest),
      avcMessage(40, avc.slice),
      avcMessage(40, avc.sliceRest),
      avcMessage(80, avc.slice, avc.sliceRest),
      avcMessage(120, avc.slice),
    );
    expect(shape()).toEqual([
      [0, true, 0x17, '6 5 5'],
      [40, false, 0x27, '1 1'],
      [80, false, 0x27, '1 1'],
    ]);
    expect(sameTimes).toBe(0);
  });

  it('are passed on by reference where they came whole', () => {
    const packet = avcMessage(0, avc.idr);
    push(packet, avcMessage(40, avc.slice));
    expect(out[0]).toBe(packet);
  });

  it('of one time are kept apart, and reported: the times of B-frames are lost', () => {
    push(
      avcMessage(0, avc.idr),
      avcMessage(120, avc.slice),
      avcMessage(120, avc.slice),
      avcMessage(120, avc.delimiter),
      avcMessage(120, avc.slice),
      avcMessage(240, avc.slice),
    );
    expect(shape().map(([timestamp, , , types]) => [timestamp, types])).toEqual([
      [0, '5'],
      [120, '1'],
      [120, '1'],
      [120, '9 1'],
    ]);
    expect(sameTimes).toBe(2);
  });

  it('are preceded by a header at once, and follow it', () => {
    const header = { ...avcMessage(40, avc.idr), config: {} as MediaPacket['config'] };
    push(avcMessage(0, avc.idr), header, avcMessage(40, avc.idr), avcMessage(80, avc.slice));
    expect(out.map(({ timestamp, config }) => [timestamp, config !== null])).toEqual([
      [0, false],
      [40, true],
      [40, false],
    ]);
  });

  it('are not made of what has no slice', () => {
    push(avcMessage(0, avc.sei), avcMessage(40, avc.idr), avcMessage(80, avc.slice));
    expect(shape()).toEqual([[40, true, 0x17, '5']]);
  });

  it('are joined in HEVC too', () => {
    const [first, rest] = [hevcMessage(0, hevc.idr), hevcMessage(0, hevc.idrRest)];
    push(first, rest, hevcMessage(40, hevc.slice), hevcMessage(80, hevc.slice));
    expect(out.map(({ timestamp, keyframe }) => [timestamp, keyframe])).toEqual([
      [0, true],
      [40, false],
    ]);
    expect(out[0]?.payload).toEqual(Buffer.concat([first.payload, rest.payload.subarray(8)]));
  });

  it('of HEVC that decoding can begin at are keyframes, though node-media-server knows IDR only', () => {
    push(hevcMessage(0, hevc.cra), hevcMessage(40, hevc.slice), hevcMessage(80, hevc.slice));
    expect(out.map(({ keyframe, payload }) => [keyframe, payload[0]])).toEqual([
      [true, 0x91],
      [false, 0xa1],
    ]);
  });

  it('hold no more than a picture may have', () => {
    const part = avcMessage(0, Buffer.concat([avc.idrRest, Buffer.alloc(1024 * 1024)]));
    push(avcMessage(0, avc.idr), ...Array.from({ length: 20 }, () => part), avcMessage(40, avc.slice));
    expect(out).toHaveLength(1);
    expect(out[0]?.payload.length).toBeGreaterThan(6 * 1024 * 1024);
    expect(Math.max(...out.map(({ payload }) => payload.length))).toBeLessThanOrEqual(8 * 1024 * 1024);
  });
});
