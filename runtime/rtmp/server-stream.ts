import { type AmfObject, withoutAmf3 } from '../codec/amf0.ts';
import { asMetadata, dataPacket, decodeData, withoutSetDataFrame } from '../codec/data-message.ts';
import { parseMedia } from '../codec/media-message.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import type { Capabilities } from './capabilities.ts';
import { type Message, statusInfo, userControlMessage } from './message.ts';
import {
  type Publication,
  type Refusal,
  refusal,
  type ServerHandler,
  type StreamRequest,
  type Viewer,
} from './server-handler.ts';
import { ServerPlaying } from './server-playing.ts';
import { type RawMessage, UserControlEvent } from './wire.ts';

// States of a message stream:  idle -[publish]▶ publishing -[FCUnpublish, closeStream]▶ idle
//                              idle -[play]▶ playing -[closeStream]▶ idle;   playing -[play]▶ playing (something else)
//                              any -[deleteStream, socket]▶ closed, and forgotten by the session

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'publishing'; readonly name: string; readonly publication: Publication }
  | ServerPlaying;

/** What a stream needs of the session that it belongs to. */
export interface StreamSession {
  readonly handler: ServerHandler;
  readonly connection: {
    readonly address: string;
    /** `onAir` is called when the program comes on air that was not when the viewer came. */
    viewer(messageStreamId: number, onAir: () => void): Viewer;
    /** The client has shown that it may publish: it may send whole frames from now on. */
    allowLargeMessages(): void;
    /** Writes what is gathered, then ends the connection. */
    close(reason: string): void;
  };
  /** What the client has said that it can do. */
  readonly capabilities: Capabilities;
  /** Why the connection is gone; null while it is there. */
  readonly endReason: string | null;
  /** What a stream name means in the application that the client is connected to. */
  resolve(streamName: string): StreamRequest;
  sendControl(message: RawMessage): void;
  sendStatus(streamId: number, info: AmfObject): void;
}

/** One message stream of a client: what its NetStream commands do (RTMP 1.0, 7.2.2). */
export class ServerStream {
  readonly id: number;
  private readonly session: StreamSession;
  private state: State = { kind: 'idle' };
  private wasUsed = false;

  constructor(id: number, session: StreamSession) {
    this.id = id;
    this.session = session;
  }

  get kind(): State['kind'] {
    return this.state.kind;
  }

  /** Something went on here and has ended: encoders that never delete a stream will not miss it. */
  get isSpent(): boolean {
    return this.wasUsed && this.state.kind === 'idle';
  }

  /** Whether it publishes under this name. */
  publishes(name: string): boolean {
    return this.state.kind === 'publishing' && this.state.name === name;
  }

  /** The type that a publish may name, `live`, `record` or `append`, makes no difference: nothing is recorded. */
  publish(name: string): void {
    const { id, session } = this;
    if (this.state.kind !== 'idle') throw notIdle('publish', id);
    const request = session.resolve(name);
    const answer =
      request.name === ''
        ? refusal('NetStream.Publish.BadName', 'publish names no stream')
        : session.handler.publish(request, session.connection);
    if ('refused' in answer) {
      this.refuse(answer);
      return;
    }
    // A take-over by the same client closes this very connection while the handler is asked.
    if (session.endReason !== null) {
      answer.end(session.endReason);
      return;
    }
    this.state = { kind: 'publishing', name, publication: answer };
    session.connection.allowLargeMessages();
    this.control(UserControlEvent.streamBegin);
    const description = `${request.app}/${request.name} is now published.`;
    session.sendStatus(id, {
      ...statusInfo('status', 'NetStream.Publish.Start', description),
      ...answer.startInfo,
    });
  }

  /** `resets` is false where the client says that it adds to a play list: a live stream has none, and the new one replaces it. */
  play(name: string, resets: boolean): void {
    const { id, session } = this;
    if (this.state.kind === 'publishing') throw notIdle('play', id);
    const request = session.resolve(name);
    const path = `${request.app}/${request.name}`;
    if (this.state.kind === 'playing') this.state.stop('play of another stream');
    this.state = { kind: 'idle' };
    const onAir = () => this.status('NetStream.Play.PublishNotify', `${path} is now on air.`);
    const answer =
      request.name === ''
        ? refusal('NetStream.Play.StreamNotFound', 'play names no stream')
        : session.handler.play(request, session.connection.viewer(id, onAir), session.capabilities);
    if ('refused' in answer) {
      this.refuse(answer);
      return;
    }
    if (session.endReason !== null) {
      answer.stop(session.endReason);
      return;
    }
    this.state = new ServerPlaying(path, answer, this);
    this.state.start(resets);
  }

  pause(isPaused: boolean): void {
    if (this.state.kind === 'playing') this.state.pause(isPaused);
  }

  receive(track: 'video' | 'audio', isWanted: boolean): void {
    if (this.state.kind === 'playing') this.state.receive(track, isWanted);
  }

  receiveMedia({ type, payload, timestamp }: Extract<Message, { type: 'audio' | 'video' }>): void {
    if (this.state.kind !== 'publishing') return;
    const { publication } = this.state;
    for (const packet of parseMedia(type, payload, timestamp)) publication.packet(packet);
  }

  receiveData({ payload, timestamp }: Extract<Message, { type: 'data' }>): void {
    if (this.state.kind !== 'publishing') return;
    const data = decodeData(payload);
    if (data?.name === 'onMetaData') {
      const metadata = asMetadata(data.value);
      if (metadata !== null) this.state.publication.metadata(metadata);
    } else if (data !== null) {
      const forViewers = withoutSetDataFrame(withoutAmf3(payload));
      this.state.publication.packet(dataPacket(timestamp, forViewers));
    }
  }

  /** What went on ends; the stream can be used again. */
  close(reason: string): void {
    const { state } = this;
    this.state = { kind: 'idle' };
    if (state.kind === 'idle') return;
    this.wasUsed = true;
    if (state.kind === 'playing') {
      state.stop(reason);
      this.status('NetStream.Play.Stop', 'Stopped playing.');
    } else {
      state.publication.end(reason);
      this.status('NetStream.Unpublish.Success', `${reason}: no longer published.`);
    }
  }

  /** Tells a viewer, before the connection is closed, in what FFmpeg and librtmp take for the end of a stream. */
  announceEnd(reason: string): void {
    if (this.state.kind !== 'playing') return;
    this.control(UserControlEvent.streamEof);
    this.status('NetStream.Play.UnpublishNotify', reason);
  }

  status(code: string, description: string): void {
    this.session.sendStatus(this.id, statusInfo('status', code, description));
  }

  control(event: (typeof UserControlEvent)['streamBegin' | 'streamEof']): void {
    this.session.sendControl(userControlMessage(event, this.id));
  }

  private refuse({ code, description }: Refusal): void {
    this.session.sendStatus(this.id, statusInfo('error', code, description));
    this.session.connection.close(`refused: ${description}`);
  }
}

function notIdle(command: string, id: number): ProtocolError {
  return new ProtocolError('command', `${command} on stream ${id}, which is not open or not idle`);
}
