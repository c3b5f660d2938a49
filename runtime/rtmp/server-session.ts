import type { AmfObject, AmfValue } from '../codec/amf0.ts';
import { asMetadata, asObject, dataPacket, decodeData, withoutSetDataFrame } from '../codec/data-message.ts';
import { parseAudio, parseVideo } from '../codec/media-header.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import { encodeMessage, OUT_CHUNK_SIZE } from './chunk-writer.ts';
import {
  type Command,
  commandMessage,
  controlMessage,
  type Message,
  peerBandwidthMessage,
  userControlMessage,
} from './message.ts';
import {
  type Playback,
  type Publication,
  type Refusal,
  refusal,
  type ServerHandler,
  type Viewer,
} from './server-handler.ts';
import { printable, resolveStreamPath } from './stream-path.ts';
import { ChunkStreamId, DEFAULT_CHUNK_SIZE, MessageType, type RawMessage, UserControlEvent } from './wire.ts';

// States of a session:        connecting -[connect]▶ connected
// States of each stream:      idle -[publish]▶ publishing -[FCUnpublish, closeStream]▶ idle
//                             idle -[play]▶ playing -[closeStream]▶ idle;   any -[deleteStream, socket]▶ gone

type StreamState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'publishing'; readonly name: string; readonly publication: Publication }
  | { readonly kind: 'playing'; readonly playback: Playback };

/** What a session needs of the connection under it. */
export interface SessionConnection {
  readonly address: string;
  /** Writes bytes to the socket; replies of one turn are gathered there. */
  write(bytes: Buffer): void;
  viewer(messageStreamId: number): Viewer;
  /** The client has shown that it may publish: it may send whole frames from now on. */
  allowLargeMessages(): void;
  /** Writes what is gathered, then ends the connection. */
  close(reason: string): void;
}

/** Bytes after which each side acknowledges what it got (5.4.4): what common servers announce. */
const WINDOW_BYTES = 2_500_000;
/** Encoders open one or two streams. */
const MAX_STREAMS = 8;
/** A bit of `capsEx` in connect: the client follows a ReconnectRequest (E-RTMP v2, "Enhancing NetConnection connect"). */
const CAN_RECONNECT = 0x01;

/** One client's conversation (RTMP 1.0, 7.2): messages in, replies out. Knows no socket and no clock. */
export class ServerSession {
  /** Acknowledge after so many bytes, as the client asked. */
  ackWindowBytes = WINDOW_BYTES;
  /** Whether the client has said that it follows a ReconnectRequest. */
  canReconnect = false;
  private readonly handler: ServerHandler;
  private readonly connection: SessionConnection;
  private readonly streams = new Map<number, StreamState>();
  private application: string | null = null;
  private nextStreamId = 1;
  private outChunkSize = DEFAULT_CHUNK_SIZE;
  /** Why the connection is gone; null while it is there. */
  private endReason: string | null = null;

