import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { encodeForLink, readMessages } from '../../runtime/fan-out/link.ts';

const MESSAGES = [
  { type: 'ready' },
  { type: 'bytes', viewer: 7, bytes: Buffer.from('frame') },
  { type: 'figures', holdMs: 12.5, programs: [{ program: 'camera1', skips: 0, sentBytes: 2 ** 40 }] },
  { type: 'write', viewer: 8, bytes: Buffer.alloc(0) },
];

/** What comes out of a link into which the pieces were written. */
async function read(pieces: readonly Buffer[]): Promise<unknown[]> {
  const link = new PassThrough();
  const got: unknown[] = [];
  readMessages(link, (message) => got.push(message));
  for (const piece of pieces) link.write(piece);
  link.end();
  await new Promise((resolve) => link.on('end', resolve));
  return got;
}

describe('a link', () => {
  const bytes = Buffer.concat(MESSAGES.map((message) => encodeForLink(message)));

  it('gives messages whole and in order, wherever the bytes are cut', async () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(await read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(MESSAGES);
    }
    expect(await read([...bytes].map((byte) => Buffer.of(byte)))).toEqual(MESSAGES);
  });

  it('keeps buffers what they are', async () => {
    const [, message] = await read([bytes]);
    expect(Buffer.isBuffer((message as { bytes: Buffer }).bytes)).toBe(true);
  });
});
