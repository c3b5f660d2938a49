import type { Duplex } from 'node:stream';
import { innerSocket } from './inner-socket.ts';

/**
 * Bytes that were written to a socket and that the kernel has not taken yet. `writableLength` alone counts a write as a
 * whole until its last byte is taken, and Node gathers all that waits into one write: a slow reader, with megabytes in front
 * of it, would seem to take nothing at all. libuv knows how much of it is left (Node's own `setTimeout` of a socket goes by
 * that too), and of what was written past the stream (write-socket.ts). Where a version of Node does not say so, the whole
 * write counts. Under TLS, libuv has other bytes.
 */
export function pendingBytes(socket: Duplex): number {
  const { writableLength } = socket;
  const { _handle: handle, _writableState: state, connecting, encrypted } = innerSocket(socket);
  if (writableLength === 0) return encrypted ? 0 : (handle?.writeQueueSize ?? 0);
  const left = handle?.writeQueueSize;
  const underWay = state?.writelen;
  // While it connects, nothing has been handed to libuv.
  if (left === undefined || underWay === undefined || connecting) return writableLength;
  return writableLength - underWay + (encrypted ? Math.min(left, underWay) : left);
}
