import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { type InnerHandle, innerSocket } from './inner-socket.ts';

/** What Node hands to libuv with each write. */
interface WriteRequest {
  handle: InnerHandle;
  oncomplete: (this: WriteRequest, status: number) => void;
  /** Kept from the collector until all of it has left. */
  buffer: Buffer | null;
  socket: Duplex;
}

const Request = learnWriteRequest();
/** Where the kernel takes all at once, which is nearly always, libuv never sees the request: the next write can have it. */
let spareRequest: WriteRequest | null = null;

/** What it takes to write past a socket's stream. */
export interface DirectWay {
  readonly handle: InnerHandle & Required<Pick<InnerHandle, 'writeBuffer'>>;
  /** `length`: bytes that wait in the stream. */
  readonly stream: { readonly length: number };
}

/** Null where there is no such way: under TLS, while the socket connects, and where Node works in another way. */
export function directWay(socket: Duplex): DirectWay | null {
  const { _handle: handle, _writableState: state, connecting, encrypted } = innerSocket(socket);
  const isOpen = !encrypted && !connecting;
  if (Request === null || !isOpen || handle?.writeBuffer === undefined || state?.length === undefined)
    return null;
  return { handle, stream: state } as DirectWay;
}

/**
 * Writes what many viewers get to one of them. Past the socket's stream, in which nothing may wait: it keeps account of what it
 * has written and to whom to tell, which nobody asks for here, and is 6 % of what a viewer costs (docs/performance.md). What comes
 * later through the stream comes behind it. How much has not left is told by `pendingBytes`; what fails destroys the socket.
 * True: the kernel has taken all of it at once.
 */
export function writeDirectly(handle: DirectWay['handle'], socket: Duplex, bytes: Buffer): boolean {
  const request = spareRequest ?? newRequest();
  spareRequest = null;
  request.handle = handle;
  request.socket = socket;
  request.buffer = bytes;
  const status = handle.writeBuffer(request, bytes);
  if (status !== 0) fail(socket, status);
  if (status !== 0 || handle.writeQueueSize !== 0) return false;
  spareRequest = request;
  return true;
}

function newRequest(): WriteRequest {
  if (Request === null) throw new Error('no way around the stream');
  const request = new Request();
  request.oncomplete = completed;
  return request;
}

/** Of a write that the kernel did not take at once. */
function completed(this: WriteRequest, status: number): void {
  this.buffer = null;
  if (status < 0) fail(this.socket, status);
}

function fail(socket: Duplex, status: number | undefined): void {
  const name = status === undefined ? 'EBADF' : getSystemErrorName(status);
  if (!socket.destroyed) socket.destroy(new Error(`write ${name}`));
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
