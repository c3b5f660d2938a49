import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Viewer } from './server-handler.ts';
import { SocketWriter } from './socket-writer.ts';

/** What a viewer needs of its connection. */
export interface ViewerConnection {
  readonly address: string;
  close(reason: string): void;
  offerSocket(take: (socket: Socket) => Duplex | null): void;
}

/** A playing client, as those who write to it see it. */
export class ConnectionViewer extends SocketWriter implements Viewer {
  readonly messageStreamId: number;
  readonly address: string;
  readonly onAir: () => void;
  private readonly connection: ViewerConnection;

  constructor(options: {
    readonly messageStreamId: number;
    readonly connection: ViewerConnection;
    readonly socket: Duplex;
    readonly onAir: () => void;
  }) {
    super(options.socket);
    this.messageStreamId = options.messageStreamId;
    this.address = options.connection.address;
    this.onAir = options.onAir;
    this.connection = options.connection;
  }

  close(reason: string): void {
    this.connection.close(reason);
  }

  offerSocket(take: (socket: Socket) => Duplex | null): void {
    this.connection.offerSocket(take);
  }
}
