import type { Socket } from 'node:net';
import { peerAddress } from '../rtmp/peer-address.ts';
import { pendingBytes } from '../rtmp/pending-bytes.ts';
import { writeSocket } from '../rtmp/write-socket.ts';
import type { CloseCause, ViewerSink } from './viewer-queue.ts';

/** A viewer that is written to as it is. */
export class SocketSink implements ViewerSink {
  readonly address: string;
  readonly close: (reason: string, cause: CloseCause) => void;
  private readonly socket: Socket;

  constructor(socket: Socket, close: (reason: string, cause: CloseCause) => void) {
    this.socket = socket;
    this.address = peerAddress(socket);
    this.close = close;
  }

  get pendingBytes(): number {
    return pendingBytes(this.socket);
  }

  write(bytes: Buffer): void {
    writeSocket(this.socket, bytes);
  }
}
