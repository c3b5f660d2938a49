import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { type Clip, playClip } from '../../runtime/media/clip.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { systemClock } from '../../runtime/system-clock.ts';
import { describeClip, RtpPacketizer } from './rtp-packetizer.ts';

export interface RtspCameraOptions {
  /** An FLV file with H.264 and AAC. */
  readonly clip: string;
  readonly login?: { readonly user: string; readonly password: string; readonly by: 'basic' | 'digest' };
  /** 0 for any. */
  readonly port?: number;
  /** A track of ONVIF metadata too, as most cameras of today have. */
  readonly withMetadata?: boolean;
  readonly withAudio?: boolean;
}

const REALM = 'camera';

/** An IP camera: serves a clip in a loop over RTSP, RTP interleaved in the connection (RFC 2326, 10.12). */
export class RtspCamera {
  /** Everything that clients asked for, with their headers. */
  readonly requests: string[] = [];
  readonly port: number;
  private readonly options: RtspCameraOptions;
  private readonly server: Server;
  private readonly clip: Clip;
  private readonly sockets = new Set<Socket>();
  private readonly nonce = randomBytes(8).toString('hex');
  private isFrozen = false;

  static async start(options: RtspCameraOptions): Promise<RtspCamera> {
    const server = createServer({ noDelay: true });
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    return new RtspCamera(options, server);
  }

  private constructor(options: RtspCameraOptions, server: Server) {
    this.options = options;
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    const clip = readClip(readFileSync(options.clip));
    const packets = clip.packets.filter(({ track }) => track === 'video' || options.withAudio !== false);
    this.clip = { ...clip, packets };
    server.on('connection', (socket) => this.serve(socket));
  }

  get url(): string {
    return `rtsp://127.0.0.1:${this.port}/cam`;
  }

  /** Sends nothing any more, with all connections open. */
  freeze(): void {
    this.isFrozen = true;
  }

  /** Gone, and its connections with it. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let stopClip = (): void => {};
    let rest = '';
    socket.on('close', () => {
      this.sockets.delete(socket);
      stopClip();
    });
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const parts = `${rest}${data.toString('latin1')}`.split('\r\n\r\n');
      rest = parts.pop() ?? '';
      for (const request of parts) {
        this.requests.push(request);
        const [method = '', uri = ''] = request.split(' ');
        const reply = (status: string, lines: readonly string[] = [], body = ''): void => {
          const head = [
            `RTSP/1.0 ${status}`,
            `CSeq: ${header(request, 'CSeq')}`,
            'Session: 1;timeout=60',
            ...lines,
          ];
          if (body !== '') head.push(`Content-Length: ${Buffer.byteLength(body)}`);
          socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
        };
        if (!this.mayCome(method, uri, request)) {
          const challenge =
            this.options.login?.by === 'basic'
              ? `Basic realm="${REALM}"`
              : `Digest realm="${REALM}", nonce="${this.nonce}", algorithm=MD5`;
          reply('401 Unauthorized', [`WWW-Authenticate: ${challenge}`]);
        } else if (method === 'DESCRIBE') {
          const { withMetadata = false } = this.options;
          reply('200 OK', ['Content-Type: application/sdp'], describeClip(this.clip, withMetadata));
        } else if (method === 'SETUP') reply('200 OK', [`Transport: ${header(request, 'Transport')}`]);
        else if (method === 'PLAY') {
          reply('200 OK');
          stopClip = this.play(socket);
        } else reply('200 OK');
      }
    });
  }

  private play(socket: Socket): () => void {
    const packetizer = new RtpPacketizer(this.clip, (channel, packet) => {
      const head = Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]);
      if (socket.writable) socket.write(Buffer.concat([head, packet]));
    });
    if (this.options.withMetadata === true) packetizer.sendMetadata('<tt:MetadataStream/>');
    const packet = (media: MediaPacket): void => {
      if (!this.isFrozen) packetizer.push(media);
    };
    return playClip(this.clip, systemClock, { packet, metadata: () => {} });
  }

  /** RFC 2617, 2 and 3.2.2. */
  private mayCome(method: string, uri: string, request: string): boolean {
    const { login } = this.options;
    if (login === undefined || method === 'OPTIONS') return true;
    const given = header(request, 'Authorization');
    const { user, password } = login;
    if (login.by === 'basic') {
      return given === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    }
    const expected = md5(`${md5(`${user}:${REALM}:${password}`)}:${this.nonce}:${md5(`${method}:${uri}`)}`);
    return given.startsWith('Digest ') && given.includes(`response="${expected}"`);
  }
}

function header(request: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(request)?.[1]?.trim() ?? '';
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
