import type { ChunkLimits } from '../../runtime/rtmp/chunk-reader.ts';
import type { RawMessage } from '../../runtime/rtmp/wire.ts';
import { bytes } from './bytes.ts';

export const CHUNK_LIMITS: ChunkLimits = {
  maxMessageBytes: 1_000,
  maxBufferedBytes: 2_000,
  maxChunkStreams: 8,
};

/** A message of audio on message stream 1, the one of most of these tables. */
function audio(timestamp: number, payload: string): RawMessage {
  return { typeId: 8, streamId: 1, timestamp, payload: bytes(payload) };
}

function video(timestamp: number, payload: string): RawMessage {
  return { typeId: 9, streamId: 1, timestamp, payload: bytes(payload) };
}

/** Set Chunk Size, as it goes on the wire (5.4.1). */
const SET_CHUNK_SIZE = '02 000000 000004 01 00000000';
const ABORT = '02 000000 000004 02 00000000';

/** Chunks in the forms that encoders send and we do not (RTMP 1.0, 5.3.1), and the messages that they make. */
export const chunkStreams: ReadonlyArray<{
  readonly name: string;
  readonly bytes: Buffer;
  readonly messages: readonly RawMessage[];
}> = [
  {
    name: 'type 1: length, type and a delta; the message stream stays',
    bytes: bytes('04 0003e8 000001 08 01000000 aa / 44 000017 000002 09 bbbb'),
    messages: [audio(1_000, 'aa'), video(1_023, 'bbbb')],
  },
  {
    name: 'type 2: a delta only',
    bytes: bytes('04 0003e8 000002 08 01000000 aaaa / 84 000017 bbbb / 84 000018 cccc'),
    messages: [audio(1_000, 'aaaa'), audio(1_023, 'bbbb'), audio(1_047, 'cccc')],
  },
  {
    name: 'type 3 for a new message after type 1: the delta again',
    bytes: bytes('04 0003e8 000001 08 01000000 aa / 44 00000a 000001 08 bb / c4 cc / c4 dd'),
    messages: [audio(1_000, 'aa'), audio(1_010, 'bb'), audio(1_020, 'cc'), audio(1_030, 'dd')],
  },
  {
    name: 'type 3 for a new message after type 2: the delta again',
    bytes: bytes('04 0003e8 000001 08 01000000 aa / 84 00000a bb / c4 cc'),
    messages: [audio(1_000, 'aa'), audio(1_010, 'bb'), audio(1_020, 'cc')],
  },
  {
    name: 'type 3 for a new message after type 0: the same time (librtmp)',
    bytes: bytes('04 0003e8 000001 08 01000000 aa / c4 bb / c4 cc'),
    messages: [audio(1_000, 'aa'), audio(1_000, 'bb'), audio(1_000, 'cc')],
  },
  {
    name: 'type 0 again forgets the delta',
    bytes: bytes('04 0003e8 000001 08 01000000 aa / 84 00000a bb / 04 0007d0 000001 08 01000000 cc / c4 dd'),
    messages: [audio(1_000, 'aa'), audio(1_010, 'bb'), audio(2_000, 'cc'), audio(2_000, 'dd')],
  },
  {
    name: 'type 0 that goes back in time',
    bytes: bytes('04 0003e8 000001 08 01000000 aa / 04 000001 000001 08 01000000 bb'),
    messages: [audio(1_000, 'aa'), audio(1, 'bb')],
  },
  {
    name: 'a chunk stream that begins with type 1 (librtmp, FMLE)',
    bytes: bytes('43 000005 000001 08 aa / c3 bb'),
    messages: [
      { ...audio(5, 'aa'), streamId: 0 },
      { ...audio(10, 'bb'), streamId: 0 },
    ],
  },
  {
    name: 'a chunk stream that begins with type 3: a message of nothing',
    bytes: bytes('c5 / 04 000001 000001 08 01000000 aa'),
    messages: [{ typeId: 0, streamId: 0, timestamp: 0, payload: bytes('') }, audio(1, 'aa')],
  },
  {
    name: 'messages of no bytes',
    bytes: bytes('04 000001 000000 08 01000000 / 44 000001 000000 09 / c4 / 04 000005 000001 08 01000000 aa'),
    messages: [audio(1, ''), video(2, ''), video(3, ''), audio(5, 'aa')],
  },
  {
    name: 'two chunk streams, interleaved',
    bytes: bytes(
      '06 000028 000102 09 01000000 11*128 / 04 000017 000082 08 01000000 aa*128 / c6 22*128 / c4 bbbb / c6 3333',
    ),
    messages: [audio(0x17, 'aa*128 bbbb'), video(0x28, '11*128 22*128 3333')],
  },
  {
    name: 'a message of several chunks after type 1, its delta counted once',
    bytes: bytes(
      '06 000064 000001 09 01000000 11 / 46 00000a 000101 09 22*128 / c6 33*128 / c6 44 / c6 55*128 / c6 66*128 / c6 77',
    ),
    messages: [video(100, '11'), video(110, '22*128 33*128 44'), video(120, '55*128 66*128 77')],
  },
  {
    name: 'chunk stream ids of two bytes: 64 and 319',
    bytes: bytes('00 00 000001 000001 08 01000000 aa / 00 ff 000002 000001 09 01000000 bb / c0 00 cc'),
    messages: [audio(1, 'aa'), video(2, 'bb'), audio(1, 'cc')],
  },
  {
    name: 'chunk stream ids of three bytes, the low one first: 64, 320 and 65,599',
    bytes: bytes(
      '01 0000 000001 000001 08 01000000 aa / 01 0001 000002 000001 09 01000000 bb / 01 ffff 000003 000001 08 01000000 cc / c1 0001 dd / c0 00 ee',
    ),
    messages: [audio(1, 'aa'), video(2, 'bb'), audio(3, 'cc'), video(2, 'dd'), audio(1, 'ee')],
  },
  {
    name: 'one chunk stream, its id in two bytes and in three',
    bytes: bytes('00 01 000001 000001 08 01000000 aa / c1 0100 bb / c0 01 cc'),
    messages: [audio(1, 'aa'), audio(1, 'bb'), audio(1, 'cc')],
  },
  {
    name: 'Abort of a chunk stream whose id takes two bytes',
    bytes: bytes(`00 01 000001 000081 08 01000000 aa*128 / ${ABORT} 00000041 / c0 01 bb*128 / c0 01 cc`),
    messages: [audio(1, 'bb*128 cc')],
  },
  {
    name: 'extended time, repeated on type 3 (Adobe)',
    bytes: bytes('06 ffffff 000102 09 01000000 01000001 11*128 / c6 01000001 22*128 / c6 01000001 3333'),
    messages: [video(0x1000001, '11*128 22*128 3333')],
  },
  {
    name: 'extended time, not repeated on type 3 (some builds of librtmp)',
    bytes: bytes(
      '06 ffffff 000102 09 01000000 01000001 11*128 / c6 22*128 / c6 3333 / 04 000001 000001 08 01000000 aa',
    ),
    messages: [video(0x1000001, '11*128 22*128 3333'), audio(1, 'aa')],
  },
  {
    name: 'extended time, not repeated, before payload that begins as it does',
    bytes: bytes('06 ffffff 000082 09 01000000 01000001 11*128 / c6 0100 / 04 000001 000001 08 01000000 aa'),
    messages: [video(0x1000001, '11*128 0100'), audio(1, 'aa')],
  },
  {
    name: 'extended time, not repeated, before four bytes that differ in the last',
    bytes: bytes('06 ffffff 000085 09 01000000 01000001 11*128 / c6 0100000222'),
    messages: [video(0x1000001, '11*128 0100000222')],
  },
  {
    name: 'extended delta: added, and repeated on type 3',
    bytes: bytes('06 000001 000001 09 01000000 11 / 86 ffffff 01000000 22 / c6 01000000 33'),
    messages: [video(1, '11'), video(0x1000001, '22'), video(0x2000001, '33')],
  },
  {
    name: 'extended field for a time that would not need it',
    bytes: bytes('06 ffffff 000081 09 01000000 00000005 11*128 / c6 00000005 22'),
    messages: [video(5, '11*128 22')],
  },
  {
    name: 'after an extended time, one that is not',
    bytes: bytes('06 ffffff 000001 09 01000000 01000000 11 / 86 000005 22 / c6 33'),
    messages: [video(0x1000000, '11'), video(0x1000005, '22'), video(0x100000a, '33')],
  },
  {
    name: 'deltas across 0xFFFFFF',
    bytes: bytes('06 fffffe 000001 09 01000000 11 / 86 000001 22 / c6 33'),
    messages: [video(0xfffffe, '11'), video(0xffffff, '22'), video(0x1000000, '33')],
  },
  {
    name: 'deltas across the end of the 32-bit clock',
    bytes: bytes('06 ffffff 000001 09 01000000 fffffff0 11 / 86 000020 22 / c6 33'),
    messages: [video(0xfffffff0, '11'), video(0x10, '22'), video(0x30, '33')],
  },
  {
    name: 'Set Chunk Size of 1 byte',
    bytes: bytes(`${SET_CHUNK_SIZE} 00000001 / 04 000001 000003 08 01000000 aa c4 bb c4 cc`),
    messages: [audio(1, 'aabbcc')],
  },
  {
    name: 'Set Chunk Size of 65,537 bytes',
    bytes: bytes(`${SET_CHUNK_SIZE} 00010001 / 04 000001 0000c8 08 01000000 aa*200`),
    messages: [audio(1, 'aa*200')],
  },
  {
    name: 'Set Chunk Size of 2^24 bytes, which means that of the longest message',
    bytes: bytes(`${SET_CHUNK_SIZE} 01000000 / 04 000001 0000c8 08 01000000 aa*200`),
    messages: [audio(1, 'aa*200')],
  },
  {
    name: 'Set Chunk Size of the most there is',
    bytes: bytes(`${SET_CHUNK_SIZE} 00ffffff / 04 000001 0000c8 08 01000000 aa*200`),
    messages: [audio(1, 'aa*200')],
  },
  {
    name: 'Set Chunk Size between two chunks of a message',
    bytes: bytes(`06 000001 000100 09 01000000 11*128 / ${SET_CHUNK_SIZE} 00000040 / c6 22*64 / c6 33*64`),
    messages: [video(1, '11*128 22*64 33*64')],
  },
  {
    name: 'Set Chunk Size on a chunk stream of its own choice, and a byte too long',
    bytes: bytes('05 000000 000005 01 00000000 00000080 ff / 04 000001 000001 08 01000000 aa'),
    messages: [audio(1, 'aa')],
  },
  {
    name: 'Abort in mid-message: the next chunk begins a new one',
    bytes: bytes(`06 000001 000081 09 01000000 11*128 / ${ABORT} 00000006 / c6 22*128 / c6 33`),
    messages: [video(1, '22*128 33')],
  },
  {
    name: 'Abort of one chunk stream leaves the others',
    bytes: bytes(
      `06 000001 000081 09 01000000 11*128 / 04 000002 000081 08 01000000 aa*128 / ${ABORT} 00000006 / c4 bb`,
    ),
    messages: [audio(2, 'aa*128 bb')],
  },
  {
    name: 'Abort of what is not under way, of what is not known, and cut short',
    bytes: bytes(
      `04 000001 000001 08 01000000 aa / ${ABORT} 00000004 / ${ABORT} 00000009 / 02 000000 000002 02 00000000 0004 / c4 bb`,
    ),
    messages: [audio(1, 'aa'), audio(1, 'bb')],
  },
  {
    name: 'a header in mid-message: the message it cuts is dropped',
    bytes: bytes('06 000001 000081 09 01000000 11*128 / 06 000002 000001 09 01000000 22'),
    messages: [video(2, '22')],
  },
  {
    name: 'messages that are dropped again and again hold nothing',
    bytes: bytes(`${'06 000001 0003e8 09 01000000 11*128 / '.repeat(3)} 06 000002 000001 09 01000000 22`),
    messages: [video(2, '22')],
  },
  {
    name: 'messages that are aborted again and again hold nothing',
    bytes: bytes(
      `06 000001 0003e8 09 01000000 11*128 / ${ABORT} 00000006 / `.repeat(3) +
        '06 000002 000001 09 01000000 22',
    ),
    messages: [video(2, '22')],
  },
];

