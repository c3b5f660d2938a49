import { ProtocolError } from '../codec/protocol-error.ts';
import { DEFAULT_CHUNK_SIZE, EXTENDED_TIMESTAMP, MessageType, type RawMessage } from './wire.ts';

export interface ChunkLimits {
  /** Largest message that is accepted, in bytes. */
  maxMessageBytes: number;
  /** Largest sum of the messages that are under way at once, in bytes: what a peer can make us hold. */
  maxBufferedBytes: number;
  /** How many chunk streams a peer may use. Encoders use four or five. */
  maxChunkStreams: number;
}

/** Basic header (3) + message header (11) + extended timestamp (4), the longest there is (5.3.1). */
const MAX_HEADER_BYTES = 18;
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;
/** The first bit of a chunk size is 0. Sizes beyond that of the longest message mean the same as that (5.4.1). */
const MAX_CHUNK_SIZE = 0x7fffffff;

/** What the headers of one chunk stream said last: later headers leave out what has not changed (5.3.1.2). */
interface ChunkStream {
  timestamp: number;
  delta: number;
  /** The 24-bit field said 0xFFFFFF: the value stands behind the header, and may be repeated on type 3. */
  hasExtended: boolean;
  extended: number;
  length: number;
  typeId: number;
  streamId: number;
  /** The message under way and how much of it has come; null between messages. */
  payload: Buffer | null;
  received: number;
}

/**
 * Bytes to messages (RTMP 1.0, 5.3). Bytes may be cut anywhere. A message's payload is copied once, from the socket's
 * buffer into the message's own, which the receiver then owns. Set Chunk Size and Abort are obeyed here.
 */
export class ChunkReader {
  /** May be raised once a peer has shown its key. */
  readonly limits: ChunkLimits;
  private readonly onMessage: (message: RawMessage) => void;
  private readonly streams = new Map<number, ChunkStream>();
  private chunkSize = DEFAULT_CHUNK_SIZE;
  private bufferedBytes = 0;
  /** The chunk whose payload is being read, and how much of it is left. */
  private current: ChunkStream | null = null;
  private chunkBytesLeft = 0;
  /** The beginning of a header whose end has not come yet. */
  private readonly partial = Buffer.alloc(MAX_HEADER_BYTES);
  private partialBytes = 0;

  constructor(limits: ChunkLimits, onMessage: (message: RawMessage) => void) {
    this.limits = { ...limits };
    this.onMessage = onMessage;
  }

  /** What messages under way hold. */
  get heldBytes(): number {
    return this.bufferedBytes;
  }

  /** How many chunk streams are open. */
  get chunkStreamCount(): number {
    return this.streams.size;
  }

  /** Takes what a socket read. Throws ProtocolError where the peer must be closed. */
  push(data: Buffer): void {
    let position = 0;
    while (position < data.length) {
      position = this.current === null ? this.readHeader(data, position) : this.readPayload(data, position);
    }
  }

  private readHeader(data: Buffer, position: number): number {
    if (this.partialBytes === 0) {
      const used = this.parseHeader(data, position, data.length);
      if (used > 0) return position + used;
      data.copy(this.partial, 0, position);
      this.partialBytes = data.length - position;
      return data.length;
    }
    const before = this.partialBytes;
    const available = before + data.copy(this.partial, before, position);
    const used = this.parseHeader(this.partial, 0, available);
    if (used === 0) {
      this.partialBytes = available;
      return data.length;
    }
    this.partialBytes = 0;
    if (used >= before) return position + used - before;
    // What was held back for a repeated timestamp that does not stand there is payload.
    this.push(Buffer.from(this.partial.subarray(used, before)));
    return position;
  }

  /** Reads one chunk header. Returns its length, or 0 where its end has not come yet. */
  private parseHeader(data: Buffer, start: number, end: number): number {
    const first = data.readUInt8(start);
    const format = first >> 6;
    let id = first & 0x3f;
    let position = start + 1;
    // 5.3.1.1: 0 is followed by one byte of the id less 64, 1 by two, the low one first.
    const idBytes = id < 2 ? id + 1 : 0;
    if (end - position < idBytes) return 0;
    if (idBytes > 0) id = 64 + data.readUIntLE(position, idBytes);
    position += idBytes;
    const headerBytes = MESSAGE_HEADER_BYTES[format] ?? 0;
    if (end - position < headerBytes) return 0;
    const field = format === 3 ? 0 : data.readUIntBE(position, 3);
    const known = this.streams.get(id);
    const hasExtended = format === 3 ? known?.hasExtended === true : field === EXTENDED_TIMESTAMP;
    const extendedAt = position + headerBytes;
    // Adobe's software repeats the extended timestamp on type 3 chunks (5.3.1.3), some builds of librtmp do not:
    // what stands there tells. Payload that looks like the timestamp by chance is one in four thousand million.
    const extendedBytes =
      hasExtended && (format !== 3 || agrees(data, extendedAt, end, known?.extended ?? 0)) ? 4 : 0;
    if (end - extendedAt < extendedBytes) return 0;

    const stream = known ?? this.openStream(id);
    if (format === 3) {
      this.beginChunk(stream, false);
      return extendedAt + extendedBytes - start;
    }
    if (stream.payload !== null) this.dropPartialMessage(stream);
    const time = hasExtended ? data.readUInt32BE(extendedAt) : field;
    stream.hasExtended = hasExtended;
    stream.extended = time;
    if (format <= 1) {
      stream.length = data.readUIntBE(position + 3, 3);
      stream.typeId = data.readUInt8(position + 6);
    }
    if (format === 0) {
      stream.streamId = data.readUInt32LE(position + 7);
      stream.timestamp = time;
      // The specification lets a type 3 chunk after a type 0 add the whole timestamp again (5.3.1.2.4). librtmp
      // sends one there for a message of the same time, and no encoder is known to mean the other.
      stream.delta = 0;
    } else {
      stream.delta = time;
    }
    this.beginChunk(stream, format === 0);
    return extendedAt + extendedBytes - start;
  }

