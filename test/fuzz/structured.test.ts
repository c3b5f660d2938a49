/** Conversations that are well-formed down to their values, and senseless as a whole. */

import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { type AmfValue, decodeAmf0, encodeAmf0 } from '../../runtime/codec/amf0.ts';
import { encodeMessage } from '../../runtime/rtmp/chunk-writer.ts';
import { commandMessage } from '../../runtime/rtmp/message.ts';
import type { RawMessage } from '../../runtime/rtmp/wire.ts';
import { target as session } from './targets/session.ts';

const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 500), seed: Number(process.env.FUZZ_SEED ?? 1) };

const name = fc.constantFrom(
  'camera1',
  'camera1?key=key-of-camera1',
  'camera2?key=wrong',
  'live',
  'app',
  'tcUrl',
  '__proto__',
  '',
  'constructor',
);
const { value } = fc.letrec<{ value: AmfValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.double(),
    fc.boolean(),
    name,
    fc.string({ maxLength: 300 }),
    fc.constantFrom<AmfValue>(null, undefined),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(name, fc.string({ maxLength: 8 })), tie('value'), { maxKeys: 4 }),
  ),
}));

const commandName = fc.constantFrom(
  ...['connect', 'createStream', 'publish', 'play', 'play2', 'pause', 'seek', 'receiveAudio', 'receiveVideo'],
  ...['releaseStream', 'FCPublish', 'FCUnpublish', 'FCSubscribe', 'closeStream', 'deleteStream', '_checkbw'],
  ...['getStreamLength', '_result', '_error', 'onStatus', 'call', ''],
);
const streamId = fc.constantFrom(0, 1, 2, 8, 0xffffffff);
const command = fc
  .tuple(streamId, commandName, fc.double(), fc.array(value, { maxLength: 5 }))
  .map(([stream, word, transaction, values]) => commandMessage(stream, word, transaction, ...values));
const anything: fc.Arbitrary<RawMessage> = fc.record({
  typeId: fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 6, 8, 9, 15, 16, 17, 18, 19, 20, 22), fc.nat(255)),
  streamId,
  timestamp: fc.oneof(fc.constantFrom(0, 0xfffffe, 0xffffff, 0x7fffffff, 0xffffffff), fc.nat(100_000)),
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});
const conversation = fc.record({
  opening: fc.nat(255),
  cut: fc.nat(255),
  messages: fc.array(
    fc.tuple(
      fc.integer({ min: 2, max: 63 }),
      fc.oneof({ weight: 3, arbitrary: command }, { weight: 1, arbitrary: anything }),
    ),
    { maxLength: 12 },
  ),
});

describe('a session', () => {
  it('takes any conversation, and nobody else notices', () => {
    fc.assert(
      fc.property(conversation, ({ opening, cut, messages }) => {
        const chunks = messages.map(([chunkStreamId, message]) => encodeMessage(chunkStreamId, message, 128));
        session.run(Buffer.concat([Buffer.of(opening, cut), ...chunks]));
      }),
      RUNS,
    );
  });
});

describe('AMF0', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        const once = encodeAmf0(...values);
        const again = encodeAmf0(...decodeAmf0(once));
        if (!again.equals(once)) throw new Error(`${once.toString('hex')} became ${again.toString('hex')}`);
      }),
      RUNS,
    );
  });
});
