import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly bytes: number;
  /** As it came, coded; empty where it was only counted. */
  readonly body: Buffer;
}

interface Request {
  readonly isKept: boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Head {
  readonly status: number;
  readonly length: number;
  readonly bodyLength: number;
}

const HEAD_END = '\r\n\r\n';

/**
 * An HTTP client with one connection, for one request after the other. It reads no more of an answer than its status and its
 * length: hundreds of them leave the processor to the server that is measured.
 */
export class KeepAliveClient {
  private readonly socket: Socket;
  private readonly host: string;
  private request: Request | null = null;
  /** Of the answer that is under way; null before its head has come. */
  private head: Head | null = null;
  private chunks: Buffer[] = [];
  private received = 0;

  constructor(port: number) {
    this.host = `127.0.0.1:${port}`;
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => this.take(chunk));
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.request?.reject(new Error('the connection was closed')));
  }

  get(path: string, body: 'kept' | 'counted'): Promise<Answer> {
    if (this.socket.destroyed) return Promise.reject(new Error('the connection was closed'));
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: ${this.host}\r\naccept-encoding: gzip\r\n\r\n`);
    return new Promise((resolve, reject) => {
      this.request = { isKept: body === 'kept', resolve, reject };
    });
  }

  private take(chunk: Buffer): void {
    const { request } = this;
    if (request === null) throw new Error('an answer that nobody asked for');
    this.received += chunk.length;
    if (this.head === null || request.isKept) this.chunks.push(chunk);
    this.head ??= readHead(Buffer.concat(this.chunks));
    if (this.head === null || this.received < this.head.length + this.head.bodyLength) return;
    const { status, length, bodyLength } = this.head;
    const body = Buffer.concat(request.isKept ? this.chunks : []).subarray(length);
    this.request = null;
    this.head = null;
    this.chunks = [];
    this.received = 0;
    request.resolve({ status, bytes: bodyLength, body });
  }
}

function readHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) return null;
  const text = bytes.toString('latin1', 0, end);
  const bodyLength = /^content-length: (\d+)$/im.exec(text)?.[1];
  if (bodyLength === undefined) throw new Error(`an answer without a length: ${text}`);
  const status = Number(text.slice('HTTP/1.1 '.length).slice(0, 3));
  return { status, length: end + HEAD_END.length, bodyLength: Number(bodyLength) };
}
