import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { until } from '../support/until.ts';
import { LIMITS, TestServer } from './test-server.ts';

describe('RtmpServer', () => {
  it('ends all connections when it closes, and what they were doing', async () => {
    const server = await TestServer.start();
    const publisher = await server.publishing('camera1');
    const viewer = await server.connected('live');
    viewer.command(1, 'play', 0, null, 'camera1');
    await viewer.status('status NetStream.Play.Start');
    const idle = await server.raw();
    const silent = connect({ port: server.port, host: '127.0.0.1' }).on('error', () => {});
    silent.resume();
    await until('all four', () => server.server.connectionCount === 4);
    await Promise.all([
      server.server.close('going down'),
      publisher.peer.closed(),
      viewer.closed(),
      idle.closed(),
      once(silent, 'close'),
    ]);
    expect(publisher.publication.ends).toEqual(['going down']);
    expect(server.handler.playbacks[0]?.stops).toEqual(['going down']);
    expect(server.closed.map(({ reason }) => reason)).toEqual(Array(4).fill('going down'));
    expect(server.closed.map(({ role }) => role).sort()).toEqual(['none', 'none', 'publisher', 'viewer']);
    expect(server.server.connectionCount).toBe(0);
    const [error] = await once(connect({ port: server.port, host: '127.0.0.1' }), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('leaves no timer behind', async () => {
    const server = await TestServer.start();
    await server.publishing('camera1');
    await server.stop();
    server.clock.advance(1_000);
    expect(server.clock.pendingTimers).toBe(0);
  });

  it('rejects where it cannot listen, and leaves no timer behind', async () => {
    const server = await TestServer.start();
    const second = new TestServer();
    await expect(second.server.listen(server.port, '127.0.0.1')).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    expect(second.clock.pendingTimers).toBe(0);
    await server.stop();
  });

  it('takes no more connections than it may', async () => {
    const server = await TestServer.start({ ...LIMITS, connections: 2 });
    const [first] = [await server.connected(), await server.connected()];
    const third = connect({ port: server.port, host: '127.0.0.1' }).on('error', () => {});
    third.resume();
    await once(third, 'close');
    expect(server.server.connectionCount).toBe(2);
    first?.socket.end();
    await until('a free place', () => server.server.connectionCount === 1);
    await server.connected();
    await server.stop();
  });

  it('shares nothing with another one in the process', async () => {
    const [first, second] = [await TestServer.start(), await TestServer.start()];
    const { publication } = await first.publishing('camera1');
    await second.publishing('camera1');
    await second.stop();
    expect(publication.ends).toEqual([]);
    expect(first.closed).toEqual([]);
    await first.stop();
  });
});
