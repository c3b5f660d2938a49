/** What a viewer says, for swarm.c: at once, and when so many bytes have come. */
import { encodeMessage } from '../../runtime/rtmp/chunk-writer.ts';
import { commandMessage } from '../../runtime/rtmp/message.ts';
import { DEFAULT_CHUNK_SIZE } from '../../runtime/rtmp/wire.ts';

export interface PlayScript {
  readonly hello: Buffer;
  readonly waitBytes: number;
  readonly andThen: Buffer;
}

const C1_BYTES = 1_536;
const VERSION = 3;
const COMMANDS = 3;
const PLAY = 8;

export type Protocol = 'rtmp' | 'http-flv' | 'bare';

/** `path`: application and stream, `live/camera1`. RTMP 1.0, 5.2 and 7.2, with all commands in one piece. */
export function playScript(protocol: Protocol, port: number, path: string): PlayScript {
  const nothing = Buffer.alloc(0);
  if (protocol === 'bare') return { hello: nothing, waitBytes: 0, andThen: nothing };
  if (protocol === 'http-flv') {
    const request = `GET /${path}.flv HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    return { hello: Buffer.from(request), waitBytes: 0, andThen: nothing };
  }
  const [app = '', name = ''] = path.split('/');
  const command = (chunkStream: number, ...rest: Parameters<typeof commandMessage>): Buffer =>
    encodeMessage(chunkStream, commandMessage(...rest), DEFAULT_CHUNK_SIZE);
  const tcUrl = `rtmp://127.0.0.1:${port}/${app}`;
  return {
    hello: Buffer.concat([Buffer.of(VERSION), Buffer.alloc(C1_BYTES)]),
    waitBytes: 1 + 2 * C1_BYTES,
    andThen: Buffer.concat([
      Buffer.alloc(C1_BYTES),
      command(COMMANDS, 0, 'connect', 1, { app, flashVer: 'bench', tcUrl, objectEncoding: 0 }),
      command(COMMANDS, 0, 'createStream', 2, null),
      command(PLAY, 1, 'play', 3, null, name, -2_000),
    ]),
  };
}