  private openStream(id: number): ChunkStream {
    if (this.streams.size >= this.limits.maxChunkStreams) {
      throw new ProtocolError(
        'too-many-chunk-streams',
        `more than ${this.limits.maxChunkStreams} chunk streams`,
      );
    }
    const stream: ChunkStream = {
      timestamp: 0,
      delta: 0,
      hasExtended: false,
      extended: 0,
      length: 0,
      typeId: 0,
      streamId: 0,
      payload: null,
      received: 0,
    };
    this.streams.set(id, stream);
    return stream;
  }

  private beginChunk(stream: ChunkStream, isAbsolute: boolean): void {
    if (stream.payload === null) {
      if (!isAbsolute) stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
      this.beginMessage(stream);
    }
    this.current = stream;
    this.chunkBytesLeft = Math.min(this.chunkSize, stream.length - stream.received);
    if (this.chunkBytesLeft === 0) this.endChunk(stream);
  }

  private beginMessage(stream: ChunkStream): void {
    const { maxMessageBytes, maxBufferedBytes } = this.limits;
    if (stream.length > maxMessageBytes) {
      throw new ProtocolError(
        'message-too-large',
        `message of ${stream.length} bytes, ${maxMessageBytes} allowed`,
      );
    }
    if (this.bufferedBytes + stream.length > maxBufferedBytes) {
      throw new ProtocolError(
        'too-many-buffered-bytes',
        `messages under way hold more than ${maxBufferedBytes} bytes`,
      );
    }
    this.bufferedBytes += stream.length;
    stream.payload = Buffer.allocUnsafe(stream.length);
    stream.received = 0;
  }

  private readPayload(data: Buffer, position: number): number {
    const stream = this.current;
    if (stream?.payload == null) throw new Error('a chunk is being read that belongs to no message');
    const end = Math.min(data.length, position + this.chunkBytesLeft);
    data.copy(stream.payload, stream.received, position, end);
    stream.received += end - position;
    this.chunkBytesLeft -= end - position;
    if (this.chunkBytesLeft === 0) this.endChunk(stream);
    return end;
  }

  private endChunk(stream: ChunkStream): void {
    this.current = null;
    const { payload } = stream;
    if (payload === null || stream.received < stream.length) return;
    stream.payload = null;
    this.bufferedBytes -= stream.length;
    if (stream.typeId === MessageType.setChunkSize) this.setChunkSize(payload);
    else if (stream.typeId === MessageType.abort) this.abort(payload);
    else {
      const { typeId, streamId, timestamp } = stream;
      this.onMessage({ typeId, streamId, timestamp, payload });
    }
  }

  private setChunkSize(payload: Buffer): void {
    const size = payload.length >= 4 ? payload.readUInt32BE(0) : 0;
    if (size < 1 || size > MAX_CHUNK_SIZE) {
      throw new ProtocolError('chunk-size', `chunk size ${size}, allowed are 1 to ${MAX_CHUNK_SIZE}`);
    }
    this.chunkSize = size;
  }

  /** 5.4.2: what has come of a message on the chunk stream named is dropped. */
  private abort(payload: Buffer): void {
    const stream = payload.length >= 4 ? this.streams.get(payload.readUInt32BE(0)) : undefined;
    if (stream !== undefined && stream.payload !== null) this.dropPartialMessage(stream);
  }

  private dropPartialMessage(stream: ChunkStream): void {
    this.bufferedBytes -= stream.length;
    stream.payload = null;
    stream.received = 0;
  }
}

/** Whether the bytes from `start` on are those of `value`, 32 bits, as far as they have come. */
function agrees(data: Buffer, start: number, end: number, value: number): boolean {
  for (let i = 0; i < 4 && start + i < end; i += 1) {
    if (data[start + i] !== ((value >>> (24 - 8 * i)) & 0xff)) return false;
  }
  return true;
}
