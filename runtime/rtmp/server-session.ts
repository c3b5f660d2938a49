import type { AmfObject, AmfValue } from '../codec/amf0.ts';
import { asObject } from '../codec/data-message.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import { type AckWindow, WINDOW_BYTES } from './ack-window.ts';
import { answerCapabilities, type Capabilities, NO_CAPABILITIES, readCapabilities } from './capabilities.ts';
import { encodeMessage, OUT_CHUNK_SIZE } from './chunk-writer.ts';
import {
  type Command,
  commandMessage,
  controlMessage,
  type Message,
  peerBandwidthMessage,
  statusInfo,
  userControlMessage,
} from './message.ts';
import { refusal, type ServerHandler, type StreamRequest } from './server-handler.ts';
import { ServerStream, type StreamSession } from './server-stream.ts';
import { printable, resolveStreamPath } from './stream-path.ts';
import { ChunkStreamId, DEFAULT_CHUNK_SIZE, MessageType, type RawMessage, UserControlEvent } from './wire.ts';

// States of a session:  connecting -[connect]▶ connected;   those of its message streams: server-stream.ts

/** What a session needs of the connection under it. */
export type SessionConnection = StreamSession['connection'] & {
  /** Writes bytes to the socket; replies of one turn are gathered there. */
  write(bytes: Buffer): void;
};

/** Encoders open one or two streams. */
const MAX_STREAMS = 8;

/**
 * One client's conversation (RTMP 1.0, 7.2): messages in, replies out. Knows no socket and no clock. The commands for the
 * connection are here, those for one of its message streams in server-stream.ts.
 */
export class ServerSession implements StreamSession {
  /** What the client has said that it can do. */
  capabilities: Capabilities = NO_CAPABILITIES;
  readonly handler: ServerHandler;
  readonly connection: SessionConnection;
  private readonly ackWindow: AckWindow;
  private readonly streams = new Map<number, ServerStream>();
  private application: string | null = null;
  private nextStreamId = 1;
  private outChunkSize = DEFAULT_CHUNK_SIZE;
  /** Why the connection is gone; null while it is there. */
  endReason: string | null = null;

  constructor(handler: ServerHandler, connection: SessionConnection, ackWindow: AckWindow) {
    this.handler = handler;
    this.connection = connection;
    this.ackWindow = ackWindow;
  }

  /** What the client does, for logs and for the idle rule. */
  get role(): 'none' | 'publisher' | 'viewer' {
    const kinds = [...this.streams.values()].map(({ kind }) => kind);
    if (kinds.includes('publishing')) return 'publisher';
    return kinds.includes('playing') ? 'viewer' : 'none';
  }

  /** Takes one message. Throws ProtocolError where the client must be closed. */
  receive(message: Message): void {
    switch (message.type) {
      case 'audio':
      case 'video':
        this.publishingStream(message.streamId)?.receiveMedia(message);
        break;
      case 'data':
        this.publishingStream(message.streamId)?.receiveData(message);
        break;
      case 'command':
        this.receiveCommand(message);
        break;
      case 'window-ack-size':
        this.ackWindow.resize(message.bytes);
        break;
      case 'user-control':
        if (message.event === UserControlEvent.pingRequest) {
          this.sendControl(userControlMessage(UserControlEvent.pingResponse, message.value));
        }
        break;
      case 'acknowledgement':
      case 'ignored':
        break;
    }
  }

  acknowledge(sequence: number): void {
    this.sendControl(controlMessage(MessageType.acknowledgement, sequence));
  }

  /**
   * Asks the client to connect anew (E-RTMP v2, "Reconnect Request"); one that has not said that it can is not asked.
   * Without a `tcUrl` it goes to the same address: behind a load balancer, that is another host.
   */
  requestReconnect(description: string): void {
    if (!this.capabilities.reconnect) return;
    this.sendStatus(0, statusInfo('status', 'NetConnection.Connect.ReconnectRequest', description));
  }

  /** The last words before the connection is closed because this server goes down. */
  announceEnd(reason: string): void {
    for (const stream of this.streams.values()) stream.announceEnd(reason);
    if (this.role !== 'publisher') return;
    if (this.capabilities.reconnect) this.requestReconnect(reason);
    else this.sendStatus(0, statusInfo('error', 'NetConnection.Connect.AppShutdown', reason));
  }

  /** How many message streams are open. */
  get streamCount(): number {
    return this.streams.size;
  }

  /** The connection is gone: whatever was going on ends. */
  end(reason: string): void {
    this.endReason = reason;
    for (const id of [...this.streams.keys()]) this.deleteStream(id, reason);
  }

  resolve(streamName: string): StreamRequest {
    return resolveStreamPath(this.application ?? '', streamName);
  }

  sendStatus(streamId: number, info: AmfObject, name = 'onStatus'): void {
    this.send(ChunkStreamId.status, commandMessage(streamId, name, 0, null, info));
  }

  sendControl(message: RawMessage): void {
    this.send(ChunkStreamId.control, message);
  }

