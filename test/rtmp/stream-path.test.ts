import { describe, expect, it } from '@jest/globals';
import { resolveStreamPath } from '../../runtime/rtmp/stream-path.ts';

describe('resolveStreamPath', () => {
  it.each([
    {
      name: 'OBS: server and stream key',
      app: 'master',
      stream: 'camera1?key=s3cret',
      is: ['master', 'camera1', { key: 's3cret' }],
    },
    { name: 'no query', app: 'live', stream: 'camera1', is: ['live', 'camera1', {}] },
    {
      name: 'Flash Media Server: an instance',
      app: 'master/camera1',
      stream: 'anything?key=k',
      is: ['master', 'camera1', { key: 'k' }],
    },
    { name: 'an instance and no stream', app: 'master/camera1', stream: '', is: ['master', 'camera1', {}] },
    {
      name: 'the default instance',
      app: 'master/_definst_',
      stream: 'camera1',
      is: ['master', 'camera1', {}],
    },
    {
      name: 'the default instance in front',
      app: '_definst_/master',
      stream: 'camera1',
      is: ['master', 'camera1', {}],
    },
    {
      name: 'query of the application',
      app: 'master?key=a',
      stream: 'camera1',
      is: ['master', 'camera1', { key: 'a' }],
    },
    {
      name: 'query of both: that of the stream counts',
      app: 'master?key=a&x=1',
      stream: 'camera1?key=b',
      is: ['master', 'camera1', { key: 'b', x: '1' }],
    },
    { name: 'mp4: prefix', app: 'live', stream: 'mp4:camera1', is: ['live', 'camera1', {}] },
    { name: 'flv: prefix', app: 'live', stream: 'flv:camera1?k=v', is: ['live', 'camera1', { k: 'v' }] },
    { name: 'another prefix is a name', app: 'live', stream: 'mp3:camera1', is: ['live', 'mp3:camera1', {}] },
    { name: 'slashes at the ends', app: '/master/', stream: '/camera1/', is: ['master', 'camera1', {}] },
    {
      name: 'nginx-rtmp, node-media-server: the application is the first part',
      app: 'master',
      stream: 'camera1/KEY',
      is: ['master', 'camera1', { key: 'KEY' }],
    },
    {
      name: 'a name of two parts, with its key in the query',
      app: 'relay',
      stream: 'master/camera1?key=KEY',
      is: ['relay', 'master/camera1', { key: 'KEY' }],
    },
    {
      name: 'more slashes belong to the key',
      app: 'master',
      stream: 'camera1/K/E/Y?x=1',
      is: ['master', 'camera1', { key: 'K/E/Y', x: '1' }],
    },
    { name: 'an instance of two parts', app: 'master/camera1/x', stream: '', is: ['master', 'camera1', {}] },
    {
      name: 'escapes in the query',
      app: 'm',
      stream: 's?key=a%2Bb%3D&b=c+d',
      is: ['m', 's', { key: 'a+b=', b: 'c d' }],
    },
    { name: 'broken escapes in the query', app: 'm', stream: 's?key=%zz', is: ['m', 's', { key: '%zz' }] },
    { name: 'two question marks', app: 'm', stream: 's?a=1?b=2', is: ['m', 's', { a: '1?b=2' }] },
    {
      name: '__proto__ as a parameter',
      app: 'm',
      stream: 's?__proto__=x',
      is: ['m', 's', Object.fromEntries([['__proto__', 'x']])],
    },
    { name: 'empty', app: '', stream: '', is: ['', '', {}] },
    { name: 'no name', app: 'master', stream: '?key=a', is: ['master', '', { key: 'a' }] },
    { name: 'slashes alone', app: '///', stream: '///', is: ['', '', {}] },
    { name: 'a prefix alone', app: 'live', stream: 'mp4:', is: ['live', '', {}] },
    {
      name: 'what cannot be printed, and could forge a line of the log',
      app: 'a\u0000\n',
      stream: 'b\u001b[31m\u{1f3a5}',
      is: ['a??', 'b?[31m??', {}],
    },
  ])('$name', ({ app, stream, is: [expectedApp, expectedName, query] }) => {
    const path = resolveStreamPath(app, stream);
    expect([path.app, path.name]).toEqual([expectedApp, expectedName]);
    expect([...path.query]).toEqual(Object.entries(query ?? {}));
  });

  it('reads only so many parameters', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `p${i}=${i}`).join('&');
    expect(resolveStreamPath('m', `s?${many}`).query.size).toBe(16);
  });
});
