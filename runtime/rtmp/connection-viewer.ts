import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pendingBytes } from './pending-bytes.ts';
import type { Viewer } from './server-handler.ts';
import { writeSocket } from './write-socket.ts';

/** What a viewer needs of its connection. */
export interface ViewerConnection {
  readonly address: string;
  close(reason: string): void;
  offerSocket(take: (socket: Socket) => Duplex | null): void;
}

/**
 * A playing client, as those who write to it see it. A class, and not an object made in place: each of those with a getter has a
 * shape of its own, and looking at a thousand shapes costs more than all else that is done here for a write.
 */
export class ConnectionViewer implements Viewer {
  readonly messageStreamId: number;
  readonly address: string;
  readonly onAir: () => void;
  private readonly connection: ViewerConnection;
  private readonly socket: Socket;

  constructor(options: {
    readonly messageStreamId: number;
    readonly connection: ViewerConnection;
    readonly socket: Socket;
    readonly onAir: () => void;
  }) {
    this.messageStreamId = options.messageStreamId;
    this.address = options.connection.address;
    this.onAir = options.onAir;
    this.connection = options.connection;
    this.socket = options.socket;
  }

  get pendingBytes(): number {
    return pendingBytes(this.socket);
  }

  write(bytes: Buffer): void {
    writeSocket(this.socket, bytes);
  }

  close(reason: string): void {
    this.connection.close(reason);
  }

  offerSocket(take: (socket: Socket) => Duplex | null): void {
    this.connection.offerSocket(take);
  }
}
