import { encodeMetadata, encodeSetDataFrame } from '../../runtime/codec/data-message.ts';
import { MessageType, type RawMessage } from '../../runtime/rtmp/wire.ts';
import { bytes } from '../golden/bytes.ts';
import { AVC_PPS, AVC_SPS, aacConfigs, avcRecord } from '../golden/codec-configs.ts';

export const VIDEO_HEADER = Buffer.concat([bytes('17 00 000000'), avcRecord([AVC_SPS], [AVC_PPS])]);
export const AUDIO_HEADER = Buffer.concat([bytes('af 00'), aacConfigs.lc48.bytes]);
export const KEYFRAME = bytes('17 01 000028 00000002 6588');
export const FRAME = bytes('27 01 ffffd8 00000002 419a');
export const SOUND = bytes('af 01 2110');

/** A video frame of so many bytes. */
export function largeFrame(length: number): Buffer {
  const frame = Buffer.alloc(length, 0x5a);
  FRAME.copy(frame);
  return frame;
}

export function videoMessage(timestamp: number, payload: Buffer, streamId = 1): RawMessage {
  return { typeId: MessageType.video, streamId, timestamp, payload };
}

export function audioMessage(timestamp: number, payload: Buffer, streamId = 1): RawMessage {
  return { typeId: MessageType.audio, streamId, timestamp, payload };
}

export function setDataFrame(metadata: Record<string, unknown>, streamId = 1): RawMessage {
  return { typeId: MessageType.dataAmf0, streamId, timestamp: 0, payload: encodeSetDataFrame(metadata) };
}

export function onMetaData(metadata: Record<string, unknown>, streamId = 1): RawMessage {
  return { typeId: MessageType.dataAmf0, streamId, timestamp: 0, payload: encodeMetadata(metadata) };
}
