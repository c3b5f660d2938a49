import { encodeMetadata } from '../codec/data-message.ts';
import { wholeBody } from '../codec/media-message.ts';
import type { ToldHealth } from '../input/health.ts';
import type { RelayMark } from '../input/input.ts';
import type { Headers, InputPacket } from '../input/input-packet.ts';
import { type CodecConfig, type MediaPacket, type Metadata, messageKind } from '../media/packet.ts';
import { chunkedLength, OUT_CHUNK_SIZE, writeMessage } from '../rtmp/chunk-writer.ts';
import { ChunkStreamId, MessageType } from '../rtmp/wire.ts';
import { encodeHealth, encodeMark } from './relay-message.ts';

const TYPE_IDS = { video: MessageType.video, audio: MessageType.audio, data: MessageType.dataAmf0 };

interface RelayMessage {
  readonly track: 'video' | 'audio' | 'data';
  readonly timestamp: number;
  readonly payload: Buffer;
}

/** Messages of a relay that go out together. Serialised once, however many hosts take them. */
export class RelayBatch {
  private readonly messages: RelayMessage[] = [];
  private readonly encoded = new Map<number, Buffer>();

  get isEmpty(): boolean {
    return this.messages.length === 0;
  }

  packet({ packet }: InputPacket): void {
    this.media(packet, packet.timestamp);
  }

  headers({ video, audio, extras }: Headers): void {
    if (video !== null) this.header(video);
    if (audio !== null) this.header(audio);
    for (const packet of extras) this.media(packet, 0);
  }

  metadata(metadata: Metadata): void {
    this.data(encodeMetadata(metadata));
  }

  mark(mark: RelayMark): void {
    this.data(encodeMark(mark));
  }

  health(told: ToldHealth): void {
    this.data(encodeHealth(told));
  }

  /** RTMP chunks for a message stream. Nearly all are on the first of their connection, and share the bytes. */
  bytes(streamId: number): Buffer {
    let bytes = this.encoded.get(streamId);
    if (bytes === undefined) {
      bytes = this.encode(streamId);
      this.encoded.set(streamId, bytes);
    }
    return bytes;
  }

  /** A codec without sequence headers has none to send. */
  private header({ track, payload }: CodecConfig): void {
    if (payload.length > 0) this.messages.push({ track, timestamp: 0, payload });
  }

  private media(packet: MediaPacket, timestamp: number): void {
    this.messages.push({ track: messageKind(packet), timestamp, payload: wholeBody(packet) });
  }

  private data(payload: Buffer): void {
    this.messages.push({ track: 'data', timestamp: 0, payload });
  }

  private encode(streamId: number): Buffer {
    let length = 0;
    for (const { payload, timestamp } of this.messages) {
      length += chunkedLength(payload.length, timestamp, OUT_CHUNK_SIZE);
    }
    const bytes = Buffer.allocUnsafe(length);
    let position = 0;
    for (const { track, timestamp, payload } of this.messages) {
      const message = { typeId: TYPE_IDS[track], streamId, timestamp, payload };
      position = writeMessage(bytes, position, ChunkStreamId[track], message, OUT_CHUNK_SIZE);
    }
    return bytes;
  }
}
