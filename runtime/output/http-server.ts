import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type FastifyInstance, fastify } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Cancel, Clock } from '../media/clock.ts';
import { peerAddress } from '../rtmp/peer-address.ts';
import { pendingBytes } from '../rtmp/pending-bytes.ts';
import { joinFlv } from './flv-viewer.ts';
import type { ProgramFeed } from './program-feed.ts';
import { SocketSink } from './socket-sink.ts';
import type { CloseCause, ViewerSink } from './viewer-queue.ts';

export interface HttpServerOptions {
  readonly clock: Clock;
  /** The feed of `live/NAME`. */
  readonly feedOf: (program: string) => ProgramFeed | undefined;
  /** Why no viewer may come now; null where one may. */
  readonly viewerRefusal: () => string | null;
  /** Why a viewer may not play a program with this query; null where it may. Is asked first. */
  readonly playRefusal: (program: string, query: URLSearchParams, address: string) => string | null;
  /** Whether this host takes no more viewers and ends when those that it has are gone. */
  readonly isDraining: () => boolean;
  /** Not there: viewers all stay in this process. */
  readonly carrier?: ViewerCarrier;
  readonly onViewer: (event: {
    program: string;
    address: string;
    protocol: 'http-flv' | 'ws-flv';
    ended: string | null;
  }) => void;
}

/** Takes viewers' sockets to other processes. */
export interface ViewerCarrier {
  /** Whether the next viewer should go. */
  wantsViewer(): boolean;
  /** Offers a viewer's socket, and returns how to take the viewer off again; null where it has to stay. */
  carry(viewer: {
    readonly program: string;
    readonly socket: Socket;
    readonly onGone: (reason: string) => void;
  }): Cancel | null;
}

const FLV_PATH = /^\/live\/([A-Za-z0-9_-]{1,64})\.flv$/;
/** A request must be complete within this time: slow ones are attacks. */
const REQUEST_TIMEOUT_MS = 10_000;
/** WebSocket viewers have nothing to say. */
const MAX_WEBSOCKET_MESSAGE_BYTES = 1_024;
const WEBSOCKET_GONE_MS = 1_000;
/** RFC 6455, 7.4.1, and IANA's registry: "going away", "try again later". */
const WEBSOCKET_CLOSE_CODES: Record<CloseCause, number> = { 'going-away': 1001, 'turned-out': 1013 };
/** What a viewer that may not come now is told to wait, in seconds: a load balancer has another host by then. */
const RETRY_AFTER_S = '5';

/**
 * HTTP for viewers: `/healthz`, and `/live/NAME.flv` as HTTP-FLV and, asked to upgrade, as WebSocket-FLV.
 * `/healthz` says that this host can serve: 200, or 503 while it drains. It never depends on an encoder.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const app = fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
  });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES,
  });
  app.get('/healthz', async (_request, reply) => {
    if (!options.isDraining()) return { status: 'serving' };
    return reply.code(503).header('connection', 'close').send({ status: 'draining' });
  });
  app.route({
    method: ['GET', 'HEAD'],
    url: '/live/:file',
    handler: (request, reply) => {
      const asked = admit(request.raw, options);
      if ('error' in asked) {
        const { status, error } = asked;
        return reply.code(status).headers(refusalHeaders(asked)).send({ error });
      }
      reply.hijack();
      sendFlv(request.raw, reply.raw, asked.feed, asked.program, options);
      return reply;
    },
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const asked = admit(request, options);
    socket.on('error', () => socket.destroy());
    if ('error' in asked) {
      refuseUpgrade(socket, asked);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      joinWebSocket(webSocket, request.socket, asked.feed, asked.program, options);
    });
  });
  return app;
}

interface Refused {
  readonly status: 403 | 404 | 503;
  readonly error: string;
}

/** What a request asks for, or why it does not get it. */
function admit(
  { url = '', socket }: IncomingMessage,
  options: HttpServerOptions,
): { readonly feed: ProgramFeed; readonly program: string } | Refused {
  const [path = '', query] = url.split('?');
  const program = FLV_PATH.exec(path)?.[1] ?? '';
  const feed = options.feedOf(program);
  if (feed === undefined) return { status: 404, error: `there is no program at ${path}` };
  const unsigned = options.playRefusal(program, new URLSearchParams(query), peerAddress(socket));
  if (unsigned !== null) return { status: 403, error: unsigned };
  const full = options.viewerRefusal();
  return full === null ? { feed, program } : { status: 503, error: full };
}

