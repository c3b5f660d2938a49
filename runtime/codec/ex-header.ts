import { ProtocolError } from './protocol-error.ts';

// E-RTMP v2, tables "Extended VideoTagHeader" and "Extended AudioTagHeader": in front of the FourCC, a message may have
// modifiers (ModEx), and it may hold several tracks:
//
//   header byte │ {size, data, ModEx type and next packet type}… │ multitrack type and packet type │ FourCC │
//     {FourCC with many codecs, track id, size unless there is one track, body}…
//
// Without either it is: header byte │ FourCC │ body. That is what every player reads, and the form that packets are kept in.

const PACKET_MOD_EX = 7;
const PACKET_MULTITRACK = { video: 6, audio: 5 } as const;
const ONE_TRACK = 0;
const MANY_TRACKS_MANY_CODECS = 2;
const FOURCC_BYTES = 4;
/** A track id is one byte: a message with more parts has some track twice. */
const MAX_PARTS = 256;
/** A time offset takes 5 bytes. What is longer is not kept: it would weigh on every buffer uncounted. */
const MAX_MOD_EX_BYTES = 64;

export interface ExMessage {
  /** Undefined where there are none, or more than are kept. */
  readonly modEx: Buffer | undefined;
  readonly parts: readonly ExPart[];
}

export interface ExPart {
  readonly trackId: number;
  /** As a message of this track alone: header byte, FourCC, body. */
  readonly payload: Buffer;
}

/**
 * Takes an enhanced message apart. `payload` has at least its header byte. What is cut short in front of its first track has
 * no parts; throws ProtocolError where a track is said to be longer than the message.
 */
export function readExMessage(payload: Buffer, medium: 'video' | 'audio'): ExMessage {
  const first = payload.readUInt8(0);
  let packetType = first & 0x0f;
  let position = 1;
  while (packetType === PACKET_MOD_EX) {
    position = modExEnd(payload, position);
    const last = payload[position - 1];
    if (last === undefined) return { modEx: undefined, parts: [] };
    packetType = last & 0x0f;
  }
  const isModified = position > 1;
  const isKept = isModified && position - 1 <= MAX_MOD_EX_BYTES;
  const modEx = isKept ? Buffer.from(payload.subarray(1, position)) : undefined;
  if (packetType !== PACKET_MULTITRACK[medium]) {
    const plain = !isModified ? payload : part(first, packetType, [payload.subarray(position)]);
    return { modEx, parts: [{ trackId: 0, payload: plain }] };
  }
  return { modEx, parts: readTracks(payload, position, first, PACKET_MULTITRACK[medium]) };
}

/** Where one modifier ends, behind the byte with the next packet type; beyond the message where it is cut short. */
function modExEnd(payload: Buffer, start: number): number {
  const short = payload[start];
  if (short === undefined) return payload.length + 1;
  if (short < 0xff) return start + 1 + (short + 1) + 1;
  if (start + 3 > payload.length) return payload.length + 1;
  return start + 3 + (payload.readUInt16BE(start + 1) + 1) + 1;
}

function readTracks(payload: Buffer, start: number, first: number, multitrack: number): ExPart[] {
  const types = payload[start];
  if (types === undefined) return [];
  const kind = types >> 4;
  const packetType = types & 0x0f;
  if (kind > MANY_TRACKS_MANY_CODECS || packetType === multitrack || packetType === PACKET_MOD_EX) return [];
  let position = start + 1;
  let fourCc = payload.subarray(position, position + FOURCC_BYTES);
  if (kind !== MANY_TRACKS_MANY_CODECS) position += FOURCC_BYTES;
  const parts: ExPart[] = [];
  while (position < payload.length) {
    if (kind === MANY_TRACKS_MANY_CODECS) {
      fourCc = payload.subarray(position, position + FOURCC_BYTES);
      position += FOURCC_BYTES;
    }
    const trackId = payload[position];
    if (trackId === undefined) break;
    position += 1;
    const bodyAt = kind === ONE_TRACK ? position : position + 3;
    const end = kind === ONE_TRACK ? payload.length : bodyAt + sizeAt(payload, position);
    if (end > payload.length || parts.length === MAX_PARTS) {
      throw new ProtocolError(
        'media-malformed',
        `a multitrack message of ${payload.length} bytes ends inside track ${trackId}`,
      );
    }
    parts.push({ trackId, payload: part(first, packetType, [fourCc, payload.subarray(bodyAt, end)]) });
    position = end;
  }
  return parts;
}

/** More than any message has, where the size itself is cut short. */
function sizeAt(payload: Buffer, position: number): number {
  return position + 3 > payload.length ? Number.POSITIVE_INFINITY : payload.readUIntBE(position, 3);
}

function part(first: number, packetType: number, rest: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.of((first & 0xf0) | packetType), ...rest]);
}

/**
 * The reverse, for one track: `payload` (header byte, FourCC, body) as a message with modifiers and, unless the track is 0,
 * its track id. What is longer than `payload` stands in front of its body.
 */
export function writeExMessage(
  payload: Buffer,
  medium: 'video' | 'audio',
  trackId: number,
  modEx: Buffer | undefined,
): Buffer {
  const first = payload.readUInt8(0);
  const packetType = first & 0x0f;
  const outerType = trackId === 0 ? packetType : PACKET_MULTITRACK[medium];
  const parts: Buffer[] = [Buffer.of((first & 0xf0) | (modEx === undefined ? outerType : PACKET_MOD_EX))];
  if (modEx !== undefined) {
    const last = modEx.readUInt8(modEx.length - 1);
    parts.push(modEx.subarray(0, -1), Buffer.of((last & 0xf0) | outerType));
  }
  if (trackId === 0) {
    parts.push(payload.subarray(1));
  } else {
    const bodyAt = 1 + FOURCC_BYTES;
    const oneTrack = Buffer.of((ONE_TRACK << 4) | packetType);
    parts.push(oneTrack, payload.subarray(1, bodyAt), Buffer.of(trackId), payload.subarray(bodyAt));
  }
  return Buffer.concat(parts);
}
