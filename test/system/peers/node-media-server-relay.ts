/**
 * Node-media-server as a relay: `node --import tsx node-media-server-relay.ts push|pull URL PORT DIRECTORY` listens on PORT of
 * the loopback address. It pushes what is published to /relay/relayed there to URL; or it pulls URL to that name, and makes
 * DIRECTORY/pulling when it does.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { keepEarlyMedia } from '../../../runtime/camera/early-media.ts';

const [mode = '', url = '', port = '', directory = ''] = process.argv.slice(2);
const streamPath = '/relay/relayed';

interface MediaServer {
  on(event: 'postPublish', listener: () => void): void;
  run(): Promise<void>;
  readonly relayServer: { addTask(task: object): Parameters<typeof keepEarlyMedia>[0] | undefined };
}

const MediaServer = createRequire(import.meta.url)('node-media-server') as new (
  config: object,
) => MediaServer;
const server = new MediaServer({
  bind: '127.0.0.1',
  rtmp: { port: Number(port) },
  http: { port: '0' },
  webadmin: { enable: false },
  // A file is no folder: nothing can be stored, and no task comes back that a killed server had.
  store: { path: join(process.execPath, 'no-store') },
});
server.on('postPublish', () => {
  if (mode === 'pull') writeFileSync(join(directory, 'pulling'), '');
  else server.relayServer.addTask({ url, mode, streamPath, reconnect: false });
});
await server.run();
if (mode === 'pull') {
  const session = server.relayServer.addTask({ url, mode, streamPath, reconnect: false });
  // What comes together with the answer to `play` would be lost, the sequence headers among it.
  if (session !== undefined) keepEarlyMedia(session);
}