/** Pages of other sites may read why, and nobody keeps it. */
function refusalHeaders({ status }: Refused): Record<string, string> {
  return {
    'access-control-allow-origin': '*',
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': RETRY_AFTER_S } : {}),
  };
}

function refuseUpgrade(socket: Duplex, refused: Refused): void {
  const { status, error } = refused;
  const body = JSON.stringify({ error });
  const headers = {
    ...refusalHeaders(refused),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  // The connection has left the HTTP server's time-outs: a peer that keeps its side open must not hold it.
  socket.once('finish', () => socket.destroy());
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'));
}

/**
 * The response has no length and no chunks: it ends with the connection (RFC 9112, 6.3), so that what is written to
 * each viewer is one shared buffer and nothing else. Behind the head, it goes to the socket directly.
 */
function sendFlv(
  request: IncomingMessage,
  response: ServerResponse,
  feed: ProgramFeed,
  program: string,
  options: HttpServerOptions,
): void {
  response.shouldKeepAlive = false;
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, {
    'content-type': 'video/x-flv',
    'cache-control': 'no-store',
    'access-control-allow-origin': '*',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  const { socket } = request;
  const address = peerAddress(socket);
  let leave: Cancel = () => {};
  let isOver = false;
  const end = once((reason) => {
    isOver = true;
    leave();
    options.onViewer({ program, address, protocol: 'http-flv', ended: reason });
  });
  const close = (reason: string): void => {
    end(reason);
    response.destroy();
  };
  const joinHere = (): Cancel => joinFlv(feed, new SocketSink(socket, close));
  const { carrier, clock } = options;
  // Not while Node's parser is at work on it: it would keep the socket.
  if (carrier?.wantsViewer()) {
    clock.soon(() => {
      if (!isOver) leave = carrier.carry({ program, socket, onGone: (reason) => end(reason) }) ?? joinHere();
    });
  } else leave = joinHere();
  options.onViewer({ program, address, protocol: 'http-flv', ended: null });
  response.on('error', (error) => end(`socket: ${error.message}`));
  response.on('close', () => end('closed by peer'));
}

function joinWebSocket(
  webSocket: WebSocket,
  socket: Socket,
  feed: ProgramFeed,
  program: string,
  options: HttpServerOptions,
): void {
  const address = peerAddress(socket);
  const close = (reason: string, cause: CloseCause): void => {
    end(reason);
    webSocket.close(WEBSOCKET_CLOSE_CODES[cause], reason.slice(0, 100));
    options.clock.after(WEBSOCKET_GONE_MS, () => webSocket.terminate());
  };
  const leave = joinFlv(feed, new WebSocketSink(webSocket, socket, close));
  const end = once((reason) => {
    leave();
    options.onViewer({ program, address, protocol: 'ws-flv', ended: reason });
  });
  options.onViewer({ program, address, protocol: 'ws-flv', ended: null });
  webSocket.on('error', (error) => end(`socket: ${error.message}`));
  webSocket.on('close', () => end('closed by peer'));
}

class WebSocketSink implements ViewerSink {
  readonly address: string;
  readonly close: ViewerSink['close'];
  private readonly webSocket: WebSocket;
  private readonly socket: Socket;

  constructor(webSocket: WebSocket, socket: Socket, close: ViewerSink['close']) {
    this.webSocket = webSocket;
    this.socket = socket;
    this.address = peerAddress(socket);
    this.close = close;
  }

  get pendingBytes(): number {
    return this.webSocket.bufferedAmount - this.socket.writableLength + pendingBytes(this.socket);
  }

  write(bytes: Buffer): void {
    this.webSocket.send(bytes);
  }
}

function once(task: (reason: string) => void): (reason: string) => void {
  let isDone = false;
  return (reason) => {
    if (isDone) return;
    isDone = true;
    task(reason);
  };
}
