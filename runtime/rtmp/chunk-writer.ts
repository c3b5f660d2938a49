import { EXTENDED_TIMESTAMP, type RawMessage } from './wire.ts';

/** Basic header of one byte and a message header of type 0. */
const FULL_HEADER_BYTES = 12;

/**
 * What we announce and write. Large, because each chunk costs a header and players an iteration; below 65,536, which
 * some players refuse to go beyond.
 */
export const OUT_CHUNK_SIZE = 60_000;

/** Bytes from the start of a message on the wire to the first byte of its payload. */
export function messageHeaderBytes(timestamp: number): number {
  return FULL_HEADER_BYTES + (timestamp >= EXTENDED_TIMESTAMP ? 4 : 0);
}

/** Bytes that `writeMessage` writes. */
export function chunkedLength(payloadLength: number, timestamp: number, chunkSize: number): number {
  const continuations = Math.max(0, Math.ceil(payloadLength / chunkSize) - 1);
  const continuationBytes = timestamp >= EXTENDED_TIMESTAMP ? 5 : 1;
  return messageHeaderBytes(timestamp) + payloadLength + continuations * continuationBytes;
}

/**
 * Writes a message as chunks: a type 0 header, so that it stands on its own wherever a viewer joins or skips to, then
 * type 3 (RTMP 1.0, 5.3.1.2), with the extended timestamp repeated. `chunkStreamId` is 2 to 63. Returns where it ended.
 */
export function writeMessage(
  target: Buffer,
  start: number,
  chunkStreamId: number,
  message: RawMessage,
  chunkSize: number,
): number {
  const { payload, timestamp } = message;
  const isExtended = timestamp >= EXTENDED_TIMESTAMP;
  let position = target.writeUInt8(chunkStreamId, start);
  position = target.writeUIntBE(isExtended ? EXTENDED_TIMESTAMP : timestamp, position, 3);
  position = target.writeUIntBE(payload.length, position, 3);
  position = target.writeUInt8(message.typeId, position);
  position = target.writeUInt32LE(message.streamId, position);
  if (isExtended) position = target.writeUInt32BE(timestamp, position);
  let sent = payload.copy(target, position, 0, Math.min(chunkSize, payload.length));
  position += sent;
  while (sent < payload.length) {
    position = target.writeUInt8(0xc0 | chunkStreamId, position);
    if (isExtended) position = target.writeUInt32BE(timestamp, position);
    const count = payload.copy(target, position, sent, Math.min(sent + chunkSize, payload.length));
    position += count;
    sent += count;
  }
  return position;
}

/** One message as a buffer of its own. */
export function encodeMessage(chunkStreamId: number, message: RawMessage, chunkSize: number): Buffer {
  const bytes = Buffer.allocUnsafe(chunkedLength(message.payload.length, message.timestamp, chunkSize));
  writeMessage(bytes, 0, chunkStreamId, message, chunkSize);
  return bytes;
}
