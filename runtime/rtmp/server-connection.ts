import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../codec/protocol-error.ts';
import type { Clock } from '../media/clock.ts';
import { AckWindow } from './ack-window.ts';
import { ChunkReader } from './chunk-reader.ts';
import { ConnectionViewer } from './connection-viewer.ts';
import { Handshake } from './handshake.ts';
import { decodeMessage } from './message.ts';
import { peerAddress } from './peer-address.ts';
import { ReadAllowance } from './read-allowance.ts';
import type { ServerHandler, Viewer } from './server-handler.ts';
import { ServerSession, type SessionConnection } from './server-session.ts';

export interface ConnectionLimits {
  readonly handshakeTimeoutMs: number;
  /** A client that neither plays nor sends anything for so long is closed. */
  readonly idleTimeoutMs: number;
  /** Largest media message, in bytes. */
  readonly messageBytes: number;
  /** What a publisher may send on the mean: more is not read, so that TCP slows it down. */
  readonly publisherKbps: number;
}

/** Until a client may publish, it has only commands to send. */
const COMMAND_MESSAGE_BYTES = 64 * 1024;
const MAX_CHUNK_STREAMS = 64;
/** What a client that has shown no key may send on the mean: commands, and acknowledgements while it plays. */
const COMMAND_KBPS = 1_000;
/** Replies that a client has asked for and not taken may hold this much. */
const MAX_REPLY_BYTES = 1024 * 1024;
/** Time to take the last replies, after which the socket is destroyed. */
const CLOSE_GRACE_MS = 1_000;
const KEEP_ALIVE_MS = 15_000;

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly limits: ConnectionLimits;
  readonly handler: ServerHandler;
  /** Called once, unless the connection ends before. */
  readonly onHandshake: () => void;
  /** Its socket is somebody else's: that it closes is told by `onClose` alone. */
  readonly onHandedOver?: () => void;
  /** It publishes faster than it may, and is made to wait. */
  readonly onThrottled: () => void;
  /** By how many bytes `strangerBytes` has grown, or shrunk. */
  readonly onHeld: (bytes: number) => void;
  /** Called once. */
  readonly onClose: (reason: string, role: ServerSession['role']) => void;
}

/**
 * One RTMP client's socket: handshake, then chunks to a session. Closes once, with one reason.
 *
 *   handshake ▶ open ▶ closing (last replies on their way) ▶ closed
 */
