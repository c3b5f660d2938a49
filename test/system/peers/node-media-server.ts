import { join } from 'node:path';
import { ffmpegPublishing, ffmpegRecording } from './ffmpeg.ts';
import { npmVersion } from './node-av.ts';
import { type Command, type Job, keyInPath, type Peer } from './peer.ts';

/** As a relay, like nginx-rtmp. */
export const nodeMediaServer: Peer = {
  name: 'node-media-server',
  packages: ['ffmpeg'],
  version: () => npmVersion('node-media-server'),
  publish: (job) => [
    // It leaves a query out.
    server('push', { ...job, url: keyInPath(job.url) }),
    { ...ffmpegPublishing(job.clip.loop, relayUrl(job)), isHelper: true, after: job.port },
  ],
  play: (job) => [
    server('pull', job),
    { ...ffmpegRecording(relayUrl(job), job.recording), after: join(job.directory, 'pulling') },
  ],
};

function relayUrl({ port }: Job): string {
  return `rtmp://127.0.0.1:${port}/relay/relayed`;
}

function server(mode: 'pull' | 'push', { url, port, directory }: Job): Command {
  const script = join(import.meta.dirname, 'node-media-server-relay.ts');
  return { line: [process.execPath, '--import', 'tsx', script, mode, url, `${port}`, directory] };
}
