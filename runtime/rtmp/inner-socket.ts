import type { Duplex } from 'node:stream';

/** What is used here of the inside of Node's sockets. None of it is promised: each part may be missing. */
export interface InnerSocket {
  readonly _handle?: InnerHandle | null;
  readonly _writableState?: {
    /** Bytes that wait in the stream, those of the write under way with them. */
    readonly length?: number;
    /** Bytes of the stream's write that is under way. */
    readonly writelen?: number;
  };
  readonly connecting?: boolean;
  /** There under TLS only. */
  readonly encrypted?: boolean;
}

export interface InnerHandle {
  /** Bytes that libuv has and the kernel has not taken. */
  readonly writeQueueSize?: number;
  reading?: boolean;
  readonly readStop?: () => number;
  /** 0, or an error of libuv; undefined where the handle is closed. */
  readonly writeBuffer?: (request: object, bytes: Buffer) => number | undefined;
}

/** Of what stands for a socket, there is none of it. */
export function innerSocket(socket: Duplex): InnerSocket {
  return socket as InnerSocket;
}
