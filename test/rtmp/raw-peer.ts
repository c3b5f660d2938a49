import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { AmfObject, AmfValue } from '../../runtime/codec/amf0.ts';
import { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import { encodeMessage } from '../../runtime/rtmp/chunk-writer.ts';
import { Handshake } from '../../runtime/rtmp/handshake.ts';
import { type Command, commandMessage, decodeMessage, type Message } from '../../runtime/rtmp/message.ts';
import { DEFAULT_CHUNK_SIZE, type RawMessage } from '../../runtime/rtmp/wire.ts';
import { until } from '../support/until.ts';

const LIMITS = { maxMessageBytes: 0xffffff, maxBufferedBytes: 0x2000000, maxChunkStreams: 64 };

/** One end of an RTMP connection that does nothing by itself: a test says what it sends, right or wrong. */
export class RawPeer {
  readonly messages: Message[] = [];
  readonly raws: RawMessage[] = [];
  readonly socket: Socket;
  isClosed = false;
  /** All that was written, handshake included. */
  writtenBytes = 0;
  private readonly handshake: Handshake;

  constructor(socket: Socket, role: 'server' | 'client') {
    this.socket = socket;
    this.handshake = new Handshake(role, (out) => this.write(out));
    const reader = new ChunkReader(LIMITS, (raw) => {
      this.raws.push(raw);
      this.messages.push(...decodeMessage(raw));
    });
    socket.on('data', (data) => {
      reader.push(this.handshake.isDone ? data : this.handshake.push(data));
    });
    // Resets are what some tests are about.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  get isReady(): boolean {
    return this.handshake.isDone;
  }

  get commands(): Command[] {
    return this.messages.filter((message) => message.type === 'command');
  }

  /** `level` and `code` of all onStatus messages. */
  get statuses(): string[] {
    return this.commands
      .filter(({ name }) => name === 'onStatus')
      .map(({ args }) => {
        const { level, code } = args[1] as AmfObject;
        return `${level} ${code}`;
      });
  }

  write(data: Buffer): void {
    this.writtenBytes += data.length;
    this.socket.write(data);
  }

  send(message: RawMessage, chunkStreamId = 3): void {
    this.write(encodeMessage(chunkStreamId, message, DEFAULT_CHUNK_SIZE));
  }

  command(streamId: number, name: string, transaction: number, ...args: AmfValue[]): void {
    this.send(commandMessage(streamId, name, transaction, ...args));
  }

  /** The `_result` or `_error` of a transaction. */
  reply(transaction: number): Promise<Command> {
    return until(`reply to ${transaction}`, () =>
      this.commands.find(({ name, transactionId }) => name.startsWith('_') && transactionId === transaction),
    );
  }

  status(expected: string): Promise<true> {
    return until(`status ${expected}, not ${this.statuses}`, () => this.statuses.includes(expected));
  }

  closed(): Promise<true> {
    return until('the end of the connection', () => this.isClosed);
  }
}

/** Connects and shakes hands. */
export async function connectRaw(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawPeer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...options });
  const peer = new RawPeer(socket, 'client');
  await once(socket, 'connect');
  await until('the handshake', () => peer.isReady);
  return peer;
}