export class ServerConnection implements SessionConnection {
  readonly address: string;
  readonly session: ServerSession;
  /** The client's own, or what stands for it. */
  private socket: Duplex;
  private readonly clock: Clock;
  private readonly limits: ConnectionLimits;
  private readonly handshake: Handshake;
  private readonly reader: ChunkReader;
  private readonly allowance: ReadAllowance;
  private readonly openedAt: number;
  private lastReceivedAt: number;
  private readonly ackWindow = new AckWindow();
  /** Replies that were written since the client had last taken everything. */
  private replyBytes = 0;
  private isClosed = false;
  /** Bytes of messages that have not come whole and of replies that are not taken, as long as it has shown no key. */
  strangerBytes = 0;
  private isStranger = true;
  private readonly options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    const { socket, clock, limits, handler } = options;
    this.options = options;
    this.socket = socket;
    this.clock = clock;
    this.limits = limits;
    this.address = peerAddress(socket);
    this.openedAt = clock.now();
    this.lastReceivedAt = this.openedAt;
    this.allowance = new ReadAllowance(COMMAND_KBPS, this.openedAt);
    this.handshake = new Handshake('server', (bytes) => this.write(bytes));
    this.session = new ServerSession(handler, this, this.ackWindow);
    this.reader = new ChunkReader(
      {
        maxMessageBytes: COMMAND_MESSAGE_BYTES,
        maxBufferedBytes: 2 * COMMAND_MESSAGE_BYTES,
        maxChunkStreams: MAX_CHUNK_STREAMS,
      },
      (raw) => {
        for (const message of decodeMessage(raw)) if (!this.isClosed) this.session.receive(message);
      },
    );
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.listen(socket);
  }

  /** Closes what has been silent for too long. Called about once a second. */
  checkIdle(): void {
    const now = this.clock.now();
    const { handshakeTimeoutMs, idleTimeoutMs } = this.limits;
    if (!this.handshake.isDone && now - this.openedAt > handshakeTimeoutMs) {
      this.close(`handshake-timeout: no handshake within ${handshakeTimeoutMs} ms`);
    } else if (this.session.role !== 'viewer' && now - this.lastReceivedAt > idleTimeoutMs) {
      this.close(`idle-timeout: nothing received for ${idleTimeoutMs} ms`);
    }
  }

  write(bytes: Buffer): void {
    this.replyBytes = bytes.length + (this.socket.writableLength === 0 ? 0 : this.replyBytes);
    if (!this.isClosed) this.socket.write(bytes);
  }

  allowLargeMessages(): void {
    const { messageBytes, publisherKbps } = this.limits;
    this.isStranger = false;
    this.allowance.raise(publisherKbps);
    this.countHeld();
    this.reader.limits.maxMessageBytes = messageBytes;
    // A whole message of video and one of audio at a time, with commands in between.
    this.reader.limits.maxBufferedBytes = 2 * messageBytes + COMMAND_MESSAGE_BYTES;
  }

  viewer(messageStreamId: number, onAir: () => void): Viewer {
    return new ConnectionViewer({ messageStreamId, connection: this, socket: this.socket, onAir });
  }

  close(reason: string): void {
    if (this.isClosed) return;
    this.socket.end();
    this.clock.after(CLOSE_GRACE_MS, () => this.socket.destroy());
    this.finish(reason);
  }

  /** What the client makes us hold; each has a bound (docs/specifications.md, "Bounds"). */
  get held() {
    const { reader, session, replyBytes } = this;
    return {
      messageBytes: reader.heldBytes,
      chunkStreams: reader.chunkStreamCount,
      messageStreams: session.streamCount,
      replyBytes,
    };
  }

  private listen(socket: Duplex): void {
    socket.on('data', (data: Buffer) => this.receive(data));
    socket.on('error', (error) => this.finish(`socket: ${error.message}`));
    socket.on('end', () => this.finish('closed by peer'));
    socket.on('close', () => this.finish('closed by peer'));
  }

  offerSocket(take: (socket: Socket) => Duplex | null): void {
    const { socket } = this.options;
    // With several streams, others than who takes it write to it.
    if (this.isClosed || this.socket !== socket || this.session.streamCount > 1) return;
    const stand = take(socket);
    if (stand === null) return;
    // Whatever it still says here is not the client's.
    for (const event of ['data', 'end', 'close']) socket.removeAllListeners(event);
    this.socket = stand;
    this.listen(stand);
    this.options.onHandedOver?.();
  }

  private receive(data: Buffer): void {
    if (this.isClosed) return;
    this.lastReceivedAt = this.clock.now();
    this.ackWindow.receive(data.length);
    this.socket.cork();
    try {
      this.countRead(data.length);
      this.reader.push(this.handshake.isDone ? data : this.shakeHands(data));
      const sequence = this.ackWindow.takeDue();
      if (sequence !== null) this.session.acknowledge(sequence);
      this.countHeld();
      if (this.replyBytes > MAX_REPLY_BYTES) {
        throw new ProtocolError(
          'too-many-commands',
          `${this.replyBytes} bytes of replies that it does not take`,
        );
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(`${error.code}: ${error.message}`);
    } finally {
      this.socket.uncork();
    }
  }

  /** A publisher that sends more than it may is not read for a while; others have nothing to say that takes so much. */
  private countRead(bytes: number): void {
    const waitMs = this.allowance.take(bytes, this.clock.now());
    if (waitMs === 0) return;
    if (this.isStranger) {
      throw new ProtocolError('too-many-bytes', `more than ${COMMAND_KBPS} kbit/s, and no key`);
    }
    this.options.onThrottled();
    this.socket.pause();
    this.clock.after(waitMs, () => this.socket.resume());
  }

  private shakeHands(data: Buffer): Buffer {
    const rest = this.handshake.push(data);
    if (this.handshake.isDone) this.options.onHandshake();
    return rest;
  }

  private countHeld(): void {
    const isCounted = this.isStranger && !this.isClosed;
    const held = isCounted
      ? this.reader.heldBytes + Math.min(this.replyBytes, this.socket.writableLength)
      : 0;
    if (held === this.strangerBytes) return;
    const grown = held - this.strangerBytes;
    this.strangerBytes = held;
    this.options.onHeld(grown);
  }

  private finish(reason: string): void {
    if (this.isClosed) return;
    // The session's last words are not sent any more: the peer is gone, or has been told the reason.
    this.isClosed = true;
    this.countHeld();
    const { role } = this.session;
    this.session.end(reason);
    if (!this.socket.writableEnded) this.socket.destroy();
    // One that is not read would not be seen to go.
    this.socket.resume();
    this.options.onClose(reason, role);
  }
}
