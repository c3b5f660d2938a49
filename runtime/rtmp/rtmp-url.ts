const DEFAULT_PORT = 1935;

/** An address of a stream, taken apart as clients send it. */
export interface RtmpUrl {
  readonly host: string;
  readonly port: number;
  /** Everything between the host and the last segment. */
  readonly app: string;
  /** The last segment with its query, where keys stand. */
  readonly stream: string;
  /** `rtmp://HOST:PORT/APP`: without the stream and its key, fit for `connect` and for logs. */
  readonly tcUrl: string;
}

/**
 * Parses `rtmp://HOST[:PORT]/APP/STREAM[?QUERY]`. Throws an Error that says what is wrong, without the query or a
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
  if (url.protocol !== 'rtmp:' || url.hostname === '' || stream === '' || segments.length === 0) {
    throw new Error(`"${shown}" does not name an RTMP stream; write rtmp://HOST/APP/STREAM`);
  }
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const app = segments.join('/');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    app,
    stream: `${stream}${url.search}`,
    tcUrl: `rtmp://${url.hostname}:${port}/${app}`,
  };
}
