/** Pushes and pulls over real sockets, with another end that does what real hosts do not. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AmfObject } from '../../runtime/codec/amf0.ts';
import { InputRegistry } from '../../runtime/input/registry.ts';
import { openPull } from '../../runtime/relay/pull.ts';
import { openPush } from '../../runtime/relay/push.ts';
import { encodeHealth, encodeMark } from '../../runtime/relay/relay-message.ts';
import { MessageType } from '../../runtime/rtmp/wire.ts';
import type { RawPeer } from '../rtmp/raw-peer.ts';
import { TestPeerServer } from '../rtmp/test-peer-server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { createInput, NAME, OwnerStage } from './relay-stage.ts';

const KEY = 'relay-key-0123456789';
const MARK = { epoch: 7, sequence: 1, dts: 0, offset: 0 };

let server: TestPeerServer;
beforeEach(async () => {
  server = await TestPeerServer.start();
});
afterEach(() => server.stop());

function status(peer: RawPeer, level: string, code: string, more: AmfObject = {}): void {
  peer.command(1, 'onStatus', 0, null, { level, code, description: '', ...more });
}

/** Answers up to publish or play, which it returns. */
async function answer(peer: RawPeer, last: 'publish' | 'play') {
  const hear = (name: string) => until(name, () => peer.commands.find((command) => command.name === name));
  peer.command(0, '_result', (await hear('connect')).transactionId, null, {});
  peer.command(0, '_result', (await hear('createStream')).transactionId, null, 1);
  return hear(last);
}

function tell(peer: RawPeer, payload: Buffer): void {
  peer.send({ typeId: MessageType.dataAmf0, streamId: 1, timestamp: 0, payload }, 8);
}

describe('a pull', () => {
  function pull() {
    const clock = new FakeClock();
    const input = createInput(NAME, { isRemote: true });
    const log: string[] = [];
    const registry = new InputRegistry({
      inputs: [input],
      clock,
      isKeyRight: () => true,
      events: {
        published: () => log.push('published'),
        unpublished: (_input, _address, reason) => log.push(`unpublished: ${reason}`),
      },
    });
    const connection = openPull({
      clock,
      input: NAME,
      from: { address: '127.0.0.1', rtmpPort: server.port },
      key: KEY,
      have: { epoch: 5, sequence: 42 },
      attach: (publisher) => registry.attachRelay(input, publisher),
    });
    connection.catch(() => {});
    return { input, log, connection };
  }

  it('asks for what comes after what is here, and has the input from the first word on', async () => {
    const { input, log, connection } = pull();
    const peer = await server.peer();
    const { args } = await answer(peer, 'play');
    expect(args[1]).toBe(`${NAME}?key=${KEY}&epoch=5&sequence=42`);
    status(peer, 'status', 'NetStream.Play.Start');
    const { closed, close } = await connection;
    expect(log).toEqual([]);
    tell(peer, encodeHealth({ health: 'starting', detail: '', since: 0, arrivedAt: 0, losses: [] }));
    await until('the health', () => input.health === 'starting');
    expect(log).toEqual(['published']);
    close();
    peer.socket.end();
    await closed;
    expect(log[1]).toMatch(/^unpublished/);
    expect(input).toMatchObject({ publisher: null, health: 'absent' });
  });

  it('lets the input go where its owner says what makes no sense', async () => {
    const { input, log, connection } = pull();
    const peer = await server.peer();
    await answer(peer, 'play');
    status(peer, 'status', 'NetStream.Play.Start');
    const { closed } = await connection;
    tell(peer, encodeMark(MARK));
    tell(peer, encodeMark({ ...MARK, dts: Number.NaN }));
    expect(await closed).toContain('dts');
    expect(log).toEqual(['published', expect.stringContaining('dts')]);
    expect(input.publisher).toBeNull();
  });

  it('lets the input go where it is refused after the first word', async () => {
    const { input, log, connection } = pull();
    const peer = await server.peer();
    await answer(peer, 'play');
    tell(peer, encodeMark(MARK));
    await until('the first word', () => input.publisher !== null);
    status(peer, 'error', 'NetStream.Play.Failed');
    await expect(connection).rejects.toThrow('NetStream.Play.Failed');
    expect(input.publisher).toBeNull();
    expect(log).toEqual(['published', expect.stringContaining('unpublished: NetStream.Play.Failed')]);
  });
});

describe('a push', () => {
  async function push(info: (stage: OwnerStage) => AmfObject) {
    const stage = new OwnerStage().publish().run(3_000);
    const connection = openPush({
      clock: stage.clock,
      input: NAME,
      feed: stage.feed,
      to: { address: '127.0.0.1', rtmpPort: server.port },
      key: KEY,
    });
    const peer = await server.peer();
    await answer(peer, 'publish');
    status(peer, 'status', 'NetStream.Publish.Start', info(stage));
    return { stage, peer, push: await connection };
  }
  const frames = (peer: RawPeer) => peer.messages.filter(({ type }) => type === 'video' || type === 'audio');

  it('brings all to a host that has nothing', async () => {
    const { stage, peer } = await push(() => ({ epoch: 0, sequence: 0 }));
    const held = stage.input.buffer.gops.flatMap(({ packets }) => packets).length;
    // With the two headers in front.
    await until('the past', () => frames(peer).length === held + 2);
  });

  it('brings what is missing to one that was here before, which its acceptance says', async () => {
    const { peer } = await push(({ input }) => ({
      epoch: input.position.epoch,
      sequence: input.position.sequence - 7,
    }));
    await until('its health', () => peer.messages.filter(({ type }) => type === 'data').length >= 3);
    expect(frames(peer)).toHaveLength(7);
  });

  it('ends with its connection, and nothing is written for it any more', async () => {
    const { stage, peer, push: connection } = await push(() => ({}));
    peer.socket.destroy();
    await connection.closed;
    const { writtenBytes } = connection.queue;
    stage.run(1_000);
    expect(connection.queue.writtenBytes).toBe(writtenBytes);
  });
});