  private receiveCommand(command: Command): void {
    if (this.application === null && command.name !== 'connect') {
      throw new ProtocolError('command', `${printable(command.name)} before connect`);
    }
    const [, first, , , reset] = command.args;
    switch (command.name) {
      case 'connect':
        this.connect(command);
        break;
      case 'createStream':
        this.createStream(command);
        break;
      case 'publish':
        this.openStream(command).publish(text(first));
        break;
      case 'play':
        // What it says of start and duration is for recorded streams: this is live, from now on.
        this.openStream(command).play(text(first), reset !== false && reset !== 0);
        break;
      case 'pause':
        this.streams.get(command.streamId)?.pause(first === true);
        break;
      case 'receiveAudio':
        this.streams.get(command.streamId)?.receive('audio', first === true);
        break;
      case 'receiveVideo':
        this.streams.get(command.streamId)?.receive('video', first === true);
        break;
      case 'closeStream':
        this.streams.get(command.streamId)?.close('closeStream');
        break;
      case 'deleteStream':
        this.deleteStream(number(first), 'deleteStream');
        break;
      case 'FCPublish':
        this.reply(command, '_result', null);
        this.sendStatus(0, statusInfo('status', 'NetStream.Publish.Start', 'FCPublish'), 'onFCPublish');
        break;
      case 'FCUnpublish':
        this.reply(command, '_result', null);
        this.sendStatus(
          0,
          statusInfo('status', 'NetStream.Unpublish.Success', 'FCUnpublish'),
          'onFCUnpublish',
        );
        this.unpublishByName(text(first));
        break;
      case 'FCSubscribe':
        this.reply(command, '_result', null);
        this.sendStatus(0, statusInfo('status', 'NetStream.Play.Start', 'FCSubscribe'), 'onFCSubscribe');
        break;
      case 'releaseStream':
      case '_checkbw':
        this.reply(command, '_result', null);
        break;
      case 'getStreamLength':
        this.reply(command, '_result', null, 0);
        break;
      default:
        // Players send commands of their own: what is not known is not an error.
        break;
    }
  }

  private connect(command: Command): void {
    if (this.application !== null) throw new ProtocolError('command', 'connect twice');
    const parameters = asObject(command.args[0]);
    const application = text(parameters.app);
    const request = resolveStreamPath(application, '');
    const refused =
      request.app === ''
        ? refusal('NetConnection.Connect.Rejected', 'connect names no application')
        : this.handler.connect(request, this.connection.address);
    this.sendControl(controlMessage(MessageType.windowAckSize, WINDOW_BYTES));
    this.sendControl(peerBandwidthMessage(WINDOW_BYTES));
    this.sendControl(controlMessage(MessageType.setChunkSize, OUT_CHUNK_SIZE));
    this.outChunkSize = OUT_CHUNK_SIZE;
    if (refused !== null) {
      const { code, description } = refused;
      this.reply(command, '_error', null, { level: 'error', code, description });
      this.connection.close(`refused: ${description}`);
      return;
    }
    this.application = application;
    this.capabilities = readCapabilities(parameters);
    this.reply(
      command,
      '_result',
      {
        fmsVer: 'FMS/3,5,7,7009',
        capabilities: 31,
        mode: 1,
        ...answerCapabilities(parameters),
      },
      {
        level: 'status',
        code: 'NetConnection.Connect.Success',
        description: 'Connection succeeded.',
        objectEncoding: number(parameters.objectEncoding),
      },
    );
  }

  private createStream(command: Command): void {
    if (this.streams.size >= MAX_STREAMS) this.forgetSpentStream();
    if (this.streams.size >= MAX_STREAMS) {
      throw new ProtocolError('too-many-streams', `more than ${MAX_STREAMS} streams on one connection`);
    }
    const id = this.nextStreamId;
    this.nextStreamId += 1;
    this.streams.set(id, new ServerStream(id, this));
    this.reply(command, '_result', null, id);
  }

  /** Flash Media Live Encoder opens a stream for each time it publishes, and may never delete one. */
  private forgetSpentStream(): void {
    const spent = [...this.streams.values()].find(({ isSpent }) => isSpent);
    if (spent !== undefined) this.streams.delete(spent.id);
  }

  /**
   * Where media and data go. A chunk stream may begin with a header that names no message stream (type 1, 2 or 3): it is
   * 0 then, and means the only one there is.
   */
  private publishingStream(id: number): ServerStream | undefined {
    if (id !== 0) return this.streams.get(id);
    let only: ServerStream | undefined;
    for (const stream of this.streams.values()) {
      if (stream.kind !== 'publishing') continue;
      if (only !== undefined) return undefined;
      only = stream;
    }
    return only;
  }

  private openStream({ name, streamId }: Command): ServerStream {
    const stream = this.streams.get(streamId);
    if (stream === undefined)
      throw new ProtocolError('command', `${name} on stream ${streamId}, which is not open`);
    return stream;
  }

  /** FCUnpublish names the stream and not its id (Flash Media Live Encoder). */
  private unpublishByName(name: string): void {
    for (const stream of this.streams.values()) {
      if (name === '' ? stream.kind === 'publishing' : stream.publishes(name)) stream.close('FCUnpublish');
    }
  }

  private deleteStream(id: number, reason: string): void {
    this.streams.get(id)?.close(reason);
    this.streams.delete(id);
  }

  private reply(command: Command, name: '_result' | '_error', ...values: AmfValue[]): void {
    if (command.transactionId === 0) return;
    this.send(ChunkStreamId.command, commandMessage(0, name, command.transactionId, ...values));
  }

  private send(chunkStreamId: number, message: RawMessage): void {
    this.connection.write(encodeMessage(chunkStreamId, message, this.outChunkSize));
  }
}

function text(value: AmfValue): string {
  return typeof value === 'string' ? value : '';
}

function number(value: AmfValue): number {
  return typeof value === 'number' ? value : 0;
}
