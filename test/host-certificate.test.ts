import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readCertificate, watchCertificate } from '../runtime/host-certificate.ts';
import type { TlsIdentity } from '../runtime/rtmp/server.ts';
import { FakeClock } from './support/fake-clock.ts';

const LOOK_MS = 10_000;
const CONFIG = { port: 0, certificate: 'tls.pem', privateKey: { file: 'tls.key' } } as const;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'certificate-'));
  write('cert 1', 'key 1');
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(cert: string, key: string): void {
  writeFileSync(join(directory, 'tls.pem'), cert);
  writeFileSync(join(directory, 'tls.key'), key);
}

const read = (): TlsIdentity => readCertificate(CONFIG, { directory, env: {} });

describe('a certificate', () => {
  it('names the key of the configuration and the file where it cannot be read', () => {
    rmSync(join(directory, 'tls.pem'));
    expect(read).toThrow(/^rtmps\.certificate: .*tls\.pem cannot be read; give a PEM file$/);
    rmSync(join(directory, 'tls.key'));
    expect(read).toThrow(/^rtmps\.privateKey\.file: .*tls\.key/);
  });
});

describe('a renewal', () => {
  it('is taken up once, and one that is wrong is told once and looked at again when it changes', () => {
    const clock = new FakeClock();
    const renewed: string[] = [];
    const failed: string[] = [];
    const stop = watchCertificate(read(), clock, {
      read,
      renew: ({ cert, key }) => {
        if (cert.slice(-1) !== key.slice(-1)) throw new Error('key values mismatch');
        renewed.push(cert);
      },
      onRenewed: () => {},
      onFailed: (error) => failed.push(String(error)),
    });
    clock.advance(3 * LOOK_MS);
    expect(renewed).toEqual([]);
    // As a renewal in two steps leaves it for a moment.
    write('cert 2', 'key 1');
    clock.advance(3 * LOOK_MS);
    expect([renewed, failed]).toEqual([[], ['Error: key values mismatch']]);
    write('cert 2', 'key 2');
    clock.advance(3 * LOOK_MS);
    expect(renewed).toEqual(['cert 2']);
    rmSync(join(directory, 'tls.pem'));
    clock.advance(3 * LOOK_MS);
    expect(failed).toHaveLength(2);
    write('cert 2', 'key 2');
    clock.advance(3 * LOOK_MS);
    write('cert 3', 'key 3');
    clock.advance(LOOK_MS);
    expect(renewed.at(-1)).toBe('cert 3');
    stop();
  });
});
