import type { MediaPacket } from '../media/packet.ts';

/**
 * Joins what belongs to one picture. node-media-server makes a message of every NAL unit that a camera sends, so a
 * keyframe in four slices is four keyframes, and a decoder is given an SEI alone. FLV wants one message a picture
 * (FLV 10.1, E.4.3.1). A picture is known to be whole when the next one begins: this holds back one frame.
 */

const NAL_LENGTH_BYTES = 4;
const BODY_AVC = 5; // frame type and codec, packet type, CTS
const BODY_HEVC = 8; // the same with a FourCC (Enhanced RTMP, "Enhanced Video")
const EX_VIDEO_FLAG = 0x80;
const FRAME_TYPE_KEY = 0x10;
const FRAME_TYPE_BITS = 0x70;
/** IRAP: BLA, IDR and CRA. */
const HEVC_FIRST_ENTRY = 16;
const HEVC_LAST_ENTRY = 21;
/** Bytes of one picture. More is no picture; what is over is left out, and the decoder says so. */
const MAX_UNIT_BYTES = 8 * 1024 * 1024;

interface Unit {
  readonly timestamp: number;
  readonly parts: MediaPacket[];
  bytes: number;
  keyframe: boolean;
  hasPicture: boolean;
}

export class AccessUnits {
  private readonly out: (packet: MediaPacket) => void;
  private readonly onSameTime: () => void;
  private unit: Unit | null = null;
  private lastTimestamp = -1;

  /** `onSameTime` is called for a picture with its predecessor's time: where there are B-frames, their times are lost. */
  constructor(out: (packet: MediaPacket) => void, onSameTime: () => void) {
    this.out = out;
    this.onSameTime = onSameTime;
  }

  /** Takes video packets, in order. */
  push(packet: MediaPacket): void {
    // Headers, and codecs without NAL units.
    if (packet.config !== null || packet.ctsOffset === -1) {
      this.flush();
      this.out(packet);
      return;
    }
    const { startsPicture, hasPicture, isEntry } = describe(packet.payload);
    const { unit } = this;
    const belongs =
      unit !== null && unit.timestamp === packet.timestamp && !(unit.hasPicture && startsPicture);
    if (!belongs) this.flush();
    this.unit ??= { timestamp: packet.timestamp, parts: [], bytes: 0, keyframe: false, hasPicture: false };
    if (this.unit.bytes + packet.payload.length > MAX_UNIT_BYTES) return;
    this.unit.parts.push(packet);
    this.unit.bytes += packet.payload.length;
    this.unit.keyframe ||= packet.keyframe || isEntry;
    this.unit.hasPicture ||= hasPicture;
  }

  /** Sends what is held. */
  private flush(): void {
    const { unit } = this;
    this.unit = null;
    const [first, ...rest] = unit?.parts ?? [];
    if (unit === null || first === undefined || !unit.hasPicture) return;
    if (unit.timestamp === this.lastTimestamp) this.onSameTime();
    this.lastTimestamp = unit.timestamp;
    if (rest.length === 0 && first.keyframe === unit.keyframe) {
      this.out(first);
      return;
    }
    const bodyStart = bodyStartOf(first.payload);
    const payload = Buffer.concat([
      first.payload.subarray(0, bodyStart),
      ...unit.parts.map((part) => part.payload.subarray(bodyStart)),
    ]);
    if (unit.keyframe) payload[0] = ((payload[0] ?? 0) & ~FRAME_TYPE_BITS) | FRAME_TYPE_KEY;
    this.out({ ...first, payload, keyframe: unit.keyframe });
  }
}

function bodyStartOf(payload: Buffer): number {
  return ((payload[0] ?? 0) & EX_VIDEO_FLAG) === 0 ? BODY_AVC : BODY_HEVC;
}

interface Description {
  /** It can only stand at a picture's beginning. */
  readonly startsPicture: boolean;
  /** It has slices of a picture. */
  readonly hasPicture: boolean;
  /** Decoding can begin here. */
  readonly isEntry: boolean;
}

function describe(payload: Buffer): Description {
  const start = bodyStartOf(payload);
  const kindOf = start === BODY_AVC ? avcKind : hevcKind;
  let startsPicture = false;
  let hasPicture = false;
  let isEntry = false;
  for (let position = start; position + NAL_LENGTH_BYTES < payload.length; ) {
    const length = payload.readUInt32BE(position);
    const kind = kindOf(payload, position + NAL_LENGTH_BYTES);
    // Node-media-server knows IDR pictures only, and cameras and encoders send CRA too (ITU-T H.265, table 7-1).
    const type = ((payload[position + NAL_LENGTH_BYTES] ?? 0) >> 1) & 0x3f;
    isEntry ||= start === BODY_HEVC && type >= HEVC_FIRST_ENTRY && type <= HEVC_LAST_ENTRY;
    // What comes before any slice in this message decides; behind one, it is the same picture's.
    if (!hasPicture && kind !== 'slice') startsPicture ||= kind !== 'other';
    hasPicture ||= kind === 'slice' || kind === 'first slice';
    position += NAL_LENGTH_BYTES + length;
  }
  return { startsPicture, hasPicture, isEntry };
}

type Kind = 'first slice' | 'slice' | 'before a picture' | 'other';

/** ITU-T H.264, table 7-1 and 7.4.1.2.3. */
function avcKind(payload: Buffer, at: number): Kind {
  const type = (payload[at] ?? 0) & 0x1f;
  // first_mb_in_slice is ue(v): 0 is a single bit that is set (7.3.3).
  if (type >= 1 && type <= 5) return ((payload[at + 1] ?? 0) & 0x80) !== 0 ? 'first slice' : 'slice';
  return (type >= 6 && type <= 9) || (type >= 14 && type <= 18) ? 'before a picture' : 'other';
}

/** ITU-T H.265, table 7-1: slices are 0 to 31, and first_slice_segment_in_pic_flag is their first bit (7.3.6.1). */
function hevcKind(payload: Buffer, at: number): Kind {
  const type = ((payload[at] ?? 0) >> 1) & 0x3f;
  if (type <= 31) return ((payload[at + 2] ?? 0) & 0x80) !== 0 ? 'first slice' : 'slice';
  return type <= 35 || type === 39 ? 'before a picture' : 'other';
}
