import { encodeMetadata } from '../codec/data-message.ts';
import type { ToldHealth } from '../input/health.ts';
import type { RelayMark } from '../input/input.ts';
import type { Headers, InputPacket } from '../input/input-packet.ts';
import type { CodecConfig, Metadata } from '../media/packet.ts';
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
    const { track, timestamp, payload } = packet;
    this.messages.push({ track, timestamp, payload });
  }

  header({ track, payload }: CodecConfig): void {
    this.messages.push({ track, timestamp: 0, payload });
  }

  headers({ video, audio }: Headers): void {
    if (video !== null) this.header(video);
    if (audio !== null) this.header(audio);
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
