import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AmfObject, AmfValue } from '../codec/amf0.ts';
import { asObject, decodeData, encodeSetDataFrame } from '../codec/data-message.ts';
import { packetBody, parseMedia } from '../codec/media-message.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import type { Cancel, Clock } from '../media/clock.ts';
import { type MediaPacket, type Metadata, messageKind } from '../media/packet.ts';
import { AckWindow } from './ack-window.ts';
import { type Capabilities, NO_CAPABILITIES, offerCapabilities, readAnswer } from './capabilities.ts';
import { ChunkReader } from './chunk-reader.ts';
import { encodeMessage, OUT_CHUNK_SIZE } from './chunk-writer.ts';
import { Handshake } from './handshake.ts';
import {
  commandMessage,
  controlMessage,
  decodeMessage,
  type Message,
  userControlMessage,
} from './message.ts';
import { pendingBytes } from './pending-bytes.ts';
import { parseRtmpUrl, type RtmpUrl } from './rtmp-url.ts';
import { ChunkStreamId, DEFAULT_CHUNK_SIZE, MessageType, type RawMessage, UserControlEvent } from './wire.ts';

/** A server's refusal: the status code (`NetStream.Publish.BadName` …) and what it said. */
export class RtmpStatusError extends Error {
  readonly code: string;

  constructor(code: string, description: string) {
    super(description === '' ? code : `${code}: ${description}`);
    this.name = 'RtmpStatusError';
    this.code = code;
  }
}

export interface RtmpClientOptions {
  readonly clock: Clock;
  /** From the connection to the first answer to publish or play. Default 10 s. */
  readonly timeoutMs?: number;
  /** Ping a silent server so often, and give up on one that says nothing for three times as long. Default: never. */
  readonly keepAliveMs?: number;
  /** The server asks to connect anew (E-RTMP v2, "Reconnect Request"). Without this, it is told that we cannot. */
  readonly onReconnectRequest?: (connection: RtmpConnection) => void;
}

/** Takes what a played stream brings, in order. */
export interface PlayListener {
  packet(packet: MediaPacket): void;
  /** A data message: its name and first value, and the whole of it. */
  data(name: string, value: AmfValue, timestamp: number, payload: Buffer): void;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_DESCRIPTION_LENGTH = 300;
/** A server that says nothing for so many periods of keep-alive is gone. */
const KEEP_ALIVE_PERIODS = 3;
/**
 * The answer to a ping comes behind all that waits in front of it. On a slow way that takes longer than we wait for a word,
 * so the server is asked to acknowledge (RTMP 1.0, 5.4.4) so often that whoever takes anything is heard.
 */
const KEEP_ALIVE_WINDOW_BYTES = 65_536;
const MAX_MESSAGE_BYTES = 16_777_215;
/** What players ask for: it tells the server how much they mean to buffer. */
const BUFFER_MS = 1_000;

const MESSAGE_TYPES = {
  video: MessageType.video,
  audio: MessageType.audio,
  data: MessageType.dataAmf0,
} as const;

/** Connects and publishes. Resolves when the server has accepted; rejects with RtmpStatusError where it refuses. */
export async function publishRtmp(url: string, options: RtmpClientOptions): Promise<RtmpPublisher> {
  const client = await RtmpClient.open(parseRtmpUrl(url), options);
  await client.publish();
  return client;
}

/** Connects and plays. Errors as in publishRtmp. */
export async function playRtmp(
  url: string,
  options: RtmpClientOptions,
  listener: PlayListener,
): Promise<RtmpPlayer> {
  const client = await RtmpClient.open(parseRtmpUrl(url), options);
  await client.play(listener);
  return client;
}

interface RtmpConnection {
  /** Resolves with the reason when the connection has ended, whoever ended it. */
  readonly closed: Promise<string>;
  /** Ends the stream and the connection. With a reason: at once, for what does not take anything any more. */
  close(reason?: string): void;
}

export type RtmpPlayer = RtmpConnection;

export interface RtmpPublisher extends RtmpConnection {
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly pendingBytes: number;
  readonly messageStreamId: number;
  /** What the server said with its acceptance. */
  readonly startInfo: AmfObject;
  /** Sends messages that are chunks already, of OUT_CHUNK_SIZE and on `messageStreamId`. */
  write(bytes: Buffer): void;
  /** What the server has not said that it can take is left out. */
  send(packet: MediaPacket): void;
  sendMetadata(metadata: Metadata): void;
}

interface Waiter {
  readonly resolve: (args: readonly AmfValue[]) => void;
  readonly reject: (error: Error) => void;
}

/** One connection of an RTMP client with one stream (RTMP 1.0, 7.2). */
class RtmpClient implements RtmpPublisher, RtmpPlayer {
  readonly closed: Promise<string>;
  private readonly url: RtmpUrl;
  private readonly socket: Socket;
  private readonly handshake: Handshake;
  private readonly reader: ChunkReader;
  private readonly replies = new Map<number, Waiter>();
  private statusWaiter: (Waiter & { readonly code: string }) | null = null;
  private listener: PlayListener | null = null;
  private handshakeDone: () => void = () => {};
  private fail: (error: Error) => void = () => {};
  private nextTransaction = 1;
  messageStreamId = 0;
  startInfo: AmfObject = {};
  private serverCapabilities: Capabilities = NO_CAPABILITIES;
  private outChunkSize = DEFAULT_CHUNK_SIZE;
  private readonly ackWindow = new AckWindow();

