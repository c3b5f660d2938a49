import { describe, expect, it } from '@jest/globals';
import { Handshake } from '../../runtime/rtmp/handshake.ts';
import { findDigest, signAnswer, writeDigest } from '../../runtime/rtmp/handshake-digest.ts';
import { bytes, cuts } from '../golden/bytes.ts';
import { handshakes, signedAnswers } from '../golden/handshakes.ts';
import { codeOf } from '../golden/protocol-errors.ts';

const VERSION = bytes('03');
/** A peer's C1 or S1, and the echo that it sends (nobody compares it). */
const THEIRS = bytes('00000001 00000000 5a*1528');
const ECHO = bytes('c3*1536');
const LEFT_OVER = bytes("'what follows'");

function start(role: 'server' | 'client') {
  const sent: Buffer[] = [];
  const handshake = new Handshake(role, (out) => sent.push(out));
  return { handshake, sent: () => Buffer.concat(sent) };
}

describe.each(['server', 'client'] as const)('Handshake of the %s', (role) => {
  it('ends, however it is cut, and passes on what follows', () => {
    for (const { name, pieces } of cuts(Buffer.concat([VERSION, THEIRS, ECHO, LEFT_OVER]))) {
      const { handshake, sent } = start(role);
      let received = 0;
      let rest = '';
      for (const piece of pieces) {
        rest += (handshake.isDone ? piece : handshake.push(piece)).toString('latin1');
        received += piece.length;
        if (handshake.isDone !== received >= 3_073) throw new Error(`${name}: done at the wrong time`);
        piece.fill(0xee);
      }
      // Thousands of cuts: what is right is not shown to jest, which takes long.
      const replies = sent();
      const isRight =
        rest === 'what follows' && replies.length === 3_073 && replies.subarray(-1_536).equals(THEIRS);
      if (!isRight) throw new Error(`${name}: ${replies.length} bytes sent, "${rest}" passed on`);
    }
  });

  it.each([
    { name: 'HTTP', first: bytes("'GET / HTTP/1.1'") },
    { name: 'TLS', first: bytes('16 0301') },
    { name: 'RTMPE', first: bytes('06') },
    { name: 'version 0', first: bytes('00') },
  ])('refuses $name at its first byte', ({ first }) => {
    expect(codeOf(() => start(role).handshake.push(first))).toBe('handshake');
    expect(codeOf(() => start(role).handshake.push(first.subarray(0, 1)))).toBe('handshake');
  });

  it('sends random bytes behind a time of 0', () => {
    const [first, second] = [start(role), start(role)];
    for (const { handshake } of [first, second]) handshake.push(Buffer.concat([VERSION, THEIRS]));
    const version = role === 'server' ? '00000000' : '09007c02';
    expect(first.sent().subarray(0, 9)).toEqual(bytes(`03 00000000 ${version}`));
    expect(first.sent().subarray(9, 1_537).equals(second.sent().subarray(9, 1_537))).toBe(false);
  });
});

describe('Handshake', () => {
  it('of the server says nothing before it has heard C0 and C1', () => {
    const { handshake, sent } = start('server');
    handshake.push(Buffer.concat([VERSION, THEIRS.subarray(1)]));
    expect(sent()).toHaveLength(0);
    handshake.push(THEIRS.subarray(0, 1));
    expect(sent()).toHaveLength(1 + 2 * 1_536);
  });

  it('of the client begins by itself', () => {
    expect(start('client').sent()).toHaveLength(1 + 1_536);
  });

  it('of both sides fit together, and answer each other by digest', () => {
    const [server, client] = [start('server'), start('client')];
    server.handshake.push(client.sent());
    client.handshake.push(server.sent());
    server.handshake.push(client.sent().subarray(1 + 1_536));
    expect([server.handshake.isDone, client.handshake.isDone]).toEqual([true, true]);
    const [c1, c2] = packets(client.sent());
    const [s1, s2] = packets(server.sent());
    expect(answers(s2, findDigest(c1, 'client')?.digest, 'server')).toBe(true);
    expect(answers(c2, findDigest(s1, 'server')?.digest, 'client')).toBe(true);
  });

  const offers = handshakes.flatMap(({ name, sender, bytes: c1, message }) =>
    sender === 'client' && message !== null ? [{ name, c1, found: message }] : [],
  );
  it.each(offers)('of the server answers $name in the same order', ({ c1, found }) => {
    const { handshake, sent } = start('server');
    handshake.push(Buffer.concat([VERSION, c1]));
    const [s1, s2] = packets(sent());
    // FFmpeg as a player looks for a digest only where this is 3 or more.
    expect(s1[4]).toBeGreaterThanOrEqual(3);
    expect(findDigest(s1, 'server')?.blockAt).toBe(found.blockAt);
    expect(answers(s2, found.digest, 'server')).toBe(true);
  });
});

describe('the digest of a handshake', () => {
  it.each(handshakes)('is found or not in $name', ({ bytes: packet, sender, message }) => {
    expect(findDigest(packet, sender)).toEqual(message);
  });

  it.each(handshakes.filter(({ message }) => message !== null))(
    'is written as in $name',
    ({ bytes: packet, sender, message }) => {
      const { blockAt = 0, digest = Buffer.alloc(0) } = message ?? {};
      const blank = Buffer.from(packet);
      const at = blank.indexOf(digest);
      blank.fill(0x11, at, at + digest.length);
      writeDigest(blank, blockAt, sender);
      expect(blank.equals(packet)).toBe(true);
    },
  );

  it.each(signedAnswers)('is answered by $name', ({ bytes: answer, digest, sender }) => {
    const random = bytes('5a*1536');
    signAnswer(random, digest, sender);
    expect(random).toEqual(answer);
  });
});

/** C1 and C2, or S1 and S2. */
function packets(sent: Buffer): [first: Buffer, second: Buffer] {
  return [sent.subarray(1, 1_537), sent.subarray(1_537, 3_073)];
}

function answers(answer: Buffer, digest: Buffer | undefined, sender: 'server' | 'client'): boolean {
  const signed = Buffer.from(answer).fill(0, 1_504);
  signAnswer(signed, digest ?? Buffer.alloc(0), sender);
  return digest !== undefined && answer.equals(signed);
}
