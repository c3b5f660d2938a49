import { AmfDate, encodeAmf0 } from '../../../runtime/codec/amf0.ts';
import { encodeMessage } from '../../../runtime/rtmp/chunk-writer.ts';
import { AUDIO_HEADER, audioMessage, onMetaData, SOUND, setDataFrame } from '../../rtmp/media-messages.ts';
import { bytes } from '../bytes.ts';
import {
  type ConformanceCase,
  command,
  connectedTo,
  opened,
  openedTo,
  PUBLISHED,
  publishedThen,
  publishing,
  wire,
} from './case.ts';

/** A data message of AMF0, or of AMF3 with its byte of format. */
function data(typeId: 15 | 18, payload: Buffer): Buffer {
  return encodeMessage(5, { typeId, streamId: 1, timestamp: 7, payload }, 128);
}

/** What commands, data and media hold. */
export const valueCases: readonly ConformanceCase[] = [
  {
    name: 'onMetaData with @setDataFrame and without it, as an array and as an object',
    need: 'metadata in any form',
    client: 'OBS and FFmpeg with it, clients on librtmp without',
    bytes: publishing(
      encodeMessage(4, setDataFrame({ a: 1 }), 128),
      encodeMessage(4, onMetaData({ a: 2 }), 128),
      data(18, encodeAmf0('@setDataFrame', 'onMetaData', { a: 3 })),
      data(18, encodeAmf0('onMetaData', null)),
    ),
    message: publishedThen('metadata {"a":1}', 'metadata {"a":2}', 'metadata {"a":3}'),
  },
  {
    name: 'metadata of all that AMF0 has',
    need: 'AMF0 whole',
    client:
      'clients of mediamtx and lal (strict arrays, long strings, dates); Flash Player (references, classes)',
    bytes: publishing(
      data(
        18,
        wire(
          encodeAmf0('onMetaData'),
          "08 ffffffff / 0001 'n' 00 3ff8000000000000 / 0001 'b' 01 01 / 0001 's' 02 0001 'x' / 0001 'l' 0c 00000001 'y'",
          "0001 'o' 03 0001 'k' 05 000009 / 0001 'r' 07 0001 / 0001 't' 10 0001 'C' 000009 / 0001 'a' 0a 00000001 01 00",
          "0001 'd' 0b 0000000000000000 0000 / 0001 'u' 06 / 0001 'v' 0d / 0001 'x' 0f 00000001 'z' / 000009",
        ),
      ),
    ),
    message: publishedThen(
      `metadata ${JSON.stringify({ n: 1.5, b: true, s: 'x', l: 'y', o: { k: null }, r: { k: null }, t: {}, a: [false], d: new AmfDate(0), x: 'z' })}`,
    ),
  },
  {
    name: 'fourCcList in connect, a strict array',
    need: 'AMF0 whole',
    client: 'RootEncoder (mediamtx #3188)',
    bytes: wire(command(0, 'connect', 1, { app: 'master', fourCcList: ['hvc1', 'av01'] })),
    message: connectedTo('master'),
  },
  {
    name: 'commands and metadata of AMF3',
    need: 'AMF3',
    client: 'Flash Player (objectEncoding 3)',
    bytes: wire(
      amf3(
        17,
        0,
        "02 0007 'connect' 00 3ff0000000000000 / 11 0a 0b 01 07 'app' 06 0d 'master' 1d 'objectEncoding' 04 03 01",
      ),
      amf3(17, 0, "02 000c 'createStream' 00 4000000000000000 05"),
      amf3(17, 1, "02 0007 'publish' 00 4008000000000000 05 / 11 06 0f 'camera1' / 11 06 09 'live'"),
      amf3(15, 1, "02 000a 'onMetaData' / 11 09 01 0b 'width' 04 8500 01"),
      amf3(15, 1, "02 000a 'onTextData' / 11 0a 0b 01 09 'text' 06 05 'hi' 01"),
    ),
    message: [
      ...connectedTo('master', 3),
      '◀ _result 2 1',
      ...PUBLISHED,
      'metadata {"width":640}',
      'data onTextData {"text":"hi"} 0',
    ],
  },
  {
    name: 'shared objects, of AMF0 and AMF3',
    need: 'shared objects',
    client: 'Flash Player',
    bytes: publishing('03 000000 000003 13 00000000 000161 / 03 000000 000004 10 00000000 00000161'),
    message: publishedThen(),
  },
  {
    name: 'AAC of no bytes, and headers that come late and again',
    need: 'empty AAC, headers late or again',
    client: 'DJI; encoders whose microphone is muted',
    bytes: publishing(
      '04 000000 000002 08 01000000 af01',
      encodeMessage(4, audioMessage(20, SOUND), 128),
      encodeMessage(4, audioMessage(40, AUDIO_HEADER), 128),
      encodeMessage(4, audioMessage(60, AUDIO_HEADER), 128),
    ),
    message: publishedThen('audio 20 of 4 bytes', 'audio header 40 of 4 bytes', 'audio header 60 of 4 bytes'),
  },
  {
    name: 'a ping and its answer, an event of no meaning, and the events 31 and 32',
    need: 'ping, buffer length, unknown events',
    client: 'Flash Player, clients of mediamtx',
    bytes: wire(
      opened('live'),
      '02 000000 000006 04 00000000 0006 00000005 / 02 000000 000006 04 00000000 0007 00000005',
      '02 000000 000006 04 00000000 001f 00000001 / 02 000000 000006 04 00000000 0020 00000001',
      '02 000000 000003 04 00000000 000600',
    ),
    message: [...openedTo('live'), '◀ user control 7 for 5'],
  },
];

/** A message of AMF3: a byte of format, and AMF0 with AMF3 in it. */
function amf3(typeId: 15 | 17, streamId: number, text: string): Buffer {
  return encodeMessage(3, { typeId, streamId, timestamp: 0, payload: bytes(`00 ${text}`) }, 128);
}
