import { type Command, debianVersion, type Peer } from './peer.ts';

const PACKAGES = ['gstreamer1.0-tools', 'gstreamer1.0-plugins-good', 'gstreamer1.0-plugins-bad'];

/** librtmp in GStreamer. */
export const gstreamerRtmp: Peer = {
  name: 'GStreamer rtmpsink, rtmpsrc',
  packages: PACKAGES,
  version: () => debianVersion('gstreamer1.0-plugins-bad'),
  publish: ({ url, clip }) => [publishing(clip.long, ['rtmpsink', `location=${url} live=1`])],
  play: ({ url, recording }) => [playing(['rtmpsrc', `location=${url} live=1`], recording)],
};

/** GStreamer's own client. */
export const gstreamerRtmp2: Peer = {
  name: 'GStreamer rtmp2sink, rtmp2src',
  packages: PACKAGES,
  version: () => debianVersion('gstreamer1.0-plugins-bad'),
  publish: ({ url, clip }) => [publishing(clip.long, ['rtmp2sink', `location=${url}`])],
  play: ({ url, recording }) => [playing(['rtmp2src', `location=${url}`], recording)],
};

function publishing(clip: string, sink: readonly string[]): Command {
  return launch(
    ...words('flvmux name=mux streamable=true !'),
    ...sink,
    'sync=true',
    'filesrc',
    `location=${clip}`,
    ...words('! flvdemux name=d'),
    ...words('d.video ! queue ! h264parse ! mux.'),
    ...words('d.audio ! queue ! aacparse ! mux.'),
  );
}

/** Records what comes, and parses it at its own speed as a player does. */
function playing(source: readonly string[], recording: string): Command {
  return launch(
    ...source,
    ...words('! tee name=t t. ! queue ! filesink async=false'),
    `location=${recording}`,
    ...words('t. ! queue ! flvdemux name=d'),
    ...words('d.video ! queue ! h264parse ! fakesink async=false sync=true'),
    ...words('d.audio ! queue ! aacparse ! fakesink async=false sync=true'),
  );
}

/** With SIGINT it ends its streams in order. */
function launch(...pipeline: readonly string[]): Command {
  return { line: ['gst-launch-1.0', '-e', ...pipeline], endSignal: 'SIGINT' };
}

function words(text: string): string[] {
  return text.split(' ');
}
