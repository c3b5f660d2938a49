import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Extensions } from '../../runtime/codec/media-message.ts';
import type { MediaPacket, Metadata } from '../../runtime/media/packet.ts';
import { RtmpServer, type RtmpServerOptions } from '../../runtime/rtmp/server.ts';
import {
  type Peer,
  type Playback,
  type Publication,
  type Refusal,
  refusal,
  type ServerHandler,
  type StreamRequest,
  type Viewer,
} from '../../runtime/rtmp/server-handler.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { connectRaw, type RawPeer } from './raw-peer.ts';

/** A publish that was granted, and what came of it. */
export class RecordedPublication implements Publication {
  readonly request: StreamRequest;
  readonly publisher: Peer;
  readonly packets: MediaPacket[] = [];
  readonly metadatas: Metadata[] = [];
  readonly ends: string[] = [];

  constructor(request: StreamRequest, publisher: Peer) {
    this.request = request;
    this.publisher = publisher;
  }

  packet(packet: MediaPacket): void {
    if (this.ends.length > 0) throw new Error('a packet behind the end of its publish');
    this.packets.push(packet);
  }

  metadata(metadata: Metadata): void {
    this.metadatas.push(metadata);
  }

  end(reason: string): void {
    this.ends.push(reason);
  }
}

/** A play that was granted, and what came of it. */
export class RecordedPlayback implements Playback {
  readonly request: StreamRequest;
  readonly viewer: Viewer;
  readonly extensions: Extensions;
  starts = 0;
  readonly stops: string[] = [];

  constructor(request: StreamRequest, viewer: Viewer, extensions: Extensions) {
    this.request = request;
    this.viewer = viewer;
    this.extensions = extensions;
  }

  start(): void {
    this.starts += 1;
  }

  stop(reason: string): void {
    this.stops.push(reason);
  }
}

/** Grants all but the application `secret`, and streams that are called `taken` or `nothing`; closes who asks for `self`. */
class RecordingHandler implements ServerHandler {
  readonly publications: RecordedPublication[] = [];
  readonly playbacks: RecordedPlayback[] = [];
  readonly connects: string[] = [];
  readonly requests: StreamRequest[] = [];

  connect({ app }: StreamRequest): Refusal | null {
    this.connects.push(app);
    return app === 'secret' ? refusal('NetConnection.Connect.Rejected', `no application ${app}`) : null;
  }

  publish(request: StreamRequest, publisher: Peer): Publication | Refusal {
    this.requests.push(request);
    if (request.name === 'taken') return refusal('NetStream.Publish.BadName', 'someone else publishes there');
    const publication = new RecordedPublication(request, publisher);
    this.publications.push(publication);
    if (request.name === 'self') publisher.close('taken over by itself');
    return publication;
  }

  play(request: StreamRequest, viewer: Viewer, extensions: Extensions): Playback | Refusal {
    this.requests.push(request);
    if (request.name === 'nothing') return refusal('NetStream.Play.StreamNotFound', 'no such program');
    const playback = new RecordedPlayback(request, viewer, extensions);
    this.playbacks.push(playback);
    if (request.name === 'self') viewer.close('closed while it asked');
    return playback;
  }
}

export const LIMITS = {
  connections: 50,
  connectionsPerAddress: 50,
  handshakes: 50,
  strangersBytes: 10_000_000,
  handshakeTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  messageBytes: 1_000_000,
  publisherKbps: 100_000,
};

/** A server on a port of its own, with a clock that the test moves and a handler that writes down what it is asked. */
export class TestServer {
  readonly clock = new FakeClock();
  readonly handler = new RecordingHandler();
  readonly closed: Array<Parameters<RtmpServerOptions['onClosed']>[0]> = [];
  readonly limitsMet: string[] = [];
  readonly server: RtmpServer;
  port = 0;
  private readonly peers: RawPeer[] = [];
  private readonly silentPeers: Socket[] = [];

  constructor(limits = LIMITS) {
    this.server = new RtmpServer({
      handler: this.handler,
      clock: this.clock,
      limits,
      onClosed: (event) => this.closed.push(event),
      onLimit: (limit) => this.limitsMet.push(limit),
    });
  }

  static async start(limits = LIMITS): Promise<TestServer> {
    const server = new TestServer(limits);
    server.port = await server.server.listen(0, '127.0.0.1');
    return server;
  }

  /** Ends everything; clients that a test left open go with it. */
  async stop(): Promise<void> {
    for (const socket of [...this.silentPeers, ...this.peers.map((peer) => peer.socket)]) socket.destroy();
    await this.server.close('the test is over');
  }

  url(path: string): string {
    return `rtmp://127.0.0.1:${this.port}/${path}`;
  }

  /** A client that has shaken hands. */
  async raw(options: { allowHalfOpen?: boolean } = {}): Promise<RawPeer> {
    const peer = await connectRaw(this.port, options);
    this.peers.push(peer);
    return peer;
  }

  /** A connection that says nothing. */
  async silent(): Promise<Socket> {
    const socket = connect(this.port, '127.0.0.1');
    socket.on('error', () => {});
    this.silentPeers.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** A client that is connected to an application and has opened message stream 1. */
  async connected(app = 'master'): Promise<RawPeer> {
    const peer = await this.raw();
    peer.command(0, 'connect', 1, { app, tcUrl: this.url(app) });
    peer.command(0, 'createStream', 2, null);
    await peer.reply(2);
    return peer;
  }

  /** A client that publishes on message stream 1. */
  async publishing(name: string): Promise<{ peer: RawPeer; publication: RecordedPublication }> {
    const peer = await this.connected();
    peer.command(1, 'publish', 0, null, name, 'live');
    await peer.status('status NetStream.Publish.Start');
    const publication = this.handler.publications.find(({ request }) => request.name === name);
    if (publication === undefined) throw new Error(`nobody asked for ${name}`);
    return { peer, publication };
  }

  /** The reason for which the one connection that ended did. */
  async onlyEnd(): Promise<string> {
    await until('a connection to end', () => this.closed.length > 0);
    if (this.closed.length > 1) throw new Error(`ended: ${JSON.stringify(this.closed)}`);
    return this.closed[0]?.reason ?? '';
  }
}
