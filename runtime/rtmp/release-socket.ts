import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { pendingBytes } from './pending-bytes.ts';

/** What Node knows of the socket's file. */
interface Handle {
  reading?: boolean;
  readonly readStop?: () => number;
}

/**
 * Stops reading from a socket that goes to another process, so that nothing is lost on the way. False where it cannot go: the
 * state of TLS is here, and what was written and has not left, or read and not been taken, would be lost.
 */
export function releaseSocket(socket: Socket): boolean {
  const { _handle: handle } = socket as { readonly _handle?: Handle | null };
  const isIdle = pendingBytes(socket) === 0 && socket.readableLength === 0;
  if (socket instanceof TLSSocket || socket.destroyed || !isIdle) return false;
  if (handle?.readStop === undefined) return false;
  handle.readStop();
  handle.reading = false;
  return true;
}
