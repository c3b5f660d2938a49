import { parseAudio, parseVideo } from '../../runtime/codec/media-header.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';

/** What node-media-server sends for NAL units that came together: a message with a length in front of each. */
export function avcMessage(timestamp: number, ...units: readonly Buffer[]): MediaPacket {
  const isKey = units.some((unit) => ((unit[0] ?? 0) & 0x1f) === 5);
  return parseVideo(Buffer.concat([Buffer.from([isKey ? 0x17 : 0x27, 1, 0, 0, 0]), body(units)]), timestamp)!;
}

export function hevcMessage(timestamp: number, ...units: readonly Buffer[]): MediaPacket {
  const isKey = units.some((unit) => (unit[0] ?? 0) >> 1 === 19);
  const head = Buffer.concat([Buffer.from([isKey ? 0x91 : 0xa1]), Buffer.from('hvc1'), Buffer.alloc(3)]);
  return parseVideo(Buffer.concat([head, body(units)]), timestamp)!;
}

export function audioMessage(timestamp: number, ...bytes: readonly number[]): MediaPacket {
  return parseAudio(Buffer.from(bytes), timestamp)!;
}

/** The types of the NAL units of an H.264 message. */
export function avcTypes({ payload }: MediaPacket): number[] {
  const types: number[] = [];
  for (let at = 5; at < payload.length; at += 4 + payload.readUInt32BE(at)) {
    types.push(payload.readUInt8(at + 4) & 0x1f);
  }
  return types;
}

/** The first slice of a picture has a set bit behind the NAL header: macroblock 0. */
export const avc = {
  idr: Buffer.from([0x65, 0x80, 1]),
  idrRest: Buffer.from([0x65, 0x40, 2]),
  slice: Buffer.from([0x41, 0x9a, 3]),
  sliceRest: Buffer.from([0x41, 0x20, 4]),
  sei: Buffer.from([0x06, 0x05, 5]),
  delimiter: Buffer.from([0x09, 0xf0]),
} as const;

export const hevc = {
  idr: Buffer.from([0x26, 0x01, 0x80, 1]),
  idrRest: Buffer.from([0x26, 0x01, 0x40, 2]),
  /** CRA: an entry in an open GOP, type 21. */
  cra: Buffer.from([0x2a, 0x01, 0x80, 4]),
  slice: Buffer.from([0x02, 0x01, 0x80, 3]),
} as const;

function body(units: readonly Buffer[]): Buffer {
  return Buffer.concat(
    units.flatMap((unit) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(unit.length);
      return [length, unit];
    }),
  );
}
