import type { MediaPacket, Metadata } from '../media/packet.ts';
import { AmfDate, type AmfObject, type AmfValue, decodeAmf0, encodeAmf0, encodeEcmaArray } from './amf0.ts';

const SET_DATA_FRAME = '@setDataFrame';
const SET_DATA_FRAME_BYTES = encodeAmf0(SET_DATA_FRAME);

/** A data message as a packet. Its timestamp is the peer's, and says little. */
export function dataPacket(timestamp: number, payload: Buffer): MediaPacket {
  return { track: 'data', timestamp, cts: 0, ctsOffset: -1, keyframe: false, config: null, payload };
}

/** A data message's payload as viewers get it: without the `@setDataFrame`, which is meant for the server. */
export function withoutSetDataFrame(payload: Buffer): Buffer {
  const { length } = SET_DATA_FRAME_BYTES;
  return payload.subarray(0, length).equals(SET_DATA_FRAME_BYTES) ? payload.subarray(length) : payload;
}

/**
 * A data message or script tag: its name and first value, without the `@setDataFrame` that publishers put in front, however
 * often: a name that shows only at the second look would be read as another one by the next host.
 */
export function decodeData(payload: Buffer): { name: string; value: AmfValue } | null {
  const values = decodeAmf0(payload);
  while (values[0] === SET_DATA_FRAME) values.shift();
  const [name, value] = values;
  return typeof name === 'string' ? { name, value } : null;
}

/** The payload of an onMetaData message or script tag (FLV 10.1, E.5). */
export function encodeMetadata(metadata: Metadata): Buffer {
  return Buffer.concat([encodeAmf0('onMetaData'), encodeEcmaArray(metadata as AmfObject)]);
}

/** Puts the publisher's `@setDataFrame` in front of onMetaData. */
export function encodeSetDataFrame(metadata: Metadata): Buffer {
  return Buffer.concat([SET_DATA_FRAME_BYTES, encodeMetadata(metadata)]);
}

/** Reads onMetaData's value; null where it is no object. */
export function asMetadata(value: AmfValue): AmfObject | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof AmfDate)
    return null;
  return value;
}

/** An object that a peer should have sent; one without fields where it sent something else. */
export function asObject(value: AmfValue): AmfObject {
  return asMetadata(value) ?? {};
}

/** The cue point that a program puts where its source changes: tools can see a splice that viewers do not. */
export const SPLICE_CUE_POINT = 'understudy.splice';

/** What a splice's cue point says. */
export interface SpliceCuePoint {
  /** The source that follows. */
  readonly source: string;
  /** Where it begins on the viewer's timeline, in ms; it does not wrap. */
  readonly timestamp: number;
}

/**
 * onCuePoint with the source that follows and its program time, in ms since the epoch. Its place on the timeline, which starts
 * at `startTime`, is in `time`, in seconds (FLV 10.1, E.5; players that do not know it pass over it).
 */
export function encodeSpliceCuePoint(source: string, programTime: number, startTime: number): Buffer {
  const time = (programTime - startTime) / 1_000;
  const parameters = { source, programTime };
  return encodeAmf0('onCuePoint', { name: SPLICE_CUE_POINT, time, type: 'event', parameters });
}

/** Reads a splice's cue point; null for any other data. */
export function asSpliceCuePoint(name: string, value: AmfValue): SpliceCuePoint | null {
  const cue = name === 'onCuePoint' ? asMetadata(value) : null;
  if (cue === null || cue.name !== SPLICE_CUE_POINT) return null;
  const source = asMetadata(cue.parameters)?.source;
  if (typeof source !== 'string' || typeof cue.time !== 'number') return null;
  return { source, timestamp: Math.round(cue.time * 1_000) };
}
