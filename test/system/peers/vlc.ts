import { type Command, debianVersion, type Peer } from './peer.ts';

export const vlc: Peer = {
  name: 'VLC',
  packages: ['vlc-bin', 'vlc-plugin-base'],
  version: () => debianVersion('vlc-bin'),
  publish: ({ url, clip, directory }) => [
    vlcCommand(directory, clip.long, `#standard{access=rtmp,mux=ffmpeg{mux=flv},dst=${url}}`),
  ],
  play: ({ url, recording, directory }) => [
    vlcCommand(directory, url, `#standard{access=file,mux=ffmpeg{mux=flv},dst=${recording}}`),
  ],
};

/** As nobody: VLC does not run as root. */
function vlcCommand(directory: string, source: string, output: string): Command {
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const line = [
    ...asNobody,
    'vlc',
    '--intf',
    'dummy',
    '--no-interact',
    '--network-caching',
    '500',
    source,
    '--sout',
    output,
  ];
  return { line, env: { HOME: directory } };
}
