/** What connections together may take: who is turned away, and who is not. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeMessage } from '../../runtime/rtmp/chunk-writer.ts';
import { DEFAULT_CHUNK_SIZE } from '../../runtime/rtmp/wire.ts';
import { until } from '../support/until.ts';
import { KEYFRAME, largeFrame, videoMessage } from './media-messages.ts';
import type { RawPeer } from './raw-peer.ts';
import { LIMITS, TestServer } from './test-server.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function started(limits: Partial<typeof LIMITS>): Promise<TestServer> {
  const server = await TestServer.start({ ...LIMITS, ...limits });
  servers.push(server);
  return server;
}

/** A message of the longest kind that a stranger may begin, without its last byte. */
function beginMessage(peer: RawPeer, bytes: number): void {
  const header = Buffer.from([0x05, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0]);
  header.writeUIntBE(bytes, 4, 3);
  peer.write(header);
}

describe('an address', () => {
  it('has no more connections than it may, and another one once one has gone', async () => {
    const server = await started({ connectionsPerAddress: 2 });
    const first = await server.silent();
    await server.silent();
    await until('two connections', () => server.server.connectionCount === 2);
    const third = await server.silent();
    await until('the third to be gone', () => third.destroyed);
    expect(server.limitsMet).toEqual(['connectionsPerAddress']);
    first.destroy();
    await until('room', () => server.server.connectionCount === 1);
    await server.raw();
  });
});

describe('handshakes under way', () => {
  it('are bounded: the slowest gives way, and those who have done theirs do not count', async () => {
    const server = await started({ handshakes: 2 });
    await server.raw();
    const first = await server.silent();
    await until('the first', () => server.server.handshakesUnderWay === 1);
    const second = await server.silent();
    await until('both', () => server.server.handshakesUnderWay === 2);
    const other = await server.raw();
    await until('the first to be gone', () => first.destroyed);
    expect(second.destroyed).toBe(false);
    expect(server.limitsMet).toEqual(['handshakes']);
    expect(server.closed.map(({ reason }) => reason)).toEqual([
      'socket: more than limits.handshakes are under way, and this is the oldest of its address',
    ]);
    await until('the other handshake to be done', () => server.server.handshakesUnderWay === 1);
    // The one that does not go on is closed in time; it counts until its socket is gone.
    server.clock.advance(LIMITS.handshakeTimeoutMs + 2_000);
    await until('the second to be told', () => server.server.connectionCount === 2);
    server.clock.advance(2_000);
    await until('its place to be free', () => server.server.handshakesUnderWay === 0);
    expect(other.isClosed).toBe(false);
  });
});

describe('what a peer sends', () => {
  const frame = encodeMessage(6, videoMessage(0, largeFrame(60_000), 7), DEFAULT_CHUNK_SIZE);

  it('is read at the speed that a publisher may have, and who is slowed down is named', async () => {
    const server = await started({ publisherKbps: 1_000 });
    const { peer } = await server.publishing('camera1');
    // Until nobody reads it: kernels hold some megabytes.
    let [before, sameFor] = [-1, 0];
    await until('the other end to read no more', () => {
      while (peer.socket.writableLength < 1_000_000) peer.write(frame);
      sameFor = peer.socket.writableLength === before ? sameFor + 1 : 0;
      before = peer.socket.writableLength;
      return sameFor > 50;
    });
    expect(new Set(server.limitsMet)).toEqual(new Set(['publisherKbps']));
    await until('the rest to be read, in time', () => {
      server.clock.advance(100);
      return peer.socket.writableLength < before;
    });
    expect(server.closed).toEqual([]);
  });

  it('is little as long as it has shown no key', async () => {
    const server = await started({});
    const { peer: publisher, publication } = await server.publishing('camera1');
    const stranger = await server.connected();
    for (let count = 0; count < 20; count += 1) stranger.write(frame);
    expect(await server.onlyEnd()).toBe('too-many-bytes: more than 1000 kbit/s, and no key');
    publisher.send(videoMessage(0, KEYFRAME));
    await until('a frame of the publisher', () => publication.packets.length);
  });
});

describe('what strangers hold', () => {
  it('is bounded in sum: the greediest goes, and those with small needs do not notice', async () => {
    const server = await started({ strangersBytes: 200_000 });
    const modest = await server.connected();
    const greedy = [await server.raw(), await server.raw(), await server.raw()];
    for (const [index, peer] of greedy.entries()) beginMessage(peer, 60_000 + index);
    const fourth = await server.raw();
    beginMessage(fourth, 50_000);
    await until('one to be closed', () => server.limitsMet.length === 1);
    await until('the greediest to be gone', () => greedy[2]?.isClosed === true);
    expect([greedy[0]?.isClosed, greedy[1]?.isClosed, fourth.isClosed, modest.isClosed]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(server.limitsMet).toEqual(['strangersBytes']);
    expect(server.closed.map(({ reason }) => reason)).toEqual([
      'connections without a key hold more than limits.strangersBytes, and this one most',
    ]);
  });

  it('does not count what publishers send', async () => {
    const server = await started({ strangersBytes: 70_000 });
    const { peer } = await server.publishing('camera1');
    beginMessage(peer, 500_000);
    const other = await server.raw();
    beginMessage(other, 60_000);
    const third = await server.raw();
    beginMessage(third, 50_000);
    await until('a stranger to be closed', () => other.isClosed);
    expect(peer.isClosed).toBe(false);
  });
});