  static async open(url: RtmpUrl, options: RtmpClientOptions): Promise<RtmpClient> {
    const client = new RtmpClient(url);
    client.onReconnectRequest = options.onReconnectRequest;
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timedOut = new Error(`no answer from ${url.tcUrl} within ${timeoutMs} ms`);
    client.stopTimer = options.clock.after(timeoutMs, () => client.socket.destroy(timedOut));
    if (options.keepAliveMs !== undefined) client.keepAlive(options.keepAliveMs, options.clock);
    await client.ready;
    await client.connect(options.keepAliveMs !== undefined);
    return client;
  }

  private stopTimer: Cancel = () => {};
  private onReconnectRequest: RtmpClientOptions['onReconnectRequest'];
  private readonly ready: Promise<void>;

  private constructor(url: RtmpUrl) {
    this.url = url;
    this.socket = openSocket(url);
    this.handshake = new Handshake('client', (bytes) => this.socket.write(bytes));
    this.reader = new ChunkReader(
      { maxMessageBytes: MAX_MESSAGE_BYTES, maxBufferedBytes: 2 * MAX_MESSAGE_BYTES, maxChunkStreams: 64 },
      (raw) => {
        for (const message of decodeMessage(raw)) this.receive(message);
      },
    );
    this.ready = new Promise((resolve, reject) => {
      this.handshakeDone = resolve;
      this.fail = reject;
    });
    this.ready.catch(() => {});
    this.closed = new Promise((resolve) => {
      let reason = 'closed by the server';
      this.socket.on('error', (error) => {
        reason = error.message;
        this.abandon(new Error(`${url.tcUrl}: ${error.message}`, { cause: error }));
      });
      this.socket.on('close', () => {
        this.stopTimer();
        this.abandon(new Error(`${url.tcUrl}: ${reason}`));
        resolve(reason);
      });
    });
    this.socket.on('data', (data) => this.push(data));
  }

  get pendingBytes(): number {
    return pendingBytes(this.socket);
  }

  async publish(): Promise<void> {
    const name = this.url.stream;
    this.command('releaseStream', null, name);
    this.command('FCPublish', null, name);
    await this.createStream();
    const started = this.status('NetStream.Publish.Start');
    this.transmit(
      ChunkStreamId.status,
      commandMessage(this.messageStreamId, 'publish', this.takeTransaction(), null, name, 'live'),
    );
    const [info] = await started;
    this.startInfo = asObject(info);
    this.stopTimer();
  }

