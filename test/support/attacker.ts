import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { AmfObject } from '../../runtime/codec/amf0.ts';
import { RawPeer } from '../rtmp/raw-peer.ts';
import { until } from './until.ts';

/** A path of a server under attack: `master` and `camera3?key=…`. */
export interface TargetPath {
  readonly app: string;
  readonly name: string;
}

export interface Target {
  readonly port: number;
  /** May be published to. */
  readonly input: TargetPath;
  /** The same without the right key. */
  readonly lockedInput: TargetPath;
  /** What is published there is played here. */
  readonly program: TargetPath;
}

/** Another address than that of the viewers, who are not to pay for what comes from here. Linux takes all of 127/8. */
const ATTACKERS_ADDRESS = '127.0.0.2';
const PATIENCE_MS = 60_000;

/** All connections of one attack: what they sent, and which the server has closed. */
export class Attacker {
  readonly target: Target;
  private readonly sockets: Socket[] = [];
  private readonly addresses: string[] = [];
  private openCount = 0;

  constructor(target: Target) {
    this.target = target;
  }

  get connections(): number {
    return this.sockets.length;
  }

  get openConnections(): number {
    return this.openCount;
  }

  get sentBytes(): number {
    return this.sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0);
  }

  get readBytes(): number {
    return this.sockets.reduce((sum, socket) => sum + socket.bytesRead, 0);
  }

  /** As the server logs them. */
  get peerAddresses(): readonly string[] {
    return this.addresses;
  }

  /** A connection that says nothing; it may never come about. */
  dial(): Socket {
    const socket = connect({ port: this.target.port, host: '127.0.0.1', localAddress: ATTACKERS_ADDRESS });
    this.sockets.push(socket);
    this.openCount += 1;
    socket.once('connect', () => this.addresses.push(`${socket.localAddress}:${socket.localPort}`));
    socket.on('error', () => {});
    // A socket that is not read does not hear of its end either.
    socket.resume();
    socket.once('close', () => {
      this.openCount -= 1;
    });
    return socket;
  }

  /** A connection that has shaken hands. */
  async peer(): Promise<RawPeer> {
    const socket = this.dial();
    await once(socket, 'connect');
    const peer = new RawPeer(socket, 'client');
    await waitFor('the handshake', peer, () => peer.isReady);
    return peer;
  }

  /** As a well-meaning client has them. */
  connectParameters(app: string): AmfObject {
    return { app, tcUrl: `rtmp://127.0.0.1:${this.target.port}/${app}` };
  }

  /** One that is connected to an application and has opened message stream 1. */
  async connected(app: string): Promise<RawPeer> {
    const peer = await this.peer();
    peer.command(0, 'connect', 1, this.connectParameters(app));
    peer.command(0, 'createStream', 2, null);
    await waitFor('createStream', peer, () => peer.commands.some(({ transactionId }) => transactionId === 2));
    return peer;
  }

  /** One that publishes to the input, with its key. */
  async publishing(): Promise<RawPeer> {
    const { app, name } = this.target.input;
    const peer = await this.connected(app);
    peer.command(1, 'publish', 3, null, name, 'live');
    await waitFor('publish', peer, () => peer.statuses.includes('status NetStream.Publish.Start'));
    return peer;
  }

  /** One that plays the program, and never acknowledges anything. */
  async playing(): Promise<RawPeer> {
    const { app, name } = this.target.program;
    const peer = await this.connected(app);
    peer.command(1, 'play', 3, null, name);
    await waitFor('play', peer, () => peer.statuses.includes('status NetStream.Play.Start'));
    // What comes is not kept.
    peer.socket.removeAllListeners('data').on('data', () => {});
    return peer;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A server that hangs up instead has answered, too. */
async function waitFor(what: string, peer: RawPeer, check: () => boolean): Promise<void> {
  await until(what, () => check() || peer.isClosed, PATIENCE_MS);
  if (!check()) throw new Error(`the server hung up before ${what}`);
}
