import { type MediaPacket, messageKind } from '../media/packet.ts';
import { readExMessage, writeExMessage } from './ex-header.ts';
import { asExtra, isExMessage, parseAudio, parseVideo } from './media-header.ts';

/** What the other end can take beyond plain messages of the default tracks (E-RTMP v2, "Enhancing NetConnection connect"). */
export interface Extensions {
  /** Tracks with an id. */
  readonly multitrack: boolean;
  /** Modifiers of packets: nanoseconds of their timestamps. */
  readonly modEx: boolean;
  /** Metadata (HDR) and MultichannelConfig. */
  readonly metadata: boolean;
}

export const NO_EXTENSIONS: Extensions = { multitrack: false, modEx: false, metadata: false };
export const ALL_EXTENSIONS: Extensions = { multitrack: true, modEx: true, metadata: true };

/**
 * The packets of a video or audio message, one for each of its tracks; none where it carries nothing. Throws ProtocolError
 * for a sequence header that cannot be parsed, and where a track is cut short.
 */
export function parseMedia(medium: 'video' | 'audio', payload: Buffer, timestamp: number): MediaPacket[] {
  const parse = medium === 'video' ? parseVideo : parseAudio;
  if (!isExMessage(payload, medium)) {
    const packet = parse(payload, timestamp);
    return packet === null ? [] : [packet];
  }
  const { modEx, parts } = readExMessage(payload, medium);
  return parts.flatMap((part) => {
    const packet = parse(part.payload, timestamp);
    if (packet === null) return [];
    const placed = part.trackId === 0 ? packet : ofTrack(packet, part.trackId);
    return placed === null ? [] : [modEx === undefined ? placed : { ...placed, modEx }];
  });
}

/** Null for the Metadata of an extra track: there is nobody to keep it for. */
function ofTrack(packet: MediaPacket, trackId: number): MediaPacket | null {
  return packet.extra === undefined ? asExtra(packet, trackId) : null;
}

/** What a message is made of, as packets and a program's packets have it. */
export type MessageParts = Pick<MediaPacket, 'payload' | 'modEx'> & {
  readonly medium: 'video' | 'audio';
  /** Undefined for a default track's frame or header. */
  readonly extra?: Pick<NonNullable<MediaPacket['extra']>, 'trackId'> | undefined;
};

/**
 * The body of the message for somebody who can take `extensions`; null where that is nothing. The payload itself, unless it
 * has a track id or modifiers in front: a CTS then stands as much further back as the body is longer.
 */
export function messageBody(
  { payload, modEx, medium, extra }: MessageParts,
  extensions: Extensions,
): Buffer | null {
  const trackId = extra?.trackId ?? 0;
  if (extra !== undefined && !(trackId === 0 ? extensions.metadata : extensions.multitrack)) return null;
  const modifiers = extensions.modEx ? modEx : undefined;
  if (trackId === 0 && modifiers === undefined) return payload;
  return writeExMessage(payload, medium, trackId, modifiers);
}

/** The same for a packet as it came. */
export function packetBody(packet: MediaPacket, extensions: Extensions): Buffer | null {
  const medium = messageKind(packet);
  return medium === 'data' ? packet.payload : messageBody({ ...packet, medium }, extensions);
}

/** The body of a packet's message, as another host gets it: with all that came. */
export function wholeBody(packet: MediaPacket): Buffer {
  return packetBody(packet, ALL_EXTENSIONS) ?? packet.payload;
}
