/** Names for the numbers of the RTMP specification 1.0 (Adobe, 2012); sections in brackets. */

/** Message types: protocol control (5.4), then commands, data and media (7.1). */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  dataAmf0: 18,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** User control events (7.1.7). */
export const UserControlEvent = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

/** Chunk stream ids that we send on. 2 is the protocol's (5.3); the others are what common servers use. */
export const ChunkStreamId = { control: 2, command: 3, audio: 4, status: 5, video: 6, data: 8 } as const;

/** The chunk size before anyone has set another (5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128;
/** From here on a timestamp stands in the extended field (5.3.1.3). */
export const EXTENDED_TIMESTAMP = 0xffffff;

/** A whole message as it came off, or goes onto, a chunk stream. `timestamp` is in ms, 32 bits that wrap. */
export interface RawMessage {
  readonly typeId: number;
  readonly streamId: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}
