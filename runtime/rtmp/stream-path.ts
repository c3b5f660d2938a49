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
 *   application `master`,         stream `camera1/KEY`     (the same as one URL: nginx-rtmp, node-media-server)
 *   application `master/camera1`, any stream name          (Flash Media Server: an instance of the application)
 *   application `master?key=…`,   stream `camera1`
 *   application `login/master`,   stream `camera1`         (with a user and a password: adobe-login.ts)
 */
export function resolveStreamPath(application: string, streamName: string): StreamRequest {
  const [appPath, appQuery] = splitAt('?', application);
  const [streamPath, streamQuery] = splitAt('?', streamName);
  const segments = appPath.split('/').filter((segment) => segment !== '' && segment !== '_definst_');
  const isLogin = segments[0] === LOGIN;
  const [app = '', instance] = isLogin ? segments.slice(1) : segments;
  const stream = streamPath.replace(/^(flv|mp4):/, '').replace(/^\/+|\/+$/g, '');
  const query = [...parseQuery(appQuery), ...parseQuery(streamQuery)];
  const hasKey = query.some(([parameter]) => parameter === 'key');
  // Relays name an input by both its parts, and have their key in the query.
  const [name, key] =
    instance !== undefined ? [instance, stream] : hasKey ? [stream, ''] : splitAt('/', stream);
  const keyInPlace: Array<[string, string]> = key === '' ? [] : [['key', key]];
  return { app: printable(app), name: printable(name), isLogin, query: new Map([...keyInPlace, ...query]) };
}

function splitAt(mark: string, text: string): [before: string, behind: string] {
  const place = text.indexOf(mark);
  return place === -1 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)];
}

function parseQuery(query: string): Array<[string, string]> {
  return [...new URLSearchParams(query)].slice(0, MAX_PARAMETERS);
}

/** A peer's text, fit for a log: short, and without control characters. No name of ours is changed by it. */
export function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_NAME_LENGTH);
}
