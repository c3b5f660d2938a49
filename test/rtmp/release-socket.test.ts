import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { releaseSocket } from '../../runtime/rtmp/release-socket.ts';

const MORE_THAN_KERNELS_TAKE = Buffer.alloc(64 * 1024 * 1024);

describe('a socket that another process is to have', () => {
  let server: Server;
  let client: Socket;
  let socket: Socket;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
    [socket] = (await once(server, 'connection')) as [Socket];
  });

  afterEach(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });

  it('is read no more, and nothing that comes is lost here', async () => {
    let got = 0;
    socket.on('data', (data) => {
      got += data.length;
    });
    expect(releaseSocket(socket)).toBe(true);
    await new Promise((resolve) => client.write('what it says next', resolve));
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    expect(got).toBe(0);
  });

  it('stays where something is still to leave', () => {
    client.pause();
    socket.write(MORE_THAN_KERNELS_TAKE);
    expect(releaseSocket(socket)).toBe(false);
  });

  it('stays where something has been read and not been taken', async () => {
    socket.pause();
    client.write('early');
    socket.read(0);
    while (socket.readableLength === 0) await nextTurn();
    expect(releaseSocket(socket)).toBe(false);
  });

  it('stays where it is gone', () => {
    socket.destroy();
    expect(releaseSocket(socket)).toBe(false);
  });
});
