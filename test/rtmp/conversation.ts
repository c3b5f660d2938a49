import type { AmfObject, AmfValue } from '../../runtime/codec/amf0.ts';
import { decodeData } from '../../runtime/codec/data-message.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import { findDigest } from '../../runtime/rtmp/handshake-digest.ts';
import { decodeMessage, type Message } from '../../runtime/rtmp/message.ts';
import { ServerConnection } from '../../runtime/rtmp/server-connection.ts';
import {
  type Playback,
  type Publication,
  refusal,
  type ServerHandler,
  type StreamRequest,
  type Viewer,
} from '../../runtime/rtmp/server-handler.ts';
import { MessageType, type RawMessage } from '../../runtime/rtmp/wire.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeSocket } from '../support/fake-socket.ts';
import { LIMITS } from './test-server.ts';

/** In what the server sends first, in one piece. */
const S1_AT = 1;
const S2_AT = 1_537;
/** In a message with a whole header, on a chunk stream of one byte: all that we write. */
const TYPE_AT = 7;
const PAYLOAD_AT = 12;
/** What is told of an information object, in the order of its fields: to Wirecast it matters. */
const SHOWN_FIELDS = ['level', 'code', 'objectEncoding'];

/**
 * What a real connection makes of the bytes of a client, as lines in order: what its handler is asked and given, and,
 * behind a `◀`, what the client is answered.
 */
export class Conversation {
  readonly lines: string[] = [];
  /** The last sequence number that was acknowledged. */
  acknowledged = 0;
  readonly connection: ServerConnection;
  private hasHandshake = false;
  private readonly socket = new FakeSocket();
  private readonly reader: ChunkReader;

  constructor() {
    this.reader = new ChunkReader(
      { maxMessageBytes: 65_536, maxBufferedBytes: 65_536, maxChunkStreams: 8 },
      (raw) => this.hear(raw),
    );
    this.socket.write = (bytes) => this.answer(bytes);
    this.connection = new ServerConnection({
      socket: this.socket.asSocket(),
      clock: new FakeClock(),
      limits: LIMITS,
      handler: recordingHandler((line) => this.lines.push(line)),
      onHandshake: () => {},
      onHeld: () => {},
      onThrottled: () => {},
      onClose: (reason) => this.lines.push(`closed: ${reason}`),
    });
  }

  receive(bytes: Buffer): void {
    this.socket.emit('data', bytes);
  }

  private answer(bytes: Buffer): boolean {
    if (this.hasHandshake) this.hearChunks(bytes);
    else this.hearHandshake(bytes);
    return true;
  }

  private hearHandshake(bytes: Buffer): void {
    this.hasHandshake = true;
    const found = findDigest(bytes.subarray(S1_AT, S2_AT), 'server');
    this.lines.push(`◀ handshake ${found === null ? 'without' : 'with'} a digest`);
  }

  private hearChunks(bytes: Buffer): void {
    if (bytes[TYPE_AT] === MessageType.setChunkSize) {
      this.lines.push(`◀ chunk size ${bytes.readUInt32BE(PAYLOAD_AT)}`);
    }
    this.reader.push(bytes);
  }

  private hear(raw: RawMessage): void {
    if (raw.typeId === MessageType.acknowledgement) this.acknowledged = raw.payload.readUInt32BE(0);
    else this.lines.push(...decodeMessage(raw).map((message) => `◀ ${describe(raw, message)}`));
  }
}

/** Grants everything but a stream called `taken`; a program called `later` comes on air once its viewer has its answers. */
function recordingHandler(log: (line: string) => void): ServerHandler {
  return {
    connect: ({ app }) => {
      log(`connect ${app}`);
      return null;
    },
    publish: (request) => {
      log(`publish ${pathOf(request)}`);
      if (request.name === 'taken') return refusal('NetStream.Publish.BadName', 'taken');
      return publication(log);
    },
    play: (request, viewer) => {
      log(`play ${pathOf(request)}`);
      return playback(request, viewer, log);
    },
  };
}

function publication(log: (line: string) => void): Publication {
  return {
    packet: (packet) => log(describePacket(packet)),
    metadata: (metadata) => log(`metadata ${JSON.stringify(metadata)}`),
    end: (reason) => log(`end: ${reason}`),
  };
}

function playback({ name }: StreamRequest, viewer: Viewer, log: (line: string) => void): Playback {
  return {
    start: () => {
      log('start');
      if (name === 'later') viewer.onAir();
    },
    select: (tracks) => log(`select ${JSON.stringify(tracks)}`),
    stop: (reason) => log(`stop: ${reason}`),
  };
}

function pathOf({ app, name, query }: StreamRequest): string {
  const parameters = [...query].map(([key, value]) => `${key}=${value}`);
  return [`${app}/${name}`, ...parameters].join(' ');
}

function describePacket({ track, timestamp, keyframe, config, payload }: MediaPacket): string {
  if (track === 'data') {
    const data = decodeData(payload);
    return `data ${data?.name} ${JSON.stringify(data?.value)} ${timestamp}`;
  }
  const kind = config !== null ? ' header' : keyframe ? ' keyframe' : '';
  return `${track}${kind} ${timestamp} of ${payload.length} bytes`;
}

function describe({ typeId, streamId, payload }: RawMessage, message: Message): string {
  switch (message.type) {
    case 'command': {
      const { name, transactionId, args } = message;
      const about = transactionId === 0 ? `on ${streamId}` : transactionId;
      return [name, about, ...args.map(shown)].filter((part) => part !== '').join(' ');
    }
    case 'user-control':
      return `user control ${message.event} for ${message.value}`;
    case 'window-ack-size':
      return `window ${message.bytes}`;
    default:
      return `type ${typeId}: ${payload.toString('hex')}`;
  }
}

function shown(value: AmfValue): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  return Object.entries(value as AmfObject)
    .filter(([key]) => SHOWN_FIELDS.includes(key))
    .map(([, field]) => field)
    .join(' ');
}
