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

/** Parses `rtmp://HOST[:PORT]/APP/STREAM[?QUERY]`. Throws an Error that says what is wrong, without the query. */
export function parseRtmpUrl(text: string): RtmpUrl {
  const shown = text.split('?')[0] ?? '';
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new Error(`"${shown}" is not a URL; write rtmp://HOST/APP/STREAM`, { cause });
  }
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const stream = segments.pop();
  if (url.protocol !== 'rtmp:' || stream === undefined || segments.length === 0) {
    throw new Error(`"${shown}" does not name an RTMP stream; write rtmp://HOST/APP/STREAM`);
  }
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const app = segments.join('/');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    app,
    stream: `${decodeURIComponent(stream)}${url.search}`,
    tcUrl: `rtmp://${url.hostname}:${port}/${app}`,
  };
}
