/** What waits in a socket: a reader that is slow is told apart from one that takes nothing. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pendingBytes } from '../../runtime/rtmp/pending-bytes.ts';
import { until } from '../support/until.ts';

const CHUNK_BYTES = 65_536;
const CHUNKS = 1_024;
const READ_BYTES = 8_388_608;

let server: Server;
let reader: Socket;
let writer: Socket;
beforeEach(async () => {
  server = createServer((socket) => {
    reader = socket;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const accepted = once(server, 'connection');
  writer = connect(address.port, '127.0.0.1');
  await Promise.all([accepted, once(writer, 'connect')]);
});
afterEach(async () => {
  writer.destroy();
  reader.destroy();
  server.close();
  await once(server, 'close');
});

/** Takes so much, and then nothing any more. */
async function take(bytes: number): Promise<void> {
  let left = bytes;
  const onData = (data: Buffer): void => {
    left -= data.length;
    if (left <= 0) reader.pause();
  };
  reader.on('data', onData);
  reader.resume();
  await until('it is read', () => left <= 0);
  reader.off('data', onData);
}

describe('the bytes that are pending in a socket', () => {
  it('are none where all was taken, and none are forgotten', async () => {
    expect(pendingBytes(writer)).toBe(0);
    reader.resume();
    writer.write(Buffer.alloc(CHUNK_BYTES));
    await until('all is taken', () => pendingBytes(writer) === 0);
    expect(writer.writableLength).toBe(0);
  });

  it('become fewer while a slow reader takes some of them', async () => {
    for (let count = 0; count < CHUNKS; count += 1) writer.write(Buffer.alloc(CHUNK_BYTES));
    // The first that the kernel does not take is on its way alone; all others go as one write behind it.
    await take(READ_BYTES);
    const { writableLength } = writer;
    const before = pendingBytes(writer);
    expect(before).toBeGreaterThan(READ_BYTES);
    await take(READ_BYTES);
    await until('the kernel takes more', () => pendingBytes(writer) < before - READ_BYTES / 2);
    // Node itself has seen nothing of it.
    expect(writableLength - writer.writableLength).toBeLessThanOrEqual(CHUNK_BYTES);
    reader.resume();
    await until('all is taken', () => pendingBytes(writer) === 0);
  });
});
