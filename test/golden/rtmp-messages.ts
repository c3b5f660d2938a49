import type { Message } from '../../runtime/rtmp/message.ts';
import type { RawMessage } from '../../runtime/rtmp/wire.ts';
import { bytes } from './bytes.ts';

export interface RtmpMessageCase {
  readonly name: string;
  readonly chunkStreamId: number;
  /** On the wire, in chunks of 128 bytes. */
  readonly bytes: Buffer;
  /** As it comes off the chunk stream, and as it goes onto it. */
  readonly raw: RawMessage;
  /** As a session sees it. */
  readonly message: readonly Message[];
}

function raw(typeId: number, streamId: number, timestamp: number, payload: string): RawMessage {
  return { typeId, streamId, timestamp, payload: bytes(payload) };
}

function media(
  type: 'audio' | 'video' | 'data',
  streamId: number,
  timestamp: number,
  payload: string,
): Message {
  return { type, streamId, timestamp, payload: bytes(payload) };
}

/** Messages that are written just as they are read (RTMP 1.0; sections in brackets). */
export const rtmpMessages: readonly RtmpMessageCase[] = [
  {
    name: 'Acknowledgement (5.4.3)',
    chunkStreamId: 2,
    bytes: bytes('02 000000 000004 03 00000000 / fffffffe'),
    raw: raw(3, 0, 0, 'fffffffe'),
    message: [{ type: 'acknowledgement', sequence: 0xfffffffe }],
  },
  {
    name: 'Window Acknowledgement Size (5.4.4)',
    chunkStreamId: 2,
    bytes: bytes('02 000000 000004 05 00000000 / 002625a0'),
    raw: raw(5, 0, 0, '002625a0'),
    message: [{ type: 'window-ack-size', bytes: 2_500_000 }],
  },
  {
    name: 'Set Peer Bandwidth (5.4.5)',
    chunkStreamId: 2,
    bytes: bytes('02 000000 000005 06 00000000 / 002625a0 02'),
    raw: raw(6, 0, 0, '002625a0 02'),
    message: [{ type: 'ignored' }],
  },
  {
    name: 'Stream Begin (7.1.7)',
    chunkStreamId: 2,
    bytes: bytes('02 000000 000006 04 00000000 / 0000 00000001'),
    raw: raw(4, 0, 0, '0000 00000001'),
    message: [{ type: 'user-control', event: 0, value: 1 }],
  },
  {
    name: 'Set Buffer Length (7.1.7)',
    chunkStreamId: 2,
    bytes: bytes('02 000000 00000a 04 00000000 / 0003 00000001 000003e8'),
    raw: raw(4, 0, 0, '0003 00000001 000003e8'),
    message: [{ type: 'user-control', event: 3, value: 1 }],
  },
  {
    name: 'Ping Request (7.1.7)',
    chunkStreamId: 2,
    bytes: bytes('02 000000 000006 04 00000000 / 0006 12345678'),
    raw: raw(4, 0, 0, '0006 12345678'),
    message: [{ type: 'user-control', event: 6, value: 0x12345678 }],
  },
  {
    name: 'connect (7.2.1.1)',
    chunkStreamId: 3,
    bytes: bytes(
      "03 000000 000023 14 00000000 / 02 0007 'connect' 00 3ff0000000000000 03 0003 'app' 02 0004 'live' 000009",
    ),
    raw: raw(20, 0, 0, "02 0007 'connect' 00 3ff0000000000000 03 0003 'app' 02 0004 'live' 000009"),
    message: [{ type: 'command', streamId: 0, name: 'connect', transactionId: 1, args: [{ app: 'live' }] }],
  },
  {
    name: 'connect of a client that can reconnect (E-RTMP, "Enhancing NetConnection connect")',
    chunkStreamId: 3,
    bytes: bytes(
      "03 000000 000034 14 00000000 / 02 0007 'connect' 00 3ff0000000000000 03 0003 'app' 02 0004 'live' 0006 'capsEx' 00 3ff0000000000000 000009",
    ),
    raw: raw(
      20,
      0,
      0,
      "02 0007 'connect' 00 3ff0000000000000 03 0003 'app' 02 0004 'live' 0006 'capsEx' 00 3ff0000000000000 000009",
    ),
    message: [
      {
        type: 'command',
        streamId: 0,
        name: 'connect',
        transactionId: 1,
        args: [{ app: 'live', capsEx: 1 }],
      },
    ],
  },
  {
    name: 'ReconnectRequest, on message stream 0 and without a tcUrl (E-RTMP, "Reconnect Request")',
    chunkStreamId: 3,
    bytes: bytes(
      "03 000000 00006b 14 00000000 / 02 0008 'onStatus' 00 0000000000000000 05 03 0005 'level' 02 0006 'status' 0004 'code' 02 0026 'NetConnection.Connect.ReconnectRequest' 000b 'description' 02 0003 'why' 000009",
    ),
    raw: raw(
      20,
      0,
      0,
      "02 0008 'onStatus' 00 0000000000000000 05 03 0005 'level' 02 0006 'status' 0004 'code' 02 0026 'NetConnection.Connect.ReconnectRequest' 000b 'description' 02 0003 'why' 000009",
    ),
    message: [
      {
        type: 'command',
        streamId: 0,
        name: 'onStatus',
        transactionId: 0,
        args: [null, { level: 'status', code: 'NetConnection.Connect.ReconnectRequest', description: 'why' }],
      },
    ],
  },
  {
    name: 'deleteStream (7.2.2.3)',
    chunkStreamId: 3,
    bytes: bytes(
      "03 000000 000022 14 00000000 / 02 000c 'deleteStream' 00 0000000000000000 05 00 3ff0000000000000",
    ),
    raw: raw(20, 0, 0, "02 000c 'deleteStream' 00 0000000000000000 05 00 3ff0000000000000"),
    message: [{ type: 'command', streamId: 0, name: 'deleteStream', transactionId: 0, args: [null, 1] }],
  },
  {
    name: 'publish, on message stream 1 (7.2.2.6)',
    chunkStreamId: 4,
    bytes: bytes(
      "04 000000 000021 14 01000000 / 02 0007 'publish' 00 4010000000000000 05 02 0003 'cam' 02 0004 'live'",
    ),
    raw: raw(20, 1, 0, "02 0007 'publish' 00 4010000000000000 05 02 0003 'cam' 02 0004 'live'"),
    message: [
      { type: 'command', streamId: 1, name: 'publish', transactionId: 4, args: [null, 'cam', 'live'] },
    ],
  },
  {
    name: 'audio (7.1.4)',
    chunkStreamId: 4,
    bytes: bytes('04 000017 000004 08 01000000 / af 01 2110'),
    raw: raw(8, 1, 23, 'af 01 2110'),
    message: [media('audio', 1, 23, 'af 01 2110')],
  },
  {
    name: 'video (7.1.5) whose time is the last before the extended field',
    chunkStreamId: 6,
    bytes: bytes('06 fffffe 000006 09 01000000 / 27 01 000000 00'),
    raw: raw(9, 1, 0xfffffe, '27 01 000000 00'),
    message: [media('video', 1, 0xfffffe, '27 01 000000 00')],
  },
  {
    name: 'video whose time is the first in the extended field (5.3.1.3)',
    chunkStreamId: 6,
    bytes: bytes('06 ffffff 000006 09 01000000 00ffffff / 27 01 000000 00'),
    raw: raw(9, 1, 0xffffff, '27 01 000000 00'),
    message: [media('video', 1, 0xffffff, '27 01 000000 00')],
  },
  {
    name: 'video at the end of the 32-bit clock',
    chunkStreamId: 6,
    bytes: bytes('06 ffffff 000006 09 01000000 ffffffff / 27 01 000000 00'),
    raw: raw(9, 1, 0xffffffff, '27 01 000000 00'),
    message: [media('video', 1, 0xffffffff, '27 01 000000 00')],
  },
  {
    name: 'video of no bytes',
    chunkStreamId: 6,
    bytes: bytes('06 000001 000000 09 01000000'),
    raw: raw(9, 1, 1, ''),
    message: [media('video', 1, 1, '')],
  },
  {
    name: 'video of exactly one chunk',
    chunkStreamId: 6,
    bytes: bytes('06 000028 000080 09 01000000 / 27 ab*127'),
    raw: raw(9, 1, 40, '27 ab*127'),
    message: [media('video', 1, 40, '27 ab*127')],
  },
  {
    name: 'video of one chunk and a byte',
    chunkStreamId: 6,
    bytes: bytes('06 000028 000081 09 01000000 / 27 ab*127 / c6 / cd'),
    raw: raw(9, 1, 40, '27 ab*127 cd'),
    message: [media('video', 1, 40, '27 ab*127 cd')],
  },
  {
    name: 'video of three chunks with the extended time repeated',
    chunkStreamId: 63,
    bytes: bytes(
      '3f ffffff 000102 09 02000000 01000000 / 17*128 / ff 01000000 / 27*128 / ff 01000000 / 3737',
    ),
    raw: raw(9, 2, 0x1000000, '17*128 27*128 3737'),
    message: [media('video', 2, 0x1000000, '17*128 27*128 3737')],
  },
  {
    name: 'onMetaData (7.1.2)',
    chunkStreamId: 8,
    bytes: bytes(
      "08 000000 00002a 12 01000000 / 02 000d '@setDataFrame' 02 000a 'onMetaData' 08 00000001 0001 'a' 01 01 000009",
    ),
    raw: raw(18, 1, 0, "02 000d '@setDataFrame' 02 000a 'onMetaData' 08 00000001 0001 'a' 01 01 000009"),
    message: [
      media('data', 1, 0, "02 000d '@setDataFrame' 02 000a 'onMetaData' 08 00000001 0001 'a' 01 01 000009"),
    ],
  },
];

