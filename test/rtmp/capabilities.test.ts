/** What both sides say in connect of Enhanced RTMP, and what they then send each other. */
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AmfObject } from '../../runtime/codec/amf0.ts';
import { parseMedia } from '../../runtime/codec/media-message.ts';
import { messageKind } from '../../runtime/media/packet.ts';
import {
  answerCapabilities,
  NO_CAPABILITIES,
  offerCapabilities,
  readAnswer,
  readCapabilities,
} from '../../runtime/rtmp/capabilities.ts';
import { playRtmp, publishRtmp } from '../../runtime/rtmp/client.ts';
import { bytes } from '../golden/bytes.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { TestPeerServer } from './test-peer-server.ts';
import { TestServer } from './test-server.ts';

describe('what a client says', () => {
  it.each([
    { says: {}, can: {} },
    { says: { capsEx: 1 }, can: { reconnect: true } },
    { says: { capsEx: 2 }, can: { multitrack: true } },
    { says: { capsEx: 12 }, can: { modEx: true } },
    { says: { videoFunction: 5 }, can: { metadata: true } },
    { says: { capsEx: '15', videoFunction: null }, can: {} },
    { says: { capsEx: Number.NaN }, can: {} },
    { says: { capsEx: 2 ** 40 + 2 }, can: { multitrack: true } },
  ])('$says', ({ says, can }) => {
    expect(readCapabilities(says)).toEqual({ ...NO_CAPABILITIES, ...can });
  });

  it('is answered in kind, and not at all where it says nothing', () => {
    expect(answerCapabilities({ app: 'live', videoFunction: 1 })).toEqual({});
    const { fourCcList, ...rest } = answerCapabilities({ fourCcList: ['hvc1'] });
    expect(fourCcList).toEqual(expect.arrayContaining(['hvc1', 'av01', 'vp09', 'Opus', 'ac-3', 'fLaC']));
    expect(rest).toEqual({});
    const any = { '*': 4 };
    const maps = { videoFourCcInfoMap: any, audioFourCcInfoMap: any };
    expect(answerCapabilities({ audioFourCcInfoMap: { Opus: 7 } })).toEqual(maps);
    expect(answerCapabilities({ capsEx: 0 })).toEqual({ capsEx: 15 });
  });

  it('never trips the server, whatever it is', () => {
    const key = fc.constantFrom('capsEx', 'fourCcList', 'videoFourCcInfoMap', 'videoFunction', '__proto__');
    const value = fc.oneof(fc.double(), fc.string(), fc.constant(null), fc.array(fc.string()), fc.object());
    fc.assert(
      fc.property(fc.dictionary(key, value), (says) => {
        readCapabilities(says as AmfObject);
        answerCapabilities(says as AmfObject);
        readAnswer([says as AmfObject]);
      }),
    );
  });
});

describe('what our clients say', () => {
  it('is understood by our server, and its answer by them', () => {
    const offer = offerCapabilities({ reconnect: true });
    const all = { reconnect: true, multitrack: true, modEx: true, metadata: true };
    expect(readCapabilities(offer)).toEqual(all);
    expect(readAnswer([answerCapabilities(offer), null])).toEqual(all);
    expect(readCapabilities(offerCapabilities({ reconnect: false })).reconnect).toBe(false);
    // A server that knows nothing of it.
    expect(readAnswer([{ fmsVer: 'FMS/3,0,1,123' }, { code: 'NetConnection.Connect.Success' }])).toEqual(
      NO_CAPABILITIES,
    );
  });
});

const servers: Array<{ stop(): Promise<void> }> = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

describe('a connection', () => {
  it('tells whoever owns the programs what a viewer can take', async () => {
    const server = await TestServer.start();
    servers.push(server);
    const ours = await playRtmp(
      server.url('live/ours'),
      { clock: new FakeClock() },
      { packet: () => {}, data: () => {} },
    );
    const peer = await server.connected('live');
    peer.command(1, 'play', 0, null, 'plain');
    await peer.status('status NetStream.Play.Start');
    const extensionsOf = (name: string) =>
      server.handler.playbacks.find(({ request }) => request.name === name)?.extensions;
    expect(extensionsOf('ours')).toMatchObject({ multitrack: true, modEx: true, metadata: true });
    expect(extensionsOf('plain')).toMatchObject({ multitrack: false, modEx: false, metadata: false });
    ours.close();
  });

  it('brings a publication all of its tracks, each by itself', async () => {
    const server = await TestServer.start();
    servers.push(server);
    const publisher = await publishRtmp(server.url('master/camera1'), { clock: new FakeClock() });
    const message = bytes(
      "97 02 0f423f 06 11 'avc1' 00 000008 000000 00000001 65 02 000008 000000 00000001 65",
    );
    const packets = parseMedia('video', message, 40);
    for (const packet of packets) publisher.send(packet);
    const arrived = await until('both tracks', () => {
      const got = server.handler.publications[0]?.packets ?? [];
      return got.length === 2 && got;
    });
    expect(arrived.map((packet) => [messageKind(packet), packet.extra?.trackId, packet.keyframe])).toEqual([
      ['video', undefined, true],
      ['video', 2, false],
    ]);
    for (const packet of arrived) expect(packet.modEx?.subarray(0, 4)).toEqual(bytes('02 0f423f'));
    publisher.close();
  });

  it('is sent nothing that the server has not said that it can take', async () => {
    const server = await TestPeerServer.start();
    servers.push(server);
    const begun = publishRtmp(server.url('master/camera1'), { clock: new FakeClock() });
    const peer = await server.peer();
    const hear = (name: string) => until(name, () => peer.commands.find((command) => command.name === name));
    expect((await hear('connect')).args[0]).toMatchObject({
      fourCcList: ['*'],
      capsEx: 14,
      videoFunction: 4,
    });
    peer.command(0, '_result', 1, { fmsVer: 'FMS/3,0,1,123' }, {});
    peer.command(0, '_result', (await hear('createStream')).transactionId, null, 5);
    await hear('publish');
    peer.command(5, 'onStatus', 0, null, { level: 'status', code: 'NetStream.Publish.Start' });
    const publisher = await begun;
    const extra = parseMedia('audio', bytes("95 01 'Opus' 01 fc"), 1);
    const colours = parseMedia('video', bytes("94 'hvc1' 02 0009 'colorInfo' 06"), 2);
    const plain = parseMedia('audio', bytes("97 02 0f423f 01 'Opus' fc"), 3);
    for (const packet of [...extra, ...colours, ...plain]) publisher.send(packet);
    publisher.close();
    await until('all of it', () => peer.isClosed);
    const media = peer.messages.filter(({ type }) => type === 'audio' || type === 'video');
    expect(media).toEqual([{ type: 'audio', streamId: 5, timestamp: 3, payload: bytes("91 'Opus' fc") }]);
  });
});
