/** What connections together may take: who is turned away, and who is not. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.ts';
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
  it('are bounded, and those who have done theirs do not count', async () => {
    const server = await started({ handshakes: 2 });
    await server.raw();
    await server.raw();
    await server.silent();
    await server.silent();
    await until('four connections', () => server.server.connectionCount === 4);
    const fifth = await server.silent();
    await until('the fifth to be gone', () => fifth.destroyed);
    expect(server.limitsMet).toEqual(['handshakes']);
    // Those that do not go on are closed in time, and others may come.
    server.clock.advance(LIMITS.handshakeTimeoutMs + 2_000);
    // They count until their sockets are gone, whether they close their side or not.
    await until('the silent ones to be told', () => server.server.connectionCount === 2);
    server.clock.advance(2_000);
    await until('their places to be free', () => server.server.handshakesUnderWay === 0);
    await server.raw();
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
