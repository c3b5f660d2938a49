import { type Command, debianVersion, type Peer } from './peer.ts';

const FFMPEG = ['ffmpeg', '-nostdin', '-hide_banner', '-loglevel', 'warning'];

export const ffmpeg: Peer = {
  name: 'FFmpeg of Debian',
  packages: ['ffmpeg'],
  version: () => debianVersion('ffmpeg'),
  publish: ({ url, clip }) => [ffmpegPublishing(clip.loop, url)],
  play: ({ url, recording }) => [ffmpegRecording(url, recording)],
};

export function ffmpegPublishing(clip: string, url: string): Command {
  return { line: [...FFMPEG, '-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', '-f', 'flv', url] };
}

export function ffmpegRecording(url: string, recording: string): Command {
  return {
    // All streams: one that is none would stop it.
    line: [
      ...FFMPEG,
      '-rtmp_live',
      'live',
      '-i',
      url,
      '-map',
      '0',
      '-c',
      'copy',
      '-f',
      'flv',
      '-y',
      recording,
    ],
  };
}
