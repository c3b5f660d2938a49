import { describe, expect, it } from '@jest/globals';
import { FlvReader, type FlvTag } from '../../runtime/codec/flv-reader.ts';
import { FLV_TAG_OVERHEAD, flvFileHeader, writeFlvTag } from '../../runtime/codec/flv-writer.ts';
import { bytes, cuts } from '../golden/bytes.ts';
import { flvFiles, flvReadings } from '../golden/flv-files.ts';
import { codeOf } from '../golden/protocol-errors.ts';

function read(pieces: readonly Buffer[], maxTagBytes?: number): FlvTag[] {
  const tags: FlvTag[] = [];
  const reader = new FlvReader((tag) => tags.push(tag), maxTagBytes);
  for (const piece of pieces) reader.push(piece);
  return tags;
}

describe('FlvReader', () => {
  it.each([...flvFiles, ...flvReadings])('reads $name, however it is cut', ({ bytes: file, tags }) => {
    for (const { name, pieces } of cuts(file)) expect({ name, tags: read(pieces) }).toEqual({ name, tags });
  });

  it('gives a tag as soon as its last byte is there', () => {
    const file = bytes("'FLV' 01 05 00000009 00000000 / 08 000001 000005 00 000000 af");
    expect(read([file.subarray(0, -1)])).toHaveLength(0);
    expect(read([file])).toHaveLength(1);
  });

  it.each([
    { name: 'HTML', file: bytes("'<!DOCTYPE html>'"), code: 'flv-malformed' },
    { name: 'MP4', file: bytes("00000020 'ftypisom'"), code: 'flv-malformed' },
    {
      name: 'a tag over the limit',
      file: bytes("'FLV' 01 05 00000009 00000000 / 09 000065 000000 00 000000"),
      code: 'flv-malformed',
    },
  ])('refuses $name, however it is cut', ({ file, code }) => {
    for (const { pieces } of cuts(file)) expect(codeOf(() => read(pieces, 100))).toBe(code);
  });

  it('takes a tag of as many bytes as the limit says', () => {
    expect(
      read([bytes("'FLV' 01 05 00000009 00000000 / 09 000064 000000 00 000000 aa*100")], 100),
    ).toHaveLength(1);
  });
});

describe('FLV writer', () => {
  it.each(flvFiles)('writes $name', ({ bytes: file, has, tags }) => {
    const parts = tags.map(({ type, timestamp, body }) => {
      const target = Buffer.alloc(body.length + FLV_TAG_OVERHEAD);
      writeFlvTag(target, 0, type, timestamp, body);
      return target;
    });
    expect(Buffer.concat([flvFileHeader(has), ...parts]).toString('hex')).toBe(file.toString('hex'));
  });

  it('writes between what stands there already, and says where the body begins', () => {
    const target = Buffer.alloc(20, 0xee);
    expect(writeFlvTag(target, 2, 8, 0x01020304, bytes('af'))).toBe(13);
    expect(target).toEqual(bytes('ee*2 / 08 000001 020304 01 000000 af 0000000c / ee*2'));
  });
});
