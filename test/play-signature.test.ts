/** Signed URLs: what is let in, whatever is changed in one, and that others sign as the documentation says. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hlsTag, LATEST_EXPIRY_MS, signatureRefusal, signedQuery } from '../runtime/play-signature.ts';
import {
  EXPIRES_AT,
  OTHER_KEY,
  PLAY_KEY,
  QUERY,
  SEGMENT_TAG,
  signatures,
  signedUrls,
} from './golden/play-urls.ts';

const PAGE = join(import.meta.dirname, '../docs/viewers.md');

function refusalOf(query: string, program = 'camera1', { key = PLAY_KEY, now = 0 } = {}) {
  return signatureRefusal(new URLSearchParams(query), { program, key, now });
}

describe('a signature', () => {
  it.each(signedUrls)('$name: $refusal', ({ program, query, key, now, refusal }) => {
    expect(refusalOf(query, program, { key, now })).toBe(refusal);
    // RTMP has its query as a map.
    const map = new Map(new URLSearchParams(query));
    expect(signatureRefusal(map, { program, key, now })).toBe(refusal);
  });

  it.each(signatures)('of %s until %i is the same wherever it is made', (program, expires, signature) => {
    expect(signedQuery(program, expires * 1_000, PLAY_KEY)).toBe(`expires=${expires}&signature=${signature}`);
  });

  it('is of whole seconds that have a place in a URL', () => {
    for (const at of [0, -1_000, 1, 1_500, LATEST_EXPIRY_MS + 1_000, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => signedQuery('camera1', at, PLAY_KEY)).toThrow(`${at}`);
    }
    expect(refusalOf(signedQuery('camera1', LATEST_EXPIRY_MS, PLAY_KEY))).toBeNull();
  });
});

const program = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/);
const expiresAt = fc.integer({ min: 1, max: LATEST_EXPIRY_MS / 1_000 }).map((seconds) => seconds * 1_000);
const key = fc.stringMatching(/^[A-Za-z0-9._~-]{24,64}$/);
/** Any one byte but the one that is there. */
const change = fc.record({ place: fc.nat(), by: fc.integer({ min: 1, max: 127 }) });

function changed(text: string, { place, by }: { readonly place: number; readonly by: number }): string {
  const bytes = Buffer.from(text);
  const index = place % bytes.length;
  bytes[index] = ((bytes[index] as number) + by) % 128;
  return bytes.toString();
}

describe('any signed query', () => {
  it('lets in who has it until it expires, and nobody afterwards', () => {
    fc.assert(
      fc.property(program, expiresAt, key, (name, at, secret) => {
        const query = signedQuery(name, at, secret);
        expect(refusalOf(query, name, { key: secret, now: at - 1 })).toBeNull();
        expect(refusalOf(query, name, { key: secret, now: at })).toBe('expired');
      }),
    );
  });

  it('lets in nobody once a byte of the program, the expiry, the signature or the key is another', () => {
    fc.assert(
      fc.property(program, expiresAt, key, change, (name, at, secret, one) => {
        const query = new URLSearchParams(signedQuery(name, at, secret));
        const options = { program: name, key: secret, now: at - 1 };
        for (const parameter of ['expires', 'signature']) {
          const other = new Map(query).set(parameter, changed(query.get(parameter) ?? '', one));
          expect(signatureRefusal(other, options)).toBe('wrong');
        }
        expect(signatureRefusal(query, { ...options, program: changed(name, one) })).toBe('wrong');
        expect(signatureRefusal(query, { ...options, key: changed(secret, one) })).toBe('wrong');
      }),
    );
  });

  it('is none for anything else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (expires, signature) => {
        const query = new Map([
          ['expires', expires],
          ['signature', signature],
        ]);
        const refusal = signatureRefusal(query, { program: 'camera1', key: PLAY_KEY, now: 0 });
        expect(refusal).toBe(expires === '' || signature === '' ? 'missing' : 'wrong');
      }),
    );
  });
});

describe('the tag of an HLS name', () => {
  it('is the same wherever it is made', () => {
    expect(hlsTag('camera1', SEGMENT_TAG.name, PLAY_KEY)).toBe(SEGMENT_TAG.tag);
  });

  it('is another for another program, name or key, and no part of a signature', () => {
    const tags = [
      hlsTag('camera1', 'segment-1', PLAY_KEY),
      hlsTag('camera2', 'segment-1', PLAY_KEY),
      hlsTag('camera1', 'segment-2', PLAY_KEY),
      hlsTag('camera1', 'segment-1', OTHER_KEY),
      hlsTag('camera1', String(EXPIRES_AT / 1_000), PLAY_KEY),
    ];
    expect(new Set(tags).size).toBe(tags.length);
    const signature = Buffer.from(new URLSearchParams(QUERY).get('signature') ?? '', 'base64url');
    expect(signature.toString('hex')).not.toContain(tags[4]);
  });
});

/** What stands in docs/viewers.md for people who sign elsewhere. */
describe('who signs as the documentation says is let in', () => {
  const examples: ReadonlyArray<[language: string, command: string, args: string[], probe: string]> = [
    ['sh', 'sh', ['-c'], 'openssl version'],
    ['python', 'python3', ['-c'], 'python3 --version'],
    ['js', process.execPath, ['-e'], ''],
  ];

  it.each(examples)('in %s', (language, command, args, probe) => {
    // What a machine does not have, it cannot run; CI has all of it.
    if (probe !== '' && spawnSync('sh', ['-c', probe]).status !== 0) return;
    const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)];
    const script = blocks.find(([, name]) => name === language)?.[2];
    if (script === undefined) throw new Error(`docs/viewers.md has no example in ${language}`);
    const env = { ...process.env, PLAY_KEY, PROGRAM: 'camera1' };
    const { stdout, stderr } = spawnSync(command, [...args, script], { env, encoding: 'utf8' });
    expect(stderr).toBe('');
    const query = stdout.trim();
    const inHours = (hours: number) => ({ now: Date.now() + hours * 3_600_000 });
    expect([query, refusalOf(query, 'camera1', inHours(3.9))]).toEqual([query, null]);
    expect(refusalOf(query, 'camera1', inHours(4))).toBe('expired');
  });
});
