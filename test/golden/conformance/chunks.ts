import { encodeMessage } from '../../../runtime/rtmp/chunk-writer.ts';
import { videoMessage } from '../../rtmp/media-messages.ts';
import { bytes } from '../bytes.ts';
import { type ConformanceCase, opened, openedTo, publishedThen, publishing, wire } from './case.ts';

const VIDEO_27 = '27 01 000000 00';

/** How encoders cut what they say, and the messages of the protocol itself. */
export const chunkCases: readonly ConformanceCase[] = [
  {
    name: 'a window of 100 bytes, and frames',
    need: 'acknowledgements',
    client: 'Wirecast 7 (SRS #795), clients of lal (#257): they stop until they are acknowledged',
    bytes: publishing(
      '02 000000 000004 05 00000000 00000064',
      ...Array.from({ length: 5 }, (_, i) =>
        encodeMessage(4, videoMessage(40 * i, bytes('27 01 000000 11*80')), 128),
      ),
    ),
    message: publishedThen(...Array.from({ length: 5 }, (_, i) => `video ${40 * i} of 85 bytes`)),
    windowBytes: 100,
  },
  {
    name: 'acknowledgements of its own, and Set Peer Bandwidth',
    need: 'acknowledgements',
    client: 'librtmp, FFmpeg',
    bytes: publishing('02 000000 000004 03 00000000 fffffff0 / 02 000000 000005 06 00000000 002625a0 02'),
    message: publishedThen(),
  },
  {
    name: 'extended time, repeated on type 3',
    need: 'extended timestamps, repeated or not',
    client: 'Adobe, OBS, FFmpeg',
    bytes: publishing(
      '06 ffffff 000102 09 01000000 01000001 2701*64 / c6 01000001 22*128 / c6 01000001 3333',
      '04 000001 000004 08 01000000 af012110',
    ),
    message: publishedThen('video 16777217 of 258 bytes', 'audio 1 of 4 bytes'),
  },
  {
    name: 'extended time, not repeated on type 3',
    need: 'extended timestamps, repeated or not',
    client: 'some builds of librtmp',
    bytes: publishing(
      '06 ffffff 000102 09 01000000 01000001 2701*64 / c6 22*128 / c6 3333',
      '04 000001 000004 08 01000000 af012110',
    ),
    message: publishedThen('video 16777217 of 258 bytes', 'audio 1 of 4 bytes'),
  },
  {
    name: 'the 32-bit clock at its end',
    need: 'extended timestamps, repeated or not',
    client: 'any encoder, after 49.7 days',
    bytes: publishing(`06 ffffff 000006 09 01000000 fffffff0 ${VIDEO_27} / 86 000020 ${VIDEO_27}`),
    message: publishedThen('video 4294967280 of 6 bytes', 'video 16 of 6 bytes'),
  },
  {
    name: 'a chunk stream that begins with type 1: a ping response',
    need: 'chunk streams that begin with type 1, 2 or 3',
    client: 'librtmp',
    bytes: wire('42 000000 000006 04 0007 00000001', opened('master')),
    message: openedTo('master'),
  },
  {
    name: 'media whose chunk stream begins with type 1, and so names no message stream',
    need: 'chunk streams that begin with type 1, 2 or 3',
    client: 'encoders on librtmp',
    bytes: publishing(`46 000005 000006 09 ${VIDEO_27} / c6 ${VIDEO_27} / 86 000007 ${VIDEO_27}`),
    message: publishedThen('video 5 of 6 bytes', 'video 10 of 6 bytes', 'video 17 of 6 bytes'),
  },
  {
    name: 'chunk streams that begin with type 2 and type 3: messages of nothing',
    need: 'chunk streams that begin with type 1, 2 or 3',
    client: 'Flash Media Live Encoder, librtmp',
    bytes: publishing(`86 000005 / c7 / 06 000001 000006 09 01000000 ${VIDEO_27}`),
    message: publishedThen('video 1 of 6 bytes'),
  },
  {
    name: 'type 3 for a message of the same time as the one before',
    need: 'chunk streams that begin with type 1, 2 or 3',
    client: 'librtmp',
    bytes: publishing(`06 000028 000006 09 01000000 ${VIDEO_27} / c6 ${VIDEO_27}`),
    message: publishedThen('video 40 of 6 bytes', 'video 40 of 6 bytes'),
  },
  {
    name: 'chunk stream ids of two and of three bytes',
    need: 'chunk stream ids of two and three bytes',
    client: 'no encoder by name: the specification (5.3.1.1)',
    bytes: publishing(
      `00 00 000001 000006 09 01000000 ${VIDEO_27} / 01 0001 000002 000006 09 01000000 ${VIDEO_27}`,
      `40 ff 000001 000006 09 ${VIDEO_27} / c1 0001 ${VIDEO_27}`,
    ),
    message: publishedThen(...[1, 2, 1, 2].map((time) => `video ${time} of 6 bytes`)),
  },
  {
    name: 'Set Chunk Size, a ping and a window, on chunk and message streams of its own choice',
    need: 'control messages on any chunk stream',
    client: 'clients of mediamtx',
    bytes: publishing(
      '05 000000 000004 01 01000000 00000100 / 06 000000 000006 04 01000000 0006 deadbeef',
      '06 000001 000082 09 01000000 2701*65',
    ),
    message: publishedThen('◀ user control 7 for 3735928559', 'video 1 of 130 bytes'),
  },
  {
    name: 'chunks of 100,000 bytes',
    need: 'chunk sizes that are not 0',
    client: 'clients of SRS (#160, #541)',
    bytes: publishing('02 000000 000004 01 00000000 000186a0 / 06 000001 0000c8 09 01000000 2701*100'),
    message: publishedThen('video 1 of 200 bytes'),
  },
  {
    name: 'chunks of 0 bytes',
    need: 'chunk sizes that are not 0',
    client: 'an attacker: servers have looped for ever',
    bytes: publishing('02 000000 000004 01 00000000 00000000'),
    message: publishedThen(
      'end: chunk-size: chunk size 0, allowed are 1 to 2147483647',
      'closed: chunk-size: chunk size 0, allowed are 1 to 2147483647',
    ),
  },
  {
    name: 'Abort in mid-message',
    need: 'abort',
    client: 'no encoder by name: the specification (5.4.2)',
    bytes: publishing(
      `06 000001 000081 09 01000000 11*128 / 02 000000 000004 02 00000000 00000006`,
      `06 000002 000006 09 01000000 ${VIDEO_27}`,
    ),
    message: publishedThen('video 2 of 6 bytes'),
  },
  {
    name: 'an aggregate of sound and pictures',
    need: 'aggregates, rebased',
    client: 'Flash Media Server as a source (SRS #424)',
    bytes: publishing(
      '06 0003e8 000028 16 01000000',
      '08 000004 000100 00 000000 af012110 0000000f / 09 000006 000128 00 000000 270100000041 00000011',
    ),
    message: publishedThen('audio 1000 of 4 bytes', 'video 1040 of 6 bytes'),
  },
];
