/** The benchmarks' stream as it comes off a publisher's socket. */
import { messageKind } from '../runtime/media/packet.ts';
import { encodeMessage } from '../runtime/rtmp/chunk-writer.ts';
import { controlMessage } from '../runtime/rtmp/message.ts';
import { ChunkStreamId, DEFAULT_CHUNK_SIZE, MessageType } from '../runtime/rtmp/wire.ts';
import { dueFrames, packetOf, streamHeaders } from './fan-out/encoder-stream.ts';

export interface WireStream {
  readonly bytes: number;
  readonly packets: number;
  /** As a socket reads them. */
  readonly pieces: readonly Buffer[];
  /** What lies between two pieces, on the mean. */
  readonly pieceMs: number;
}

const MESSAGE_TYPES = { audio: MessageType.audio, video: MessageType.video, data: MessageType.dataAmf0 };
const MESSAGE_STREAM = 1;

/** `chunkBytes`: the encoder's chunk size, which it announces first; `pieceBytes`: what a read brings. */
export function wireStream(seconds: number, chunkBytes: number, pieceBytes: number): WireStream {
  const messages = [
    encodeMessage(
      ChunkStreamId.control,
      controlMessage(MessageType.setChunkSize, chunkBytes),
      DEFAULT_CHUNK_SIZE,
    ),
  ];
  for (const packet of packetsOf(seconds)) {
    const { timestamp, payload } = packet;
    const kind = messageKind(packet);
    const message = { typeId: MESSAGE_TYPES[kind], streamId: MESSAGE_STREAM, timestamp, payload };
    messages.push(encodeMessage(ChunkStreamId[kind], message, chunkBytes));
  }
  const bytes = Buffer.concat(messages);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return {
    bytes: bytes.length,
    packets: messages.length - 1,
    pieces,
    pieceMs: (seconds * 1_000) / pieces.length,
  };
}

function* packetsOf(seconds: number): Generator<ReturnType<typeof packetOf>> {
  yield* streamHeaders();
  for (const due of dueFrames()) {
    if (due.atMs >= seconds * 1_000) return;
    yield packetOf(due, 0);
  }
}
