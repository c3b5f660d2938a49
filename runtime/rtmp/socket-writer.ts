import type { Socket } from 'node:net';
import { pendingBytes } from './pending-bytes.ts';
import { writeSocket } from './write-socket.ts';

/**
 * Writes to one viewer what all get. A class, and not an object made in place: each of those with a getter has a shape of its own,
 * and looking at a thousand shapes costs more than all else that is done here for a write.
 */
export class SocketWriter {
  protected readonly socket: Socket;
  /** All that was written has been taken: nobody need ask libuv, which costs as much as the rest of what is done here. */
  private isTaken = true;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Bytes that were written here and that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.isTaken ? 0 : pendingBytes(this.socket);
  }

  write(bytes: Buffer): void {
    this.isTaken = writeSocket(this.socket, bytes);
  }
}
