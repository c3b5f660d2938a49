import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { until } from '../support/until.ts';
import { RawPeer } from './raw-peer.ts';

/** Listens, and leaves it to the test what the client hears. */
export class TestPeerServer {
  readonly sockets: Socket[] = [];
  port = 0;
  private readonly server: Server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    this.sockets.push(socket);
  });

  static async start(): Promise<TestPeerServer> {
    const peerServer = new TestPeerServer();
    peerServer.server.listen(0, '127.0.0.1');
    await once(peerServer.server, 'listening');
    const address = peerServer.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    peerServer.port = address.port;
    return peerServer;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  url(path: string): string {
    return `rtmp://127.0.0.1:${this.port}/${path}`;
  }

  /** The socket of the client that has just connected. */
  socket(): Promise<Socket> {
    return until('a client', () => this.sockets.at(-1));
  }

  /** The client that has just connected, its handshake done. */
  async peer(): Promise<RawPeer> {
    const peer = new RawPeer(await this.socket(), 'server');
    await until('the handshake', () => peer.isReady);
    return peer;
  }
}
