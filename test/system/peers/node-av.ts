import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from './peer.ts';

const SUPPORT = join(import.meta.dirname, '../../support');
const NODE = [process.execPath, '--import', 'tsx'];

export const nodeAv: Peer = {
  name: 'FFmpeg 8, in node-av',
  packages: [],
  version: () => npmVersion('node-av'),
  publish: ({ url, clip }) => [{ line: [...NODE, join(SUPPORT, 'ffmpeg-publisher.ts'), clip.loop, url] }],
  play: ({ url, report }) => [{ line: [...NODE, join(SUPPORT, 'ffmpeg-viewer.ts'), url, report] }],
};

export function npmVersion(name: string): string {
  const file = join(import.meta.dirname, '../../../node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
