import type { Socket } from 'node:net';
import { peerAddress } from '../rtmp/peer-address.ts';
import { SocketWriter } from '../rtmp/socket-writer.ts';
import type { ViewerSink } from './viewer-queue.ts';

/** A viewer that is written to as it is. */
export class SocketSink extends SocketWriter implements ViewerSink {
  readonly address: string;
  readonly close: ViewerSink['close'];

  constructor(socket: Socket, close: ViewerSink['close']) {
    super(socket);
    this.address = peerAddress(socket);
    this.close = close;
  }
}