/** Messages that we read and never write. */
export const rtmpMessageReadings: ReadonlyArray<Pick<RtmpMessageCase, 'name' | 'raw' | 'message'>> = [
  {
    name: 'AMF3 command: a byte of format, then AMF0 (7.1.1)',
    raw: raw(17, 1, 0, "00 02 0004 'play' 00 0000000000000000 05 02 0001 'a'"),
    message: [{ type: 'command', streamId: 1, name: 'play', transactionId: 0, args: [null, 'a'] }],
  },
  {
    name: 'AMF3 command with AMF3 in it',
    raw: raw(17, 1, 0, "00 02 0004 'play' 00 0000000000000000 11 01 11 06 03 'a' 11 04 ffffffff"),
    message: [{ type: 'command', streamId: 1, name: 'play', transactionId: 0, args: [null, 'a', -1] }],
  },
  {
    name: 'AMF3 data: the byte of format goes',
    raw: raw(15, 1, 7, "00 02 000a 'onTextData' 05"),
    message: [media('data', 1, 7, "02 000a 'onTextData' 05")],
  },
  {
    name: 'command without a transaction id',
    raw: raw(20, 0, 0, "02 0009 '_checkbw!'"),
    message: [{ type: 'command', streamId: 0, name: '_checkbw!', transactionId: 0, args: [] }],
  },
  {
    name: 'command whose transaction id is no number',
    raw: raw(20, 0, 0, "02 0004 'call' 05 01 01"),
    message: [{ type: 'command', streamId: 0, name: 'call', transactionId: 0, args: [true] }],
  },
  { name: 'type of no meaning', raw: raw(99, 0, 0, '01 02 03'), message: [{ type: 'ignored' }] },
  { name: 'shared object (7.1.3)', raw: raw(19, 0, 0, '00'), message: [{ type: 'ignored' }] },
  { name: 'Acknowledgement that is too short', raw: raw(3, 0, 0, '000001'), message: [] },
  { name: 'Window Acknowledgement Size that is too short', raw: raw(5, 0, 0, ''), message: [] },
  { name: 'user control that is too short', raw: raw(4, 0, 0, '0006 123456'), message: [] },
  {
    name: 'user control 31 of Flash players (no event of the specification)',
    raw: raw(4, 0, 0, '001f 00000001'),
    message: [{ type: 'user-control', event: 31, value: 1 }],
  },
  {
    name: 'aggregate (7.1.6): the first takes the time of the whole, the others follow',
    raw: raw(
      22,
      1,
      5_000,
      '08 000003 0003e8 00 000000 af01aa 0000000e / 09 000002 000410 00 000000 2701 0000000d / 08 000000 000400 00 000000 0000000b',
    ),
    message: [
      media('audio', 1, 5_000, 'af01aa'),
      media('video', 1, 5_040, '2701'),
      media('audio', 1, 5_024, ''),
    ],
  },
  {
    name: 'aggregate whose times are past 24 bits, and that wraps',
    raw: raw(
      22,
      1,
      0xfffffff0,
      '09 000001 fffff0 ff 000000 27 0000000c / 09 000001 000010 00 000000 28 0000000c',
    ),
    message: [media('video', 1, 0xfffffff0, '27'), media('video', 1, 0x10, '28')],
  },
  {
    name: 'aggregate without the last size field',
    raw: raw(22, 1, 10, '08 000001 000000 00 000000 af'),
    message: [media('audio', 1, 10, 'af')],
  },
  {
    name: 'aggregate in an aggregate: passed over',
    raw: raw(
      22,
      1,
      10,
      '16 000010 000000 00 000000 / 08 000001 000000 00 000000 dd 0000000c / 0000001b / 08 000001 000005 00 000000 af 0000000c',
    ),
    message: [media('audio', 1, 15, 'af')],
  },
  { name: 'aggregate of nothing', raw: raw(22, 1, 10, ''), message: [] },
];

