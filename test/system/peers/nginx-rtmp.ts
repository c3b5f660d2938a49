import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ffmpegPublishing, ffmpegRecording } from './ffmpeg.ts';
import { type Command, debianVersion, type Job, keyInPath, type Peer } from './peer.ts';

/** As a relay: pushes to us what an encoder gives it, and gives players what it pulls from us. */
export const nginxRtmp: Peer = {
  name: 'nginx-rtmp',
  packages: ['nginx', 'libnginx-mod-rtmp', 'ffmpeg'],
  version: () => debianVersion('libnginx-mod-rtmp'),
  publish: (job) => [
    nginx(job, `push ${keyInPath(job.url)};`),
    { ...ffmpegPublishing(job.clip.loop, relayUrl(job)), isHelper: true, after: job.port },
  ],
  play: (job) => [
    nginx(job, `pull ${job.url} name=relayed static;`),
    { ...ffmpegRecording(relayUrl(job), job.recording), after: job.port },
  ],
};

function relayUrl({ port }: Job): string {
  return `rtmp://127.0.0.1:${port}/relay/relayed`;
}

function nginx({ directory, port }: Job, relay: string): Command {
  const file = join(directory, 'nginx.conf');
  writeFileSync(
    file,
    `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr notice;
events {}
rtmp { access_log off; server { listen 127.0.0.1:${port}; application relay { live on; ${relay} } } }
`,
  );
  return { line: ['nginx', '-p', directory, '-c', file] };
}
