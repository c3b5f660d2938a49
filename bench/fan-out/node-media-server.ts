/** The peer as it comes: `node --import tsx bench/fan-out/node-media-server.ts RTMP_PORT HTTP_PORT`. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [rtmp = '', http = ''] = process.argv.slice(2);
const MediaServer = createRequire(import.meta.url)('node-media-server') as new (
  config: object,
) => { run(): Promise<void> };
await new MediaServer({
  bind: '127.0.0.1',
  rtmp: { port: Number(rtmp) },
  http: { port: Number(http) },
  webadmin: { enable: false },
  // A file is no folder: nothing can be stored.
  store: { path: join(process.execPath, 'no-store') },
}).run();
