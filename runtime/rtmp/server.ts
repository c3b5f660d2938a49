import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../media/clock.ts';
import { type ConnectionLimits, ServerConnection } from './server-connection.ts';
import type { ServerHandler } from './server-handler.ts';

export interface RtmpServerOptions {
  readonly handler: ServerHandler;
  readonly clock: Clock;
  readonly limits: ConnectionLimits & { readonly connections: number };
  /** Called once for each connection that ends. */
  readonly onClosed: (event: { address: string; role: string; reason: string }) => void;
}

const IDLE_CHECK_MS = 1_000;

/** Listens for RTMP clients. One instance has no state that another one shares. */
export class RtmpServer {
  private readonly options: RtmpServerOptions;
  private readonly server: Server;
  private readonly connections = new Set<ServerConnection>();

  constructor(options: RtmpServerOptions) {
    this.options = options;
    this.server = createServer({ noDelay: true });
    this.server.maxConnections = options.limits.connections;
    this.server.on('connection', (socket) => this.accept(socket));
  }

  /** Resolves to the port once it listens; rejects where it cannot (EADDRINUSE, EACCES). */
  listen(port: number, host?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port, host }, () => {
        this.server.removeListener('error', reject);
        const stopChecks = this.options.clock.every(IDLE_CHECK_MS, () => {
          for (const connection of this.connections) connection.checkIdle();
        });
        this.server.once('close', stopChecks);
        const address = this.server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Asks the clients of one kind that have said that they can to connect anew. Nobody is closed by it. */
  requestReconnect(role: 'publisher' | 'viewer', description: string): void {
    for (const { session } of this.connections) {
      if (session.role === role) session.requestReconnect(description);
    }
  }

  /** Stops listening and ends all connections; publishers and viewers are told why. */
  close(reason: string): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      for (const connection of [...this.connections]) {
        connection.session.announceEnd(reason);
        connection.close(reason);
      }
    });
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  private accept(socket: Socket): void {
    const { clock, limits, handler, onClosed } = this.options;
    const connection = new ServerConnection({
      socket,
      clock,
      limits,
      handler,
      onClose: (reason, role) => {
        this.connections.delete(connection);
        onClosed({ address: connection.address, role, reason });
      },
    });
    this.connections.add(connection);
  }
}