  constructor(handler: ServerHandler, connection: SessionConnection) {
    this.handler = handler;
    this.connection = connection;
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
        this.receiveMedia(message);
        break;
      case 'data':
        this.receiveData(message.streamId, message.timestamp, message.payload);
        break;
      case 'command':
        this.receiveCommand(message);
        break;
      case 'window-ack-size':
        if (message.bytes > 0) this.ackWindowBytes = message.bytes;
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

  acknowledge(receivedBytes: number): void {
    this.sendControl(controlMessage(MessageType.acknowledgement, receivedBytes));
  }

  /**
   * Asks the client to connect anew (E-RTMP v2, "Reconnect Request"); one that has not said that it can is not asked.
   * Without a `tcUrl` it goes to the same address: behind a load balancer, that is another host.
   */
  requestReconnect(description: string): void {
    if (!this.canReconnect) return;
    this.sendStatus(0, 'status', 'NetConnection.Connect.ReconnectRequest', description);
  }

  /** The last words before the connection is closed because this server goes down. */
  announceEnd(reason: string): void {
    for (const [id, { kind }] of this.streams) {
      // What FFmpeg and librtmp take for the end of the stream, and not for an error.
      if (kind === 'playing') this.sendStatus(id, 'status', 'NetStream.Play.UnpublishNotify', reason);
    }
    if (this.role !== 'publisher') return;
    if (this.canReconnect) this.requestReconnect(reason);
    else this.sendStatus(0, 'error', 'NetConnection.Connect.AppShutdown', reason);
  }

  /** The connection is gone: whatever was going on ends. */
  end(reason: string): void {
    this.endReason = reason;
    for (const id of [...this.streams.keys()]) this.deleteStream(id, reason);
  }

  /** Stream 0 is none: node-media-server pushes media on it, and means the one that publishes. */
  private publishingStream(id: number): Extract<StreamState, { kind: 'publishing' }> | null {
    const all = [...this.streams.values()];
    const stream = id === 0 ? all.find(({ kind }) => kind === 'publishing') : this.streams.get(id);
    return stream?.kind === 'publishing' ? stream : null;
  }

  private receiveMedia(message: Extract<Message, { type: 'audio' | 'video' }>): void {
    const stream = this.publishingStream(message.streamId);
    if (stream === null) return;
    const parse = message.type === 'audio' ? parseAudio : parseVideo;
    const packet = parse(message.payload, message.timestamp);
    if (packet !== null) stream.publication.packet(packet);
  }

  private receiveData(streamId: number, timestamp: number, payload: Buffer): void {
    const stream = this.publishingStream(streamId);
    if (stream === null) return;
    const data = decodeData(payload);
    if (data?.name === 'onMetaData') {
      const metadata = asMetadata(data.value);
      if (metadata !== null) stream.publication.metadata(metadata);
    } else if (data !== null) {
      stream.publication.packet(dataPacket(timestamp, withoutSetDataFrame(payload)));
    }
  }

  private receiveCommand(command: Command): void {
    if (this.application === null && command.name !== 'connect') {
      throw new ProtocolError('command', `${printable(command.name)} before connect`);
    }
    switch (command.name) {
      case 'connect':
        this.connect(command);
        break;
      case 'createStream':
        this.createStream(command);
        break;
      case 'publish':
        this.publish(command);
        break;
      case 'play':
        this.play(command);
        break;
      case 'FCPublish':
        this.reply(command, '_result', null);
        this.sendStatus(0, 'status', 'NetStream.Publish.Start', 'FCPublish', 'onFCPublish');
        break;
      case 'FCUnpublish':
        this.unpublishByName(text(command.args[1]));
        this.reply(command, '_result', null);
        break;
      case 'closeStream':
        this.closeStream(command.streamId, 'closeStream');
        break;
      case 'deleteStream':
        this.deleteStream(number(command.args[1]), 'deleteStream');
        break;
      case 'releaseStream':
      case '_checkbw':
        this.reply(command, '_result', null);
        break;
      case 'getStreamLength':
        this.reply(command, '_result', null, 0);
        break;
      default:
        // Players send commands of their own (pause, receiveAudio …): what is not known is not an error.
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
    this.canReconnect = (number(parameters.capsEx) & CAN_RECONNECT) !== 0;
    this.reply(
      command,
      '_result',
      {
        fmsVer: 'FMS/3,5,7,7009',
        capabilities: 31,
        mode: 1,
        // Clients that can reconnect may do so only where the server has said that it asks.
        ...(this.canReconnect && { capsEx: CAN_RECONNECT }),
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
    if (this.streams.size >= MAX_STREAMS) {
      throw new ProtocolError('too-many-streams', `more than ${MAX_STREAMS} streams on one connection`);
    }
    const id = this.nextStreamId;
    this.nextStreamId += 1;
    this.streams.set(id, { kind: 'idle' });
    this.reply(command, '_result', null, id);
  }

  private publish(command: Command): void {
    const id = command.streamId;
    const name = text(command.args[1]);
    if (this.streams.get(id)?.kind !== 'idle') {
      throw new ProtocolError('command', `publish on stream ${id}, which is not open or not idle`);
    }
    const request = resolveStreamPath(this.application ?? '', name);
    const answer =
      request.name === ''
        ? refusal('NetStream.Publish.BadName', 'publish names no stream')
        : this.handler.publish(request, this.connection);
    if ('refused' in answer) {
      this.refuseStream(id, answer);
      return;
    }
    // A take-over by the same client closes this very connection while the handler is asked.
    if (this.endReason !== null) {
      answer.end(this.endReason);
      return;
    }
    this.streams.set(id, { kind: 'publishing', name, publication: answer });
    this.connection.allowLargeMessages();
    this.sendControl(userControlMessage(UserControlEvent.streamBegin, id));
    const description = `${request.app}/${request.name} is now published.`;
    this.send(
      ChunkStreamId.status,
      commandMessage(id, 'onStatus', 0, null, {
        ...status('status', 'NetStream.Publish.Start', description),
        ...answer.startInfo,
      }),
    );
  }

  private play(command: Command): void {
    const id = command.streamId;
    if (this.streams.get(id)?.kind !== 'idle') {
      throw new ProtocolError('command', `play on stream ${id}, which is not open or not idle`);
    }
    const request = resolveStreamPath(this.application ?? '', text(command.args[1]));
    const answer =
      request.name === ''
        ? refusal('NetStream.Play.StreamNotFound', 'play names no stream')
        : this.handler.play(request, this.connection.viewer(id));
    if ('refused' in answer) {
      this.refuseStream(id, answer);
      return;
    }
    if (this.endReason !== null) {
      answer.stop(this.endReason);
      return;
    }
    this.streams.set(id, { kind: 'playing', playback: answer });
    const path = `${request.app}/${request.name}`;
    this.sendControl(userControlMessage(UserControlEvent.streamBegin, id));
    this.sendStatus(id, 'status', 'NetStream.Play.Reset', `Playing and resetting ${path}.`);
    this.sendStatus(id, 'status', 'NetStream.Play.Start', `Started playing ${path}.`);
    answer.start();
  }

  private refuseStream(id: number, { code, description }: Refusal): void {
    this.sendStatus(id, 'error', code, description);
    this.connection.close(`refused: ${description}`);
  }

  /** FCUnpublish names the stream and not its id (Flash Media Live Encoder). */
  private unpublishByName(name: string): void {
    for (const [id, stream] of this.streams) {
      if (stream.kind === 'publishing' && (stream.name === name || name === '')) {
        this.closeStream(id, 'FCUnpublish');
      }
    }
  }

  private closeStream(id: number, reason: string): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    this.streams.set(id, { kind: 'idle' });
    if (stream.kind === 'publishing') {
      stream.publication.end(reason);
      this.sendStatus(id, 'status', 'NetStream.Unpublish.Success', `${reason}: no longer published.`);
    } else if (stream.kind === 'playing') {
      stream.playback.stop(reason);
      this.sendStatus(id, 'status', 'NetStream.Play.Stop', 'Stopped playing.');
    }
  }

  private deleteStream(id: number, reason: string): void {
    this.closeStream(id, reason);
    this.streams.delete(id);
  }

  private reply(command: Command, name: '_result' | '_error', ...values: AmfValue[]): void {
    if (command.transactionId === 0) return;
    this.send(ChunkStreamId.command, commandMessage(0, name, command.transactionId, ...values));
  }

  private sendStatus(
    streamId: number,
    level: 'status' | 'error',
    code: string,
    description: string,
    name = 'onStatus',
  ): void {
    const info = status(level, code, description);
    this.send(ChunkStreamId.status, commandMessage(streamId, name, 0, null, info));
  }

  private sendControl(message: RawMessage): void {
    this.send(ChunkStreamId.control, message);
  }

  private send(chunkStreamId: number, message: RawMessage): void {
    this.connection.write(encodeMessage(chunkStreamId, message, this.outChunkSize));
  }
}

/** Fields in the order in which Wirecast wants them. */
function status(level: 'status' | 'error', code: string, description: string): AmfObject {
  return { level, code, description };
}

function text(value: AmfValue): string {
  return typeof value === 'string' ? value : '';
}

function number(value: AmfValue): number {
  return typeof value === 'number' ? value : 0;
}
