/** RTMPS: the same conversation over TLS, in and out, and a certificate that is renewed meanwhile. */
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { publishRtmp } from '../../runtime/rtmp/client.ts';
import type { TlsIdentity } from '../../runtime/rtmp/server.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { selfSigned } from '../support/self-signed.ts';
import { until } from '../support/until.ts';
import { RawPeer } from './raw-peer.ts';
import { LIMITS, TestServer } from './test-server.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function started(
  identity: TlsIdentity,
  limits = LIMITS,
): Promise<{ server: TestServer; port: number }> {
  const server = new TestServer(limits);
  servers.push(server);
  return { server, port: await server.server.listenTls(0, '127.0.0.1', identity) };
}

function tlsPeer(port: number, ca: string): RawPeer {
  return new RawPeer(connectTls({ port, host: '127.0.0.1', ca }), 'client');
}

describe('RTMPS', () => {
  it('carries a publish as RTMP does', async () => {
    const identity = selfSigned();
    const { server, port } = await started(identity);
    const peer = tlsPeer(port, identity.cert);
    await until('a handshake', () => peer.isReady);
    peer.command(0, 'connect', 1, { app: 'master' });
    peer.command(0, 'createStream', 2, null);
    peer.command(1, 'publish', 0, null, 'camera1', 'live');
    await peer.status('status NetStream.Publish.Start');
    expect(server.handler.requests).toMatchObject([{ app: 'master', name: 'camera1' }]);
    peer.socket.destroy();
  });

  it('closes what speaks no TLS, and what does not finish its handshake, and counts neither any more', async () => {
    const { server, port } = await started(selfSigned(), {
      ...LIMITS,
      handshakes: 1,
      handshakeTimeoutMs: 200,
    });
    server.port = port;
    await expect(server.raw()).rejects.toThrow();
    const peer = await server.silent();
    await until('its end', () => peer.destroyed);
    expect(server.server.connectionCount).toBe(0);
    const again = await server.silent();
    expect(server.limitsMet).toEqual([]);
    again.destroy();
  });

  it('lets the slowest handshake give way, also where that is one of TLS', async () => {
    const identity = selfSigned();
    const { server, port } = await started(identity, { ...LIMITS, handshakes: 1 });
    server.port = port;
    const silent = await server.silent();
    await until('the silent one', () => server.server.handshakesUnderWay === 1);
    const peer = tlsPeer(port, identity.cert);
    await until('a handshake', () => peer.isReady);
    await until('the silent one to be gone', () => silent.destroyed);
    expect(server.limitsMet).toEqual(['handshakes']);
    peer.socket.destroy();
  });

  it('takes up a renewed certificate for new connections, and keeps the old one where the new one is none', async () => {
    const [first, second] = [selfSigned('first'), selfSigned('second')];
    const { server, port } = await started(first);
    const before = tlsPeer(port, first.cert);
    await until('a handshake', () => before.isReady);
    expect(() => server.server.renew({ cert: first.cert, key: second.key })).toThrow();
    expect(() => server.server.renew({ cert: 'nothing', key: 'nothing' })).toThrow();
    const unchanged = tlsPeer(port, first.cert);
    await until('a handshake with the old certificate', () => unchanged.isReady);
    server.server.renew(second);
    const after = tlsPeer(port, second.cert);
    await until('a handshake with the new certificate', () => after.isReady);
    expect(before.isClosed).toBe(false);
    for (const { socket } of [before, unchanged, after]) socket.destroy();
  });
});

describe('our own client', () => {
  it('refuses a certificate that nobody vouches for, and says so', async () => {
    const { port } = await started(selfSigned());
    const url = `rtmps://127.0.0.1:${port}/master/camera1`;
    await expect(publishRtmp(url, { clock })).rejects.toThrow(
      /rtmps:\/\/127\.0\.0\.1:\d+\/master: self-signed/,
    );
  });
});
