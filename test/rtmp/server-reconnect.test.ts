/** What a server that goes down tells its clients: who is asked to connect anew, and what the others hear. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { playRtmp, publishRtmp } from '../../runtime/rtmp/client.ts';
import { rtmpMessages } from '../golden/rtmp-messages.ts';
import { until } from '../support/until.ts';
import type { RawPeer } from './raw-peer.ts';
import { TestServer } from './test-server.ts';

const ASKED = 'status NetConnection.Connect.ReconnectRequest';
const REQUEST = rtmpMessages.find(({ name }) => name.startsWith('ReconnectRequest'))?.raw;

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

/** A client that says of itself in connect what `says` has, and publishes or plays on message stream 1. */
async function client(role: 'publisher' | 'viewer', says: { capsEx?: unknown }): Promise<RawPeer> {
  const peer = await server.raw();
  const app = role === 'publisher' ? 'master' : 'live';
  peer.command(0, 'connect', 1, { app, tcUrl: server.url(app), ...(says as { capsEx?: number }) });
  peer.command(0, 'createStream', 2, null);
  await peer.reply(2);
  peer.command(1, role === 'publisher' ? 'publish' : 'play', 0, null, 'camera1');
  await peer.status(`status NetStream.${role === 'publisher' ? 'Publish' : 'Play'}.Start`);
  return peer;
}

describe('a server that asks its clients to connect anew', () => {
  it.each(['publisher', 'viewer'] as const)('asks each %s that can, and no one else', async (role) => {
    const other = role === 'publisher' ? 'viewer' : 'publisher';
    const asked = [await client(role, { capsEx: 1 }), await client(role, { capsEx: 7 })];
    const notAsked = [
      await client(role, {}),
      await client(role, { capsEx: 6 }),
      await client(role, { capsEx: 'all' }),
      await client(other, { capsEx: 1 }),
    ];
    server.server.requestReconnect(role, 'why');
    await Promise.all(asked.map((peer) => peer.status(ASKED)));
    for (const peer of asked) expect(peer.raws.at(-1)).toEqual(REQUEST);
    // What comes behind it has come: so it was not sent to these.
    for (const peer of notAsked) {
      peer.command(0, '_checkbw', 9, null);
      await peer.reply(9);
      expect(peer.statuses).not.toContain(ASKED);
    }
    expect(server.closed).toEqual([]);
  });

  it('says in its answer to connect that it asks, to those that say what they can', async () => {
    const properties = async (says: object): Promise<unknown> => {
      const peer = await client('viewer', says);
      return (await peer.reply(1)).args[0];
    };
    expect(await properties({ capsEx: 3 })).toMatchObject({ capsEx: 15 });
    expect(await properties({})).not.toHaveProperty('capsEx');
  });
});

describe('a server that closes', () => {
  it.each([
    { role: 'viewer', capsEx: 0, says: 'status NetStream.Play.UnpublishNotify', streamId: 1 },
    { role: 'viewer', capsEx: 1, says: 'status NetStream.Play.UnpublishNotify', streamId: 1 },
    { role: 'publisher', capsEx: 0, says: 'error NetConnection.Connect.AppShutdown', streamId: 0 },
    { role: 'publisher', capsEx: 1, says: ASKED, streamId: 0 },
  ] as const)('tells a $role with capsEx $capsEx: $says', async ({ role, capsEx, says, streamId }) => {
    const peer = await client(role, { capsEx });
    const before = peer.statuses.length;
    await Promise.all([server.server.close('going down'), peer.closed()]);
    expect(peer.statuses.slice(before)).toEqual([says]);
    expect(peer.commands.at(-1)).toMatchObject({ streamId, args: [null, { description: 'going down' }] });
    expect(server.closed).toEqual([expect.objectContaining({ role, reason: 'going down' })]);
  });

  it('says nothing to those that have not begun', async () => {
    const [shaken, connected] = [await server.raw(), await server.connected()];
    await Promise.all([server.server.close('going down'), shaken.closed(), connected.closed()]);
    expect([...shaken.statuses, ...connected.statuses]).toEqual([]);
  });
});

describe('our own client', () => {
  it('says that it can only where it does, and is told', async () => {
    let requests = 0;
    const url = server.url('master/camera1');
    const [able, other] = [
      await publishRtmp(url, { clock: server.clock, onReconnectRequest: () => (requests += 1) }),
      await publishRtmp(url, { clock: server.clock }),
    ];
    server.server.requestReconnect('publisher', 'why');
    await until('the request', () => requests);
    expect(requests).toBe(1);
    await server.server.close('going down');
    expect(await able.closed).toBe('closed by the server');
    expect(await other.closed).toBe('NetConnection.Connect.AppShutdown: going down');
  });

  it('takes the end of what it plays for no error', async () => {
    const listener = { packet: () => {}, data: () => {} };
    const player = await playRtmp(server.url('live/camera1'), { clock: server.clock }, listener);
    await server.server.close('going down');
    expect(await player.closed).toBe('closed by the server');
  });
});
