import type { Duplex } from 'node:stream';
import { pendingBytes } from './pending-bytes.ts';
import { type DirectWay, directWay, writeDirectly } from './write-socket.ts';

/**
 * Writes to one viewer what all get. A class, and not an object made in place: each of those with a getter has a shape of its own,
 * and looking at a thousand shapes costs more than all else that is done here for a write.
 */
export class SocketWriter {
  private readonly socket: Duplex;
  /** Kept here, as looking through a thousand sockets for them costs more than what is done with them. */
  private readonly handle: DirectWay['handle'] | null;
  private readonly stream: DirectWay['stream'] | null;
  /** All that was written has been taken: nobody need ask libuv, which costs as much as the rest of what is done here. */
  private isTaken = true;

  constructor(socket: Duplex) {
    this.socket = socket;
    const way = directWay(socket);
    this.handle = way?.handle ?? null;
    this.stream = way?.stream ?? null;
  }

  /** Bytes that were written here and that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.isTaken ? 0 : pendingBytes(this.socket);
  }

  write(bytes: Buffer): void {
    const { handle, socket } = this;
    if (handle !== null && this.stream?.length === 0) this.isTaken = writeDirectly(handle, socket, bytes);
    else {
      this.isTaken = false;
      socket.write(bytes);
    }
  }
}
