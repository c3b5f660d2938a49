import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import type NodeMediaServer from 'node-media-server';
import { parseTag } from '../codec/clip-reader.ts';
import { asMetadata, decodeData } from '../codec/data-message.ts';
import { FlvReader } from '../codec/flv-reader.ts';
import { FlvTagType } from '../codec/flv-writer.ts';
import type { Clock } from '../media/clock.ts';
import type { MediaPacket, Metadata } from '../media/packet.ts';
import { keepEarlyMedia } from './early-media.ts';
import type { CameraLogin } from './order.ts';
import { takeServerLog } from './server-log.ts';

export interface PullOptions {
  /** rtsp:// or rtmp://, without a login. */
  readonly url: string;
  readonly login: CameraLogin | null;
  readonly clock: Clock;
  readonly packet: (packet: MediaPacket) => void;
  readonly metadata: (metadata: Metadata) => void;
}

export interface CameraPull {
  /** Resolves with the reason when the camera gives nothing any more. */
  readonly ended: Promise<string>;
  /** The AudioSpecificConfig of an RTSP camera's SDP; null where there is none. */
  specificConfig(): Buffer | null;
  /** Tells the camera, and closes everything. */
  stop(): void;
}

const LOOPBACK = '127.0.0.1';
const CHECK_MS = 100;
/** A number would be taken for "no listener". */
const ANY_PORT = '0';
/**
 * A file is no folder, so nothing can be stored under it: relay tasks, which name the camera, stay out of all files.
 * node-media-server says "persistence disabled" and goes on.
 */
const NO_STORE = join(process.execPath, 'no-store');

/**
 * Pulls a camera with node-media-server. A process can do that once: the server's state is at module level, and so it
 * has one camera, no reconnection, and ends with it. Rejects where the server does not start.
 *
 * The stream leaves it as HTTP-FLV on a free port of the loopback address, which is closed as soon as we are in. (Its
 * RTMP would break where a camera sends a track of an unknown kind: the server writes that to chunk stream 0.)
 */
export async function pullCamera({ url, login, clock, packet, metadata }: PullOptions): Promise<CameraPull> {
  const failure = takeServerLog();
  const { default: MediaServer } = await import('node-media-server');
  const server: NodeMediaServer = new MediaServer({
    bind: LOOPBACK,
    http: { port: ANY_PORT },
    webadmin: { enable: false },
    store: { path: NO_STORE },
  });
  await server.run();
  const streamPath = `/camera/${randomBytes(16).toString('hex')}`;
  const listener = server.httpServer.httpServer;
  if (listener === undefined) throw new Error('node-media-server does not listen');
  const response = await openStream(listener, streamPath);
  // Nobody else gets in, and what could make this server fall can only come from the camera.
  listener.close();

  let end: (reason: string) => void = () => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const reader = new FlvReader((tag) => {
    if (tag.type === FlvTagType.script) {
      const data = decodeData(tag.body);
      const value = data?.name === 'onMetaData' ? asMetadata(data.value) : null;
      if (value !== null) metadata(value);
      return;
    }
    for (const parsed of parseTag(tag)) packet(parsed);
  });
  response.on('data', (data: Buffer) => {
    try {
      reader.push(data);
    } catch (error) {
      end(error instanceof Error ? error.message : String(error));
    }
  });
  response.on('error', (error) => end(error.message));
  response.on('close', () => end('node-media-server ended the stream'));

  const session = server.relayServer.addTask({ url, streamPath, mode: 'pull', reconnect: false });
  if (session !== undefined) keepEarlyMedia(session);
  if (login !== null) {
    // In the URL, the server would send the password in clear text with every request. The client connects in a later
    // turn of the event loop, and reads these when the camera asks for them.
    const client = session?.rtspClient;
    if (client?.username === undefined) throw new Error('node-media-server takes no login for this camera');
    client.username = login.user;
    client.password = login.password;
  }
  const stopChecks = clock.every(CHECK_MS, () => {
    if (server.relayServer.getTaskStatus(streamPath)?.isRunning) return;
    end(failure() ?? 'the connection ended');
  });

  return {
    ended,
    specificConfig: () => {
      const audio = session?.sdp?.media.find(({ type, fmtp }) => type === 'audio' && 'config' in fmtp);
      const config = audio?.fmtp.config;
      return config === undefined || !/^(?:[0-9a-f]{2})+$/i.test(config) ? null : Buffer.from(config, 'hex');
    },
    stop: () => {
      stopChecks();
      server.relayServer.removeTask(streamPath);
      response.destroy();
    },
  };
}

async function openStream(listener: Server, streamPath: string): Promise<IncomingMessage> {
  if (!listener.listening) await once(listener, 'listening');
  const address = listener.address();
  if (typeof address !== 'object' || address === null) throw new Error('node-media-server has no port');
  const request = get({ host: LOOPBACK, port: address.port, path: `${streamPath}.flv`, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}
