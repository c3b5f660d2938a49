import { encodeMetadata, encodeSpliceCuePoint } from '../codec/data-message.ts';
import { FLV_TAG_OVERHEAD, FlvTagType, writeFlvTag } from '../codec/flv-writer.ts';
import { type Extensions, messageBody, NO_EXTENSIONS } from '../codec/media-message.ts';
import { withParameterSets } from '../media/parameter-sets.ts';
import { wrapTimestamp } from '../media/timestamp.ts';
import type { ProgramPacket } from '../program/program-packet.ts';
import { chunkedLength, messageHeaderBytes, OUT_CHUNK_SIZE, writeMessage } from '../rtmp/chunk-writer.ts';
import { ChunkStreamId, MessageType } from '../rtmp/wire.ts';

/** How a program's packets look on one kind of connection. All its viewers share the bytes. */
export interface PacketFormat {
  /** The format that writes the same bytes where no packet needs an extension; undefined for those themselves. */
  readonly plain?: PacketFormat;
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
    const items = wireItems(packets.map(withConfig), startTime, NO_EXTENSIONS);
    const bytes = Buffer.allocUnsafe(
      items.reduce((sum, { body }) => sum + FLV_TAG_OVERHEAD + body.length, 0),
    );
    let position = 0;
    for (const { packet, timestamp, body } of items) {
      const bodyAt = writeFlvTag(bytes, position, TAG_TYPES[typeOf(packet)], timestamp, body);
      writeCts(bytes, bodyAt, packet, body);
      position += FLV_TAG_OVERHEAD + body.length;
    }
    return bytes;
  },
};

/** RTMP chunks for viewers that play on the message stream `streamId`, and can take `extensions` of the protocol. */
export function rtmpFormat(streamId: number, extensions = NO_EXTENSIONS, plain?: PacketFormat): PacketFormat {
  return {
    ...(plain && { plain }),
    encode: (packets, startTime) => {
      const items = wireItems(packets, startTime, extensions);
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
        writeCts(bytes, position + messageHeaderBytes(timestamp), packet, body);
        position = end;
      }
      return bytes;
    },
  };
}

/** A format for some of the tracks, by which; made when the first viewer asks, and shared by all who ask for the same. */
const partialFormats = new WeakMap<PacketFormat, Map<string, PacketFormat>>();

/** The same for viewers that have turned tracks off; data and metadata stay. */
export function onlyTracks(
  format: PacketFormat,
  tracks: { readonly video: boolean; readonly audio: boolean },
): PacketFormat {
  if (tracks.video && tracks.audio) return format;
  const formats = partialFormats.get(format) ?? new Map<string, PacketFormat>();
  partialFormats.set(format, formats);
  const name = tracks.video ? 'video' : tracks.audio ? 'audio' : 'data';
  const known = formats.get(name);
  if (known !== undefined) return known;
  const isWanted = (packet: ProgramPacket): boolean => {
    const type = typeOf(packet);
    return type === 'data' || tracks[type];
  };
  const partial: PacketFormat = {
    encode: (packets, startTime) => format.encode(packets.filter(isWanted), startTime),
  };
  formats.set(name, partial);
  return partial;
}

const TAG_TYPES = { audio: FlvTagType.audio, video: FlvTagType.video, data: FlvTagType.script };
const MESSAGE_TYPES = {
  audio: MessageType.audio,
  video: MessageType.video,
  data: MessageType.dataAmf0,
};

function typeOf(packet: ProgramPacket): 'audio' | 'video' | 'data' {
  if (packet.kind === 'extra') return packet.extra.medium;
  return packet.kind === 'frame' || packet.kind === 'header' ? packet.track : 'data';
}

function wireItems(
  packets: readonly ProgramPacket[],
  startTime: number,
  extensions: Extensions,
): readonly WireItem[] {
  const items: WireItem[] = [];
  for (const packet of packets) {
    const body = bodyOf(packet, startTime, extensions);
    if (body === null) continue;
    // At any other time, FFmpeg, and VLC with it, take these for the text of a subtitle track.
    const isTimeless = packet.kind === 'metadata' || packet.kind === 'splice';
    items.push({ packet, timestamp: isTimeless ? 0 : wrapTimestamp(packet.time - startTime), body });
  }
  return items;
}

/**
 * A keyframe with its parameter sets in-band. mpegts.js hands over the last pictures of a source behind the next one's header,
 * and a keyframe among them could not be decoded: Chromium then plays nothing more.
 */
function withConfig(packet: ProgramPacket): ProgramPacket {
  if (packet.kind !== 'frame' || packet.config === undefined) return packet;
  return { ...packet, payload: withParameterSets(packet, packet.config) };
}

/** Null for what these viewers do not get. */
function bodyOf(packet: ProgramPacket, startTime: number, extensions: Extensions): Buffer | null {
  switch (packet.kind) {
    case 'frame':
      if (packet.modEx === undefined) return packet.payload;
      return messageBody({ ...packet, medium: packet.track }, extensions);
    case 'extra':
      return messageBody({ ...packet, medium: packet.extra.medium }, extensions);
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
function writeCts(bytes: Buffer, bodyAt: number, packet: ProgramPacket, body: Buffer): void {
  if ((packet.kind !== 'frame' && packet.kind !== 'extra') || packet.ctsOffset === -1) return;
  // What stands in front of the payload's own body moves the CTS. The first chunk always holds it: it is near the start.
  const shift = body.length - packet.payload.length;
  bytes.writeIntBE(packet.cts, bodyAt + shift + packet.ctsOffset, 3);
}
