import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../media/clock.ts';
import { Census, type Entry, type SumLimit, type SumLimits } from './census.ts';
import { peerAddress } from './peer-address.ts';
import { type ConnectionLimits, ServerConnection } from './server-connection.ts';
import type { ServerHandler } from './server-handler.ts';

/** The limits of what all connections take together, and what a publisher is slowed down to. */
export type MetLimit = SumLimit | 'publisherKbps';

export interface RtmpServerOptions {
  readonly handler: ServerHandler;
  readonly clock: Clock;
  readonly limits: ConnectionLimits & SumLimits;
  /** Called once for each connection that ends. */
  readonly onClosed: (event: { address: string; role: string; reason: string }) => void;
  /** A connection was turned away, closed or slowed down for a limit. */
  readonly onLimit: (limit: MetLimit, address: string) => void;
}

/** A certificate with its chain, and its private key, in PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

const IDLE_CHECK_MS = 1_000;
/** Any encoder's and any player's library of the last ten years has it. */
const OLDEST_TLS = 'TLSv1.2';

/** Listens for RTMP clients, with and without TLS. One instance has no state that another one shares. */
export class RtmpServer {
  private readonly options: RtmpServerOptions;
  private readonly census: Census;
  private readonly servers: Server[] = [];
  private tlsServer: TlsServer | null = null;
  private readonly connections = new Set<ServerConnection>();
  /** Of the sockets that were let in, by the peer's address and port. */
  private readonly entries = new Map<string, Entry>();
  private strangersBytes = 0;
  private stopChecks: () => void = () => {};

  constructor(options: RtmpServerOptions) {
    this.options = options;
    this.census = new Census(options.limits);
  }

  /** Resolves to the port once it listens; rejects where it cannot (EADDRINUSE, EACCES). */
  listen(port: number, host?: string): Promise<number> {
    const server = createServer({ noDelay: true });
    server.on('connection', (socket) => {
      if (this.letIn(socket)) this.accept(socket);
    });
    return this.open(server, port, host);
  }

  /** The same for RTMPS. Throws where the certificate and the key are none, or do not belong together. */
  listenTls(port: number, host: string | undefined, identity: TlsIdentity): Promise<number> {
    const { handshakeTimeoutMs: handshakeTimeout } = this.options.limits;
    const server = createTlsServer({ ...identity, minVersion: OLDEST_TLS, handshakeTimeout, noDelay: true });
    // Before TLS's handshake, which costs far more than the connection.
    server.on('connection', (socket: Socket) => this.letIn(socket));
    server.on('secureConnection', (socket) => this.accept(socket));
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.tlsServer = server;
    return this.open(server, port, host);
  }

  /** For connections from now on. Throws as `listenTls` does; the old identity then stays. */
  renew(identity: TlsIdentity): void {
    this.tlsServer?.setSecureContext({ ...identity, minVersion: OLDEST_TLS });
  }

  /** Asks the clients of one kind that have said that they can to connect anew. Nobody is closed by it. */
  requestReconnect(role: 'publisher' | 'viewer', description: string): void {
    for (const { session } of this.connections) {
      if (session.role === role) session.requestReconnect(description);
    }
  }

  /** Stops listening and ends all connections; publishers and viewers are told why. */
  async close(reason: string): Promise<void> {
    const closed = this.servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    this.stopChecks();
    for (const connection of [...this.connections]) {
      connection.session.announceEnd(reason);
      connection.close(reason);
    }
    await Promise.all(closed);
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  get handshakesUnderWay(): number {
    return this.census.handshakes;
  }

  private open(server: Server, port: number, host: string | undefined): Promise<number> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host }, () => {
        server.removeListener('error', reject);
        if (this.servers.length === 0) this.stopChecks = this.startChecks();
        this.servers.push(server);
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  private startChecks(): () => void {
    return this.options.clock.every(IDLE_CHECK_MS, () => {
      for (const connection of this.connections) connection.checkIdle();
    });
  }

  /** Whether there is room for a socket; one that there is none for is gone. */
  private letIn(socket: Socket): boolean {
    const { remoteAddress = 'gone' } = socket;
    const peer = peerAddress(socket);
    const limit = this.census.limitMet(remoteAddress);
    if (limit === 'handshakes') {
      this.turnOutSlowest();
    } else if (limit !== null) {
      socket.destroy();
      this.options.onLimit(limit, peer);
      return false;
    }
    // Of a socket under TLS, nobody else hears that it is turned out.
    socket.on('error', () => {});
    const entry = this.census.enter(remoteAddress, (reason) => {
      this.options.onLimit('handshakes', peer);
      socket.destroy(new Error(reason));
    });
    this.entries.set(peer, entry);
    socket.once('close', () => this.leave(peer, entry));
    return true;
  }

  private leave(peer: string, entry: Entry): void {
    entry.leave();
    if (this.entries.get(peer) === entry) this.entries.delete(peer);
  }

  private turnOutSlowest(): void {
    const slowest = this.census.slowest();
    slowest?.leave();
    slowest?.turnOut('more than limits.handshakes are under way, and this is the oldest of its address');
  }

  private accept(socket: Socket): void {
    const { clock, limits, handler, onClosed, onLimit } = this.options;
    const entry = this.entries.get(peerAddress(socket));
    if (entry === undefined) {
      socket.destroy();
      return;
    }
    let isHandedOver = false;
    const connection = new ServerConnection({
      socket,
      clock,
      limits,
      handler,
      onHandshake: entry.handshakeDone,
      onHandedOver: () => {
        isHandedOver = true;
      },
      onThrottled: () => onLimit('publisherKbps', connection.address),
      onHeld: (bytes) => this.countStrangers(bytes),
      onClose: (reason, role) => {
        this.connections.delete(connection);
        if (isHandedOver) this.leave(connection.address, entry);
        onClosed({ address: connection.address, role, reason });
      },
    });
    this.connections.add(connection);
  }

  /** Strangers hold too much together: the one that holds most goes. An encoder's first words are far smaller than that. */
  private countStrangers(grownBytes: number): void {
    const { limits, onLimit } = this.options;
    this.strangersBytes += grownBytes;
    if (this.strangersBytes <= limits.strangersBytes || grownBytes < 0) return;
    const largest = [...this.connections].reduce((a, b) => (b.strangerBytes > a.strangerBytes ? b : a));
    onLimit('strangersBytes', largest.address);
    largest.close(`connections without a key hold more than limits.strangersBytes, and this one most`);
  }
}
