import type { Socket } from 'node:net';
import { peerAddress } from '../rtmp/peer-address.ts';
import { pendingBytes } from '../rtmp/pending-bytes.ts';
import { writeSocket } from '../rtmp/write-socket.ts';
import type { ViewerSink } from './viewer-queue.ts';

/** A viewer that is written to as it is. */
export class SocketSink implements ViewerSink {
  readonly address: string;
  readonly close: ViewerSink['close'];
  private readonly socket: Socket;

  constructor(socket: Socket, close: ViewerSink['close']) {
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
