import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parseRtmpUrl } from '../../runtime/rtmp/rtmp-url.ts';

const KEY = 's3cret-key';

describe('parseRtmpUrl', () => {
  it.each([
    {
      name: 'the usual',
      url: 'rtmp://host/master/camera1',
      parts: { host: 'host', port: 1935, app: 'master', stream: 'camera1', tcUrl: 'rtmp://host:1935/master' },
    },
    {
      name: 'a port and a key',
      url: `rtmp://10.0.0.1:1936/master/camera1?key=${KEY}`,
      parts: {
        host: '10.0.0.1',
        port: 1936,
        app: 'master',
        stream: `camera1?key=${KEY}`,
        tcUrl: 'rtmp://10.0.0.1:1936/master',
      },
    },
    {
      name: 'RTMPS',
      url: `rtmps://host/live/a?key=${KEY}`,
      parts: {
        host: 'host',
        port: 443,
        app: 'live',
        stream: `a?key=${KEY}`,
        tcUrl: 'rtmps://host:443/live',
      },
    },
    {
      name: 'an instance',
      url: 'rtmp://host/app/instance/stream',
      parts: {
        host: 'host',
        port: 1935,
        app: 'app/instance',
        stream: 'stream',
        tcUrl: 'rtmp://host:1935/app/instance',
      },
    },
    {
      name: 'IPv6',
      url: 'rtmp://[::1]:1937/live/a',
      parts: { host: '::1', port: 1937, app: 'live', stream: 'a', tcUrl: 'rtmp://[::1]:1937/live' },
    },
    {
      name: 'escapes in the name',
      url: 'rtmp://host/live/cam%201',
      parts: { host: 'host', port: 1935, app: 'live', stream: 'cam 1', tcUrl: 'rtmp://host:1935/live' },
    },
    {
      name: 'slashes too many',
      url: 'rtmp://host//live//a/',
      parts: { host: 'host', port: 1935, app: 'live', stream: 'a', tcUrl: 'rtmp://host:1935/live' },
    },
    {
      name: 'a user and a password, which go nowhere',
      url: `rtmp://user:${KEY}@host/live/a`,
      parts: { host: 'host', port: 1935, app: 'live', stream: 'a', tcUrl: 'rtmp://host:1935/live' },
    },
  ])('reads $name', ({ url, parts }) => {
    expect(parseRtmpUrl(url)).toEqual({ isSecure: url.startsWith('rtmps:'), ...parts });
    expect(parseRtmpUrl(url).tcUrl).not.toContain(KEY);
  });

  it.each([
    { name: 'no URL', url: `camera1?key=${KEY}`, message: '"camera1" is not a URL' },
    {
      name: 'a port that is none',
      url: `rtmp://host:99999/live/a?key=${KEY}`,
      message: '"rtmp://host:99999/live/a" is not',
    },
    {
      name: 'a host that is none',
      url: `rtmp://ho st/live/a?key=${KEY}`,
      message: '"rtmp://ho st/live/a" is not',
    },
    {
      name: 'another protocol',
      url: `http://host/live/a?key=${KEY}`,
      message: '"http://host/live/a" does not name',
    },
    { name: 'no stream', url: `rtmp://host/live?key=${KEY}`, message: '"rtmp://host/live" does not name' },
    { name: 'no path', url: `rtmp://host?key=${KEY}`, message: '"rtmp://host" does not name' },
    { name: 'no host', url: `rtmp:///live/a?key=${KEY}`, message: '"rtmp:///live/a" does not name' },
    { name: 'no slashes', url: `rtmp:live/a?key=${KEY}`, message: '"rtmp:live/a" does not name' },
    { name: 'a broken escape', url: `rtmp://host/live/100%?key=${KEY}`, message: '"rtmp://host/live/100%" ' },
    {
      name: 'a user and a password without a stream',
      url: `rtmp://user:${KEY}@host/live`,
      message: '"rtmp://host/live" does not name',
    },
    { name: 'nothing', url: '', message: '"" is not a URL' },
  ])('refuses $name, and does not show the key', ({ url, message }) => {
    let thrown: unknown;
    try {
      parseRtmpUrl(url);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as Error).message).toContain(message);
    expect((thrown as Error).message).toContain('write rtmp://HOST/APP/STREAM');
    // With causes and fields, as a log would print it.
    expect(inspect(thrown, { depth: 10, showHidden: true })).not.toContain(KEY);
  });
});
