import type { Socket } from 'node:net';

/** What is used here of the inside of Node's sockets. None of it is promised: each part may be missing. */
export interface InnerSocket {
  readonly _handle?: InnerHandle | null;
  readonly _writableState?: {
    /** Bytes that wait in the stream, those of the write under way with them. */
    readonly length?: number;
    /** Bytes of the stream's write that is under way. */
    readonly writelen?: number;
  };
  /** There under TLS only. */
  readonly encrypted?: boolean;
}

export interface InnerHandle {
  /** Bytes that libuv has and the kernel has not taken. */
  readonly writeQueueSize?: number;
  reading?: boolean;
  readonly readStop?: () => number;
  /** 0, or an error of libuv. */
  readonly writeBuffer?: (request: object, bytes: Buffer) => number;
}

export function innerSocket(socket: Socket): InnerSocket {
  return socket as unknown as InnerSocket;
}
