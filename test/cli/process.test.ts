/** The command as a process: what other programs see of it. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const COMMAND = join(import.meta.dirname, '../../runtime/understudy.mjs');

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

let directory: string;
let taken: Server;
let takenPort: number;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-cli-'));
  taken = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(taken, 'listening');
  takenPort = (taken.address() as AddressInfo).port;
});
afterAll(() => {
  taken.close();
  rmSync(directory, { recursive: true, force: true });
});

function understudy(...argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...argv], { timeout: 20_000 }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

/** A configuration of its own; returns its file. */
function configuration(name: string, rest: object): string {
  const file = join(directory, name);
  writeFileSync(file, JSON.stringify({ masters: [{ name: 'camera1' }], ...rest }));
  return file;
}

describe('the command as a process', () => {
  const SLOW = 30_000;

  it(
    'ends with 3 where no host answers on the control port of the configuration',
    async () => {
      const config = configuration('control.json', { control: { port: takenPort } });
      const { status, out, err } = await understudy('status', '--config', config);
      expect({ status, out }).toEqual({ status: 3, out: '' });
      expect(err).toContain(`http://127.0.0.1:${takenPort}`);
    },
    SLOW,
  );

  it(
    'ends with 1 where a port is taken, and says which key of the configuration to change',
    async () => {
      const rtmp = { port: takenPort, host: '127.0.0.1' };
      const config = configuration('taken.json', { rtmp, http: { port: 0 }, control: { port: 0 } });
      const { status, err } = await understudy('run', '--config', config);
      expect(status).toBe(1);
      expect(err).toContain(`rtmp.port: cannot listen on port ${takenPort}: another program listens there`);
    },
    SLOW,
  );

  it(
    'ends with 2 where the configuration is wrong, and names the key',
    async () => {
      const config = configuration('wrong.json', { rtmp: { prot: 1935 } });
      const { status, err } = await understudy('run', '--config', config);
      expect(status).toBe(2);
      expect(err).toContain('rtmp.prot');
    },
    SLOW,
  );
});
