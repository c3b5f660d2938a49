import { debianVersion, type Peer } from './peer.ts';

export const rtmpdump: Peer = {
  name: 'rtmpdump',
  packages: ['rtmpdump'],
  version: () => debianVersion('rtmpdump'),
  play: ({ url, recording }) => [
    { line: ['rtmpdump', '--quiet', '--live', '--rtmp', url, '--flv', recording], endSignal: 'SIGINT' },
  ],
};
