import { setTimeout as pause } from 'node:timers/promises';
import { encodeMessage } from '../../runtime/rtmp/chunk-writer.ts';
import { controlMessage } from '../../runtime/rtmp/message.ts';
import { MessageType } from '../../runtime/rtmp/wire.ts';
import { largeFrame, VIDEO_HEADER, videoMessage } from '../rtmp/media-messages.ts';
import type { RawPeer } from '../rtmp/raw-peer.ts';

const CHUNK_SIZE = 65_536;
const FRAME_BYTES = 200_000;
const GOP_MS = 1_000;
const BITS = 8;
/** As much waits in front of the kernel as it can take between two turns, and no more is written in one. */
const AHEAD_BYTES = 4_000_000;
const TICK_MS = 5;

/**
 * Sends video on message stream 1, with timestamps of real time and a keyframe a second, until it is told to end or the
 * connection is gone. `kbps` null: as fast as the other end takes it. Resolves to the bytes of media that were written.
 */
export async function sendVideo(
  peer: RawPeer,
  { kbps, signal }: { readonly kbps: number | null; readonly signal: AbortSignal },
): Promise<number> {
  const startedAt = performance.now();
  let lastKeyframeAt = Number.NEGATIVE_INFINITY;
  let sentBytes = 0;
  const elapsedMs = (): number => performance.now() - startedAt;
  const isDue = (): boolean =>
    peer.socket.writable &&
    peer.socket.writableLength < AHEAD_BYTES &&
    (kbps === null || (sentBytes * BITS) / kbps < elapsedMs());
  peer.send(controlMessage(MessageType.setChunkSize, CHUNK_SIZE), 2);
  peer.write(encodeMessage(6, videoMessage(0, VIDEO_HEADER), CHUNK_SIZE));
  const frame = largeFrame(FRAME_BYTES);
  const keyframe = Buffer.concat([Buffer.of(0x17), frame.subarray(1)]);
  while (!signal.aborted && !peer.isClosed) {
    for (let bytes = 0; bytes < AHEAD_BYTES && isDue(); bytes += FRAME_BYTES) {
      const timestamp = Math.round(elapsedMs());
      const isKeyframe = timestamp - lastKeyframeAt >= GOP_MS;
      if (isKeyframe) lastKeyframeAt = timestamp;
      peer.write(encodeMessage(6, videoMessage(timestamp, isKeyframe ? keyframe : frame), CHUNK_SIZE));
      sentBytes += FRAME_BYTES;
    }
    await pause(TICK_MS);
  }
  return sentBytes;
}
