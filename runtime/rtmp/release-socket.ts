import type { Socket } from 'node:net';
import { innerSocket } from './inner-socket.ts';
import { pendingBytes } from './pending-bytes.ts';

/**
 * Whether a socket can go to another process: the state of TLS is here, and what was written and has not left, or read and not
 * been taken, would be lost.
 */
export function isReleasable(socket: Socket): boolean {
  const { _handle: handle, encrypted } = innerSocket(socket);
  const isIdle = pendingBytes(socket) === 0 && socket.readableLength === 0;
  return isIdle && !encrypted && !socket.destroyed && handle?.readStop !== undefined;
}

/** Stops reading from a socket that goes to another process, so that nothing is lost on the way. False where it cannot go. */
export function releaseSocket(socket: Socket): boolean {
  const { _handle: handle } = innerSocket(socket);
  if (!isReleasable(socket) || handle?.readStop === undefined) return false;
  handle.readStop();
  handle.reading = false;
  return true;
}
