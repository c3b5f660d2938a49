import { ffmpeg } from './ffmpeg.ts';
import { gstreamerRtmp, gstreamerRtmp2 } from './gstreamer.ts';
import { nginxRtmp } from './nginx-rtmp.ts';
import { nodeAv } from './node-av.ts';
import { nodeMediaServer } from './node-media-server.ts';
import { obs } from './obs.ts';
import type { Peer } from './peer.ts';
import { rtmpdump } from './rtmpdump.ts';
import { vlc } from './vlc.ts';

/** In the order of the table. */
export const PEERS: readonly Peer[] = [
  nodeAv,
  ffmpeg,
  obs,
  gstreamerRtmp,
  gstreamerRtmp2,
  vlc,
  rtmpdump,
  nginxRtmp,
  nodeMediaServer,
];