/** Messages that end the connection of whoever sent them. */
export const rtmpMessagesRefused = [
  { name: 'command of nothing', raw: raw(20, 0, 0, ''), code: 'command' },
  { name: 'AMF3 command of nothing', raw: raw(17, 0, 0, ''), code: 'command' },
  { name: 'command whose name is a number', raw: raw(20, 0, 0, '00 3ff0000000000000'), code: 'command' },
  { name: 'AMF3 command of a marker that is none', raw: raw(17, 0, 0, '00 11 12'), code: 'amf-unsupported' },
  { name: 'command that ends inside a value', raw: raw(20, 0, 0, "02 0007 'conn'"), code: 'amf-malformed' },
  {
    name: 'command of more than 64 kB',
    raw: raw(20, 0, 0, '02 0001 61 0c 0000ffff 62*65535'),
    code: 'message-too-large',
  },
  { name: 'data of more than 64 kB', raw: raw(18, 1, 0, '00*65537'), code: 'message-too-large' },
  {
    name: 'aggregate that ends inside a tag',
    raw: raw(22, 1, 0, '08 000003 000000 00 000000 af01'),
    code: 'media-malformed',
  },
  {
    name: 'aggregate with a tag of 16 MB',
    raw: raw(22, 1, 0, '08 ffffff 000000 00 000000 af01'),
    code: 'media-malformed',
  },
] as const;
