/** RTMPS has 443 by custom: it passes where nothing else does. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'rtmp:': 1935, 'rtmps:': 443 };

/** An address of a stream, taken apart as clients send it. */
export interface RtmpUrl {
  /** `rtmps:` RTMP over TLS. */
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  /** Everything between the host and the last segment. */
  readonly app: string;
  /** The last segment with its query, where keys stand. */
  readonly stream: string;
  /** `rtmp://HOST:PORT/APP`, or with `rtmps:`: without the stream and its key, fit for `connect` and for logs. */
  readonly tcUrl: string;
}

/**
 * Parses `rtmp://HOST[:PORT]/APP/STREAM[?QUERY]`, or the same with `rtmps:`. Throws an Error that says what is wrong, without the query or a
 * password, and without a cause: Node's holds the whole text.
 */
export function parseRtmpUrl(text: string): RtmpUrl {
  const shown = (text.split('?')[0] ?? '').replace(/\/\/[^/]*@/, '//');
  let url: URL;
  let stream: string;
  let segments: string[];
  try {
    url = new URL(text);
    segments = url.pathname.split('/').filter((segment) => segment !== '');
    stream = decodeURIComponent(segments.pop() ?? '');
  } catch {
    throw new Error(`"${shown}" is not a URL; write rtmp://HOST/APP/STREAM`);
  }
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined || url.hostname === '' || stream === '' || segments.length === 0) {
    throw new Error(`"${shown}" does not name an RTMP stream; write rtmp://HOST/APP/STREAM`);
  }
  const port = url.port === '' ? defaultPort : Number(url.port);
  const app = segments.join('/');
  return {
    isSecure: url.protocol === 'rtmps:',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    app,
    stream: `${stream}${url.search}`,
    tcUrl: `${url.protocol}//${url.hostname}:${port}/${app}`,
  };
}
