import type { StreamRequest } from './server-handler.ts';

/** A stream name can be followed by a query; more parameters than this are not read. */
const MAX_PARAMETERS = 16;

/** Longer than any name of an input or a program. */
const MAX_NAME_LENGTH = 80;

/** In front of an application: the client logs in with a user and a password, `rtmp://HOST/login/master`. */
const LOGIN = 'login';

/**
 * What a client means by its application and stream name. Encoders write the same address in several shapes:
 *
 *   application `master`,         stream `camera1?key=…`   (OBS: server and stream key; FFmpeg: one URL)
 *   application `master/camera1`, stream `KEY`             (server and key, as public services have it)
 *   application `master/camera1`, any stream name          (Flash Media Server: an instance of the application)
 *   application `master?key=…`,   stream `camera1`
 *   application `login/master`,   stream `camera1`         (with a user and a password: adobe-login.ts)
 */
export function resolveStreamPath(application: string, streamName: string): StreamRequest {
  const [appPath, appQuery] = splitQuery(application);
  const [streamPath, streamQuery] = splitQuery(streamName);
  const segments = appPath.split('/').filter((segment) => segment !== '' && segment !== '_definst_');
  const isLogin = segments[0] === LOGIN;
  const [app = '', instance] = isLogin ? segments.slice(1) : segments;
  const stream = streamPath.replace(/^(flv|mp4):/, '').replace(/^\/+|\/+$/g, '');
  const keyInPlace: Array<[string, string]> =
    instance === undefined || stream === '' ? [] : [['key', stream]];
  return {
    app: printable(app),
    name: printable(instance ?? stream),
    isLogin,
    query: new Map([...keyInPlace, ...parseQuery(appQuery), ...parseQuery(streamQuery)]),
  };
}

function splitQuery(text: string): [path: string, query: string] {
  const mark = text.indexOf('?');
  return mark === -1 ? [text, ''] : [text.slice(0, mark), text.slice(mark + 1)];
}

function parseQuery(query: string): Array<[string, string]> {
  return [...new URLSearchParams(query)].slice(0, MAX_PARAMETERS);
}

/** A peer's text, fit for a log: short, and without control characters. No name of ours is changed by it. */
export function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_NAME_LENGTH);
}
