import { type AmfObject, type AmfValue, decodeAmf0, encodeAmf0 } from '../codec/amf0.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import { MessageType, type RawMessage, type UserControlEvent } from './wire.ts';

/** Messages as the sessions see them. Media stays raw: `codec/media-header.ts` reads it. */
export type Message =
  | { readonly type: 'acknowledgement'; readonly sequence: number }
  | { readonly type: 'window-ack-size'; readonly bytes: number }
  | { readonly type: 'user-control'; readonly event: number; readonly value: number }
  | Command
  | {
      readonly type: 'audio' | 'video';
      readonly streamId: number;
      readonly timestamp: number;
      readonly payload: Buffer;
    }
  | { readonly type: 'data'; readonly streamId: number; readonly timestamp: number; readonly payload: Buffer }
  | { readonly type: 'ignored' };

/** A NetConnection or NetStream command (7.2). `args` holds everything behind the transaction id. */
export interface Command {
  readonly type: 'command';
  readonly streamId: number;
  readonly name: string;
  readonly transactionId: number;
  readonly args: readonly AmfValue[];
}

/** An AMF0 command or its values in one message may take this much; real ones take a few hundred bytes. */
const MAX_COMMAND_BYTES = 64 * 1024;

/** Decodes a message; aggregates (7.1.6) become several. Throws ProtocolError. */
export function decodeMessage(raw: RawMessage): Message[] {
  const { payload, streamId, timestamp } = raw;
  switch (raw.typeId) {
    case MessageType.audio:
      return [{ type: 'audio', streamId, timestamp, payload }];
    case MessageType.video:
      return [{ type: 'video', streamId, timestamp, payload }];
    case MessageType.dataAmf0:
      return [{ type: 'data', streamId, timestamp, payload: bounded(payload) }];
    case MessageType.dataAmf3:
      return [{ type: 'data', streamId, timestamp, payload: bounded(payload).subarray(1) }];
    case MessageType.commandAmf0:
      return [decodeCommand(streamId, bounded(payload))];
    case MessageType.commandAmf3:
      // One byte of format, 0, and then AMF0 after all, in which values may be AMF3 (what every client sends).
      return [decodeCommand(streamId, bounded(payload).subarray(1))];
    case MessageType.aggregate:
      return splitAggregate(raw).flatMap(decodeMessage);
    case MessageType.acknowledgement:
      return payload.length < 4 ? [] : [{ type: 'acknowledgement', sequence: payload.readUInt32BE(0) }];
    case MessageType.windowAckSize:
      return payload.length < 4 ? [] : [{ type: 'window-ack-size', bytes: payload.readUInt32BE(0) }];
    case MessageType.userControl:
      return payload.length < 6
        ? []
        : [{ type: 'user-control', event: payload.readUInt16BE(0), value: payload.readUInt32BE(2) }];
    default:
      return [{ type: 'ignored' }];
  }
}

function bounded(payload: Buffer): Buffer {
  if (payload.length > MAX_COMMAND_BYTES) {
    throw new ProtocolError(
      'message-too-large',
      `command or data of ${payload.length} bytes, ${MAX_COMMAND_BYTES} allowed`,
    );
  }
  return payload;
}

function decodeCommand(streamId: number, payload: Buffer): Command {
  const [name, transactionId, ...args] = decodeAmf0(payload);
  if (typeof name !== 'string') throw new ProtocolError('command', 'a command without a name');
  return {
    type: 'command',
    streamId,
    name,
    transactionId: typeof transactionId === 'number' ? transactionId : 0,
    args,
  };
}

/** 7.1.6: FLV tags in a row. Their times are rebased so that the first takes the aggregate's own. */
function splitAggregate(raw: RawMessage): RawMessage[] {
  const { payload } = raw;
  const messages: RawMessage[] = [];
  let base: number | null = null;
  for (let position = 0; position + 11 <= payload.length; ) {
    const typeId = payload.readUInt8(position);
    const length = payload.readUIntBE(position + 1, 3);
    const time = payload.readUIntBE(position + 4, 3) | (payload.readUInt8(position + 7) << 24);
    const start = position + 11;
    if (start + length > payload.length) {
      throw new ProtocolError('media-malformed', 'an aggregate message ends inside a tag');
    }
    base ??= time;
    if (typeId !== MessageType.aggregate) {
      messages.push({
        typeId,
        streamId: raw.streamId,
        timestamp: (raw.timestamp + time - base) >>> 0,
        payload: payload.subarray(start, start + length),
      });
    }
    position = start + length + 4;
  }
  return messages;
}

export function commandMessage(
  streamId: number,
  name: string,
  transactionId: number,
  ...args: readonly AmfValue[]
): RawMessage {
  return {
    typeId: MessageType.commandAmf0,
    streamId,
    timestamp: 0,
    payload: encodeAmf0(name, transactionId, ...args),
  };
}

/** The information object of an onStatus (7.2.2), its fields in the order in which Wirecast wants them. */
export function statusInfo(level: 'status' | 'error', code: string, description: string): AmfObject {
  return { level, code, description };
}

/** Set Chunk Size, Acknowledgement or Window Acknowledgement Size (5.4). */
export function controlMessage(typeId: number, value: number): RawMessage {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value >>> 0, 0);
  return { typeId, streamId: 0, timestamp: 0, payload };
}

/** 5.4.5, with the limit type "dynamic". */
export function peerBandwidthMessage(bytes: number): RawMessage {
  const payload = Buffer.alloc(5);
  payload.writeUInt32BE(bytes, 0);
  payload.writeUInt8(2, 4);
  return { typeId: MessageType.setPeerBandwidth, streamId: 0, timestamp: 0, payload };
}

/** 7.1.7. `bufferMs` only for Set Buffer Length. */
export function userControlMessage(
  event: (typeof UserControlEvent)[keyof typeof UserControlEvent],
  value: number,
  bufferMs?: number,
): RawMessage {
  const payload = Buffer.alloc(bufferMs === undefined ? 6 : 10);
  payload.writeUInt16BE(event, 0);
  payload.writeUInt32BE(value, 2);
  if (bufferMs !== undefined) payload.writeUInt32BE(bufferMs, 6);
  return { typeId: MessageType.userControl, streamId: 0, timestamp: 0, payload };
}
