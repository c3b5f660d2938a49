import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { type InnerHandle, innerSocket } from './inner-socket.ts';

/** What Node hands to libuv with each write. */
interface WriteRequest {
  handle: InnerHandle;
  oncomplete: (this: WriteRequest, status: number) => void;
  /** Kept from the collector until all of it has left. */
  buffer: Buffer | null;
  socket: Socket;
}

const Request = learnWriteRequest();
/** Where the kernel takes all at once, which is nearly always, libuv never sees the request: the next write can have it. */
let spareRequest: WriteRequest | null = null;

/**
 * Writes what many viewers get to one of them. Past the socket's stream, where nothing waits in that: it keeps account of what it
 * has written and to whom to tell, which nobody asks for here, and is 6 % of what a viewer costs (docs/performance.md). What comes
 * later through the stream comes behind it. How much has not left is told by `pendingBytes`; what fails destroys the socket.
 * True: the kernel has taken all of it at once.
 */
export function writeSocket(socket: Socket, bytes: Buffer): boolean {
  const { _handle: handle, encrypted } = innerSocket(socket);
  const isStreamIdle = socket.writableLength === 0 && !socket.connecting && !socket.writableEnded;
  if (Request === null || handle?.writeBuffer === undefined || encrypted || !isStreamIdle) {
    socket.write(bytes);
    return false;
  }
  const request = spareRequest ?? new Request();
  spareRequest = null;
  request.handle = handle;
  request.socket = socket;
  request.buffer = bytes;
  request.oncomplete = completed;
  const status = handle.writeBuffer(request, bytes);
  if (status !== 0) fail(socket, status);
  if (status !== 0 || handle.writeQueueSize !== 0) return false;
  spareRequest = request;
  return true;
}

/** Of a write that the kernel did not take at once. */
function completed(this: WriteRequest, status: number): void {
  this.buffer = null;
  if (status < 0) fail(this.socket, status);
}

function fail(socket: Socket, status: number): void {
  if (!socket.destroyed) socket.destroy(new Error(`write ${getSystemErrorName(status)}`));
}

/**
 * The class of these requests, which Node does not export: a socket over a handle that only looks at it gives it away. Null where
 * Node works in another way; all goes through the stream then.
 */
function learnWriteRequest(): (new () => WriteRequest) | null {
  let learned: (new () => WriteRequest) | null = null;
  const handle = {
    writeBuffer: (request: WriteRequest) => {
      learned = request.constructor as new () => WriteRequest;
      return 0;
    },
    close: () => {},
    readStop: () => {},
  };
  try {
    const socket = new Socket({ handle, readable: false, writable: true } as ConstructorParameters<
      typeof Socket
    >[0]);
    socket.on('error', () => {});
    socket.write(Buffer.of(0));
    socket.destroy();
  } catch {
    return null;
  }
  return learned;
}
