import type { FlvTag } from '../../runtime/codec/flv-reader.ts';
import { bytes } from './bytes.ts';

function tag(type: number, timestamp: number, body: string): FlvTag {
  return { type, timestamp, body: bytes(body) };
}

/** Whole FLV streams (FLV 10.1, E.2 to E.4) that are written just as they are read. */
export const flvFiles: ReadonlyArray<{
  readonly name: string;
  readonly has: { readonly video: boolean; readonly audio: boolean };
  readonly bytes: Buffer;
  readonly tags: readonly FlvTag[];
}> = [
  {
    name: 'no tag',
    has: { video: true, audio: true },
    bytes: bytes("'FLV' 01 05 00000009 00000000"),
    tags: [],
  },
  {
    name: 'script, video and audio',
    has: { video: true, audio: true },
    bytes: bytes(
      `'FLV' 01 05 00000009 00000000
       12 000002 000000 00 000000 0206 0000000d
       09 000005 000000 00 000000 1701000000 00000010
       08 000004 000017 00 000000 af012110 0000000f`,
    ),
    tags: [tag(18, 0, '0206'), tag(9, 0, '1701000000'), tag(8, 23, 'af012110')],
  },
  {
    name: 'audio alone, with a tag of no bytes',
    has: { video: false, audio: true },
    bytes: bytes("'FLV' 01 04 00000009 00000000 / 08 000000 000001 00 000000 0000000b"),
    tags: [tag(8, 1, '')],
  },
  {
    name: 'video alone, with times past 24 and 31 bits',
    has: { video: true, audio: false },
    bytes: bytes(
      `'FLV' 01 01 00000009 00000000
       09 000001 ffffff 00 000000 aa 0000000c
       09 000001 000000 01 000000 bb 0000000c
       09 000001 fffffe ff 000000 cc 0000000c`,
    ),
    tags: [tag(9, 0xffffff, 'aa'), tag(9, 0x1000000, 'bb'), tag(9, 0xfffffffe, 'cc')],
  },
];

/** Forms that we read and do not write. */
export const flvReadings: ReadonlyArray<{
  readonly name: string;
  readonly bytes: Buffer;
  readonly tags: readonly FlvTag[];
}> = [
  {
    name: 'a file header that is longer',
    bytes: bytes("'FLV' 01 05 0000000d dddddddd 00000000 / 08 000001 000005 00 000000 af 0000000c"),
    tags: [tag(8, 5, 'af')],
  },
  {
    name: 'a data offset of 0',
    bytes: bytes("'FLV' 01 05 00000000 00000000 / 08 000001 000005 00 000000 af 0000000c"),
    tags: [tag(8, 5, 'af')],
  },
  {
    name: 'sizes of tags that are wrong',
    bytes: bytes(
      "'FLV' 01 05 00000009 ffffffff / 08 000001 000005 00 000000 af 00000000 / 08 000000 000006 00 000000",
    ),
    tags: [tag(8, 5, 'af'), tag(8, 6, '')],
  },
  {
    name: 'a type with the filter bit, and a stream id',
    bytes: bytes("'FLV' 01 05 00000009 00000000 / 28 000001 000005 00 000001 af 0000000c"),
    tags: [tag(8, 5, 'af')],
  },
  {
    name: 'a file that ends inside a tag',
    bytes: bytes(
      "'FLV' 01 05 00000009 00000000 / 08 000001 000005 00 000000 af 0000000c / 08 000003 000006 00 000000 af",
    ),
    tags: [tag(8, 5, 'af')],
  },
];