/** Chunks that end the connection of whoever sent them, under CHUNK_LIMITS. */
export const chunkStreamsRefused = [
  { name: 'Set Chunk Size of 0', bytes: bytes(`${SET_CHUNK_SIZE} 00000000`), code: 'chunk-size' },
  { name: 'Set Chunk Size of 2^31', bytes: bytes(`${SET_CHUNK_SIZE} 80000000`), code: 'chunk-size' },
  { name: 'Set Chunk Size of 2^32 - 1', bytes: bytes(`${SET_CHUNK_SIZE} ffffffff`), code: 'chunk-size' },
  { name: 'Set Chunk Size cut short', bytes: bytes('02 000000 000002 01 00000000 0080'), code: 'chunk-size' },
  {
    name: 'message one byte too large',
    bytes: bytes('04 000000 0003e9 08 01000000'),
    code: 'message-too-large',
  },
  { name: 'message of 16 MB', bytes: bytes('04 000000 ffffff 08 01000000'), code: 'message-too-large' },
  { name: 'message too large by type 1', bytes: bytes('44 000000 0003e9 08'), code: 'message-too-large' },
  {
    name: 'too many bytes under way',
    bytes: bytes(
      '04 000000 0003e8 08 01000000 aa*128 / 05 000000 0003e8 08 01000000 bb*128 / 06 000000 000001 08 01000000',
    ),
    code: 'too-many-buffered-bytes',
  },
  {
    name: 'too many chunk streams',
    bytes: bytes('c3 c4 c5 c6 c7 c8 c9 ca cb'),
    code: 'too-many-chunk-streams',
  },
  {
    name: 'too many chunk streams of three bytes',
    bytes: bytes('c10000 c10001 c10002 c10003 c10004 c10005 c10006 c10007 c10008'),
    code: 'too-many-chunk-streams',
  },
] as const;
