import { encodeMetadata, encodeSpliceCuePoint } from '../codec/data-message.ts';
import { FLV_TAG_OVERHEAD, FlvTagType, writeFlvTag } from '../codec/flv-writer.ts';
import { wrapTimestamp } from '../media/timestamp.ts';
import type { ProgramPacket } from '../program/program-packet.ts';
import { chunkedLength, messageHeaderBytes, OUT_CHUNK_SIZE, writeMessage } from '../rtmp/chunk-writer.ts';
import { ChunkStreamId, MessageType } from '../rtmp/wire.ts';

/** How a program's packets look on one kind of connection. All its viewers share the bytes. */
export interface PacketFormat {
  /** Serialises packets into one buffer. `startTime`: the program time that goes out as timestamp 0. */
  encode(packets: readonly ProgramPacket[], startTime: number): Buffer;
}

interface WireItem {
  readonly packet: ProgramPacket;
  readonly timestamp: number;
  readonly body: Buffer;
}

/** FLV tags, for HTTP-FLV and WebSocket-FLV. */
export const flvFormat: PacketFormat = {
  encode: (packets, startTime) => {
    const items = packets.map((packet) => wireItem(packet, startTime));
    const bytes = Buffer.allocUnsafe(
      items.reduce((sum, { body }) => sum + FLV_TAG_OVERHEAD + body.length, 0),
    );
    let position = 0;
    for (const { packet, timestamp, body } of items) {
      const bodyAt = writeFlvTag(bytes, position, TAG_TYPES[typeOf(packet)], timestamp, body);
      writeCts(bytes, bodyAt, packet);
      position += FLV_TAG_OVERHEAD + body.length;
    }
    return bytes;
  },
};

/** RTMP chunks for viewers that play on the message stream `streamId`. */
export function rtmpFormat(streamId: number): PacketFormat {
  return {
    encode: (packets, startTime) => {
      const items = packets.map((packet) => wireItem(packet, startTime));
      const bytes = Buffer.allocUnsafe(
        items.reduce(
          (sum, { body, timestamp }) => sum + chunkedLength(body.length, timestamp, OUT_CHUNK_SIZE),
          0,
        ),
      );
      let position = 0;
      for (const { packet, timestamp, body } of items) {
        const type = typeOf(packet);
        const message = { typeId: MESSAGE_TYPES[type], streamId, timestamp, payload: body };
        const end = writeMessage(bytes, position, ChunkStreamId[type], message, OUT_CHUNK_SIZE);
        writeCts(bytes, position + messageHeaderBytes(timestamp), packet);
        position = end;
      }
      return bytes;
    },
  };
}

const TAG_TYPES = { audio: FlvTagType.audio, video: FlvTagType.video, data: FlvTagType.script };
const MESSAGE_TYPES = {
  audio: MessageType.audio,
  video: MessageType.video,
  data: MessageType.dataAmf0,
};

function typeOf(packet: ProgramPacket): 'audio' | 'video' | 'data' {
  return packet.kind === 'frame' || packet.kind === 'header' ? packet.track : 'data';
}

function wireItem(packet: ProgramPacket, startTime: number): WireItem {
  const body = bodyOf(packet, startTime);
  // At any other time, FFmpeg, and VLC with it, take these for the text of a subtitle track.
  const isTimeless = packet.kind === 'metadata' || packet.kind === 'splice';
  return { packet, timestamp: isTimeless ? 0 : wrapTimestamp(packet.time - startTime), body };
}

function bodyOf(packet: ProgramPacket, startTime: number): Buffer {
  switch (packet.kind) {
    case 'frame':
    case 'data':
      return packet.payload;
    case 'header':
      return packet.config.payload;
    case 'metadata':
      return encodeMetadata(packet.metadata);
    case 'splice':
      return encodeSpliceCuePoint(packet.source, packet.time, startTime);
  }
}

/** Puts the program's CTS over the encoder's, in our copy of the bytes: the payload itself is shared. */
function writeCts(bytes: Buffer, bodyAt: number, packet: ProgramPacket): void {
  if (packet.kind !== 'frame' || packet.ctsOffset === -1) return;
  // The CTS stands in the first 8 bytes of the body, which the first chunk always holds.
  bytes.writeIntBE(packet.cts, bodyAt + packet.ctsOffset, 3);
}
