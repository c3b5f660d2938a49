import { describe, expect, it } from '@jest/globals';
import {
  commandMessage,
  controlMessage,
  decodeMessage,
  type Message,
  peerBandwidthMessage,
  userControlMessage,
} from '../../runtime/rtmp/message.ts';
import { MessageType, type RawMessage, UserControlEvent } from '../../runtime/rtmp/wire.ts';
import { bytes } from '../golden/bytes.ts';
import { codeOf } from '../golden/protocol-errors.ts';
import { rtmpMessageReadings, rtmpMessages, rtmpMessagesRefused } from '../golden/rtmp-messages.ts';

describe('decodeMessage', () => {
  it.each([...rtmpMessages, ...rtmpMessageReadings])('reads $name', ({ raw, message }) => {
    expect(decodeMessage(raw)).toEqual(message);
  });

  it.each(rtmpMessagesRefused)('refuses $name', ({ raw, code }) => {
    expect(codeOf(() => decodeMessage(raw))).toBe(code);
  });

  it('never reads past an aggregate that is cut', () => {
    const whole = bytes(
      '08 000003 000000 00 000000 af01aa 0000000e / 09 000002 000028 00 000000 2701 0000000d',
    );
    const complete = decodeMessage({
      typeId: MessageType.aggregate,
      streamId: 1,
      timestamp: 0,
      payload: whole,
    });
    const ends: number[] = [];
    for (let length = 0; length < whole.length; length += 1) {
      const raw = {
        typeId: MessageType.aggregate,
        streamId: 1,
        timestamp: 0,
        payload: whole.subarray(0, length),
      };
      if (codeOf(() => decodeMessage(raw)) === 'media-malformed') ends.push(length);
      else expect(complete.slice(0, decodeMessage(raw).length)).toEqual(decodeMessage(raw));
    }
    // Only inside a tag's body: a header that is cut brings nothing.
    expect(ends).toEqual([11, 12, 13, 29, 30]);
  });
});

describe('messages that we send', () => {
  const sendable = rtmpMessages.flatMap(({ name, raw, message: [message] }) => {
    const written = message === undefined ? null : write(message);
    return written === null ? [] : [{ name, raw, written }];
  });

  it.each(sendable)('$name', ({ raw, written }) => {
    expect(written).toEqual(raw);
  });

  it('cover commands and control', () => {
    expect(sendable.length).toBeGreaterThanOrEqual(7);
  });

  it('Set Buffer Length and Set Peer Bandwidth', () => {
    expect(userControlMessage(UserControlEvent.setBufferLength, 1, 1_000).payload).toEqual(
      bytes('0003 00000001 000003e8'),
    );
    expect(peerBandwidthMessage(2_500_000)).toEqual({
      typeId: 6,
      streamId: 0,
      timestamp: 0,
      payload: bytes('002625a0 02'),
    });
  });

  it('an Acknowledgement past 2 GB', () => {
    expect(controlMessage(MessageType.acknowledgement, 0xffffffff).payload).toEqual(bytes('ffffffff'));
  });
});

/** A decoded message through the builder that sends its kind; null where we send none. */
function write(message: Message): RawMessage | null {
  switch (message.type) {
    case 'command':
      return commandMessage(message.streamId, message.name, message.transactionId, ...message.args);
    case 'acknowledgement':
      return controlMessage(MessageType.acknowledgement, message.sequence);
    case 'window-ack-size':
      return controlMessage(MessageType.windowAckSize, message.bytes);
    case 'user-control': {
      const event = Object.values(UserControlEvent).find((known) => known === message.event);
      return event === undefined || event === UserControlEvent.setBufferLength
        ? null
        : userControlMessage(event, message.value);
    }
    default:
      return null;
  }
}