  async play(listener: PlayListener): Promise<void> {
    this.listener = listener;
    await this.createStream();
    const started = this.status('NetStream.Play.Start');
    this.transmit(
      ChunkStreamId.status,
      commandMessage(this.messageStreamId, 'play', this.takeTransaction(), null, this.url.stream, -2_000),
    );
    this.transmit(
      ChunkStreamId.control,
      userControlMessage(UserControlEvent.setBufferLength, this.messageStreamId, BUFFER_MS),
    );
    await started;
    this.stopTimer();
  }

  send(packet: MediaPacket): void {
    const { timestamp } = packet;
    const payload = packetBody(packet, this.serverCapabilities);
    if (payload === null) return;
    const kind = messageKind(packet);
    const typeId = MESSAGE_TYPES[kind];
    this.transmit(ChunkStreamId[kind], { typeId, streamId: this.messageStreamId, timestamp, payload });
  }

  sendMetadata(metadata: Metadata): void {
    this.transmit(ChunkStreamId.data, {
      typeId: MessageType.dataAmf0,
      streamId: this.messageStreamId,
      timestamp: 0,
      payload: encodeSetDataFrame(metadata),
    });
  }

  close(reason?: string): void {
    if (reason !== undefined) {
      this.socket.destroy(new Error(reason));
      return;
    }
    if (this.messageStreamId !== 0 && this.listener === null)
      this.command('FCUnpublish', null, this.url.stream);
    if (this.messageStreamId !== 0) this.command('deleteStream', null, this.messageStreamId);
    this.socket.end();
  }

  private async connect(isKeptAlive: boolean): Promise<void> {
    this.transmit(ChunkStreamId.control, controlMessage(MessageType.setChunkSize, OUT_CHUNK_SIZE));
    this.outChunkSize = OUT_CHUNK_SIZE;
    if (isKeptAlive) {
      const window = controlMessage(MessageType.windowAckSize, KEEP_ALIVE_WINDOW_BYTES);
      this.transmit(ChunkStreamId.control, window);
    }
    const answer = await this.call('connect', {
      app: this.url.app,
      type: 'nonprivate',
      flashVer: 'FMLE/3.0 (compatible; understudy)',
      tcUrl: this.url.tcUrl,
      ...offerCapabilities({ reconnect: this.onReconnectRequest !== undefined }),
    });
    this.serverCapabilities = readAnswer(answer);
  }

  private async createStream(): Promise<void> {
    const [, id] = await this.call('createStream', null);
    this.messageStreamId = typeof id === 'number' ? id : 1;
  }

  /** Sends a command and waits for its `_result`; `_error` rejects. */
  private call(name: string, ...args: AmfValue[]): Promise<readonly AmfValue[]> {
    const transaction = this.command(name, ...args);
    return new Promise((resolve, reject) => this.replies.set(transaction, { resolve, reject }));
  }

  private command(name: string, ...args: AmfValue[]): number {
    const transaction = this.takeTransaction();
    this.transmit(ChunkStreamId.command, commandMessage(0, name, transaction, ...args));
    return transaction;
  }

  private status(code: string): Promise<readonly AmfValue[]> {
    return new Promise((resolve, reject) => {
      this.statusWaiter = { code, resolve, reject };
    });
  }

  private takeTransaction(): number {
    const transaction = this.nextTransaction;
    this.nextTransaction += 1;
    return transaction;
  }

  write(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** A link that is cut says nothing: only an answer that does not come tells. */
  private keepAlive(periodMs: number, clock: Clock): void {
    let heardBytes = this.ackWindow.receivedBytes;
    let silentPeriods = 0;
    const stop = clock.every(periodMs, () => {
      const { receivedBytes } = this.ackWindow;
      silentPeriods = receivedBytes === heardBytes ? silentPeriods + 1 : 0;
      heardBytes = receivedBytes;
      if (silentPeriods >= KEEP_ALIVE_PERIODS) {
        this.socket.destroy(new Error(`nothing received for ${silentPeriods * periodMs} ms`));
      } else if (this.handshake.isDone) {
        const time = Math.floor(clock.now()) >>> 0;
        this.transmit(ChunkStreamId.control, userControlMessage(UserControlEvent.pingRequest, time));
      }
    });
    void this.closed.then(stop);
  }

  private transmit(chunkStreamId: number, message: RawMessage): void {
    this.write(encodeMessage(chunkStreamId, message, this.outChunkSize));
  }

  private push(data: Buffer): void {
    this.ackWindow.receive(data.length);
    try {
      const wasDone = this.handshake.isDone;
      const rest = wasDone ? data : this.handshake.push(data);
      if (!wasDone && this.handshake.isDone) this.handshakeDone();
      this.reader.push(rest);
    } catch (error) {
      // The server's mistake costs this connection. Ours is not caught.
      if (!(error instanceof ProtocolError)) throw error;
      this.socket.destroy(error);
      return;
    }
    const sequence = this.ackWindow.takeDue();
    if (sequence !== null) {
      this.transmit(ChunkStreamId.control, controlMessage(MessageType.acknowledgement, sequence));
    }
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'audio':
      case 'video': {
        const { type, payload, timestamp } = message;
        for (const packet of parseMedia(type, payload, timestamp)) this.listener?.packet(packet);
        break;
      }
      case 'data': {
        const data = decodeData(message.payload);
        if (data !== null) this.listener?.data(data.name, data.value, message.timestamp, message.payload);
        break;
      }
      case 'command':
        if (message.name === 'onStatus') this.receiveStatus(asObject(message.args[1]));
        else this.receiveReply(message.name, message.transactionId, message.args);
        break;
      case 'window-ack-size':
        this.ackWindow.resize(message.bytes);
        break;
      case 'user-control':
        if (message.event === UserControlEvent.pingRequest) {
          this.transmit(
            ChunkStreamId.control,
            userControlMessage(UserControlEvent.pingResponse, message.value),
          );
        }
        break;
      case 'acknowledgement':
      case 'ignored':
        break;
    }
  }

  private receiveReply(name: string, transactionId: number, args: readonly AmfValue[]): void {
    const waiter = name === '_result' || name === '_error' ? this.replies.get(transactionId) : undefined;
    if (waiter === undefined) return;
    this.replies.delete(transactionId);
    if (name === '_result') waiter.resolve(args);
    else {
      waiter.reject(statusError(asObject(args[1])));
      this.socket.end();
    }
  }

  private receiveStatus(info: AmfObject): void {
    const waiter = this.statusWaiter;
    if (info.level === 'error') {
      const error = statusError(info);
      if (waiter === null) this.socket.destroy(error);
      else waiter.reject(error);
      this.statusWaiter = null;
      this.socket.end();
    } else if (waiter !== null && info.code === waiter.code) {
      this.statusWaiter = null;
      waiter.resolve([info]);
    } else if (info.code === 'NetConnection.Connect.ReconnectRequest') {
      this.onReconnectRequest?.(this);
    }
  }

  /** Nothing more will come: whoever waits hears why. */
  private abandon(error: Error): void {
    this.fail(error);
    this.statusWaiter?.reject(error);
    this.statusWaiter = null;
    for (const waiter of this.replies.values()) waiter.reject(error);
    this.replies.clear();
  }
}

/** A peer's words, fit for a log. */
function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_DESCRIPTION_LENGTH);
}

function statusError(info: AmfObject): RtmpStatusError {
  return new RtmpStatusError(
    typeof info.code === 'string' ? info.code : 'refused without a code',
    typeof info.description === 'string' ? oneLine(info.description) : '',
  );
}

/** With TLS, the certificate must be the host's, by the authorities that Node knows (and NODE_EXTRA_CA_CERTS). */
function openSocket({ isSecure, host, port }: RtmpUrl): Socket {
  if (!isSecure) return connectSocket({ host, port, noDelay: true });
  // Names only: an address is no server name (RFC 6066, 3).
  const socket = connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) });
  return socket.setNoDelay(true);
}
