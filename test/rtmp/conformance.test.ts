import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { bytes, cuts } from '../golden/bytes.ts';
import type { ConformanceCase } from '../golden/conformance/case.ts';
import { conformanceCases } from '../golden/conformance.ts';
import { Conversation } from './conversation.ts';
import { LIMITS } from './test-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const SIMPLE_HANDSHAKE = bytes('03 00000001 00000000 5a*1528 / 5a*1536');

/** What docs/specifications.md declares ("Bounds"). */
const BOUNDS = { chunkStreams: 64, messageStreams: 8, replyBytes: 1024 * 1024 };
const COMMAND_BYTES = 64 * 1024;
/** A case is played up to 3,000 times. */
const CASE_TIMEOUT_MS = 60_000;

describe('a client of the field', () => {
  it.each(conformanceCases)(
    '$client: $name',
    (one) => {
      expect(converse(one, [Buffer.from(one.bytes)]).lines).toEqual(one.message);
      const expected = one.message.join('\n');
      for (const { name, pieces } of cuts(one.bytes)) {
        const came = converse(one, pieces).lines.join('\n');
        if (came !== expected) expect(`${name}\n${came}`).toBe(`${name}\n${expected}`);
      }
    },
    CASE_TIMEOUT_MS,
  );

  it('has a name of its own for each case', () => {
    expect(new Set(conformanceCases.map(({ name }) => name)).size).toBe(conformanceCases.length);
  });

  it('has a case for each row of docs/compatibility.md, and a row for each case', () => {
    const rows = compatibilityRows();
    const promised = rows.filter(({ tests }) => tests.includes('conformance')).map(({ need }) => need);
    expect(promised.sort()).toEqual([...new Set(conformanceCases.map(({ need }) => need))].sort());
    const files = rows.flatMap(({ tests }) => tests.filter((test) => test !== 'conformance'));
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(rows.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });
});

/** The table of encoders and players: what they need, and where it is tested. */
function compatibilityRows(): Array<{ need: string; tests: string[] }> {
  const page = readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8');
  const [, table = ''] = page.split('| need | seen in | what we do | test case |\n|---|---|---|---|\n');
  return (table.split('\n\n')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      return { need: cells[1] ?? '', tests: (cells[4] ?? '').replaceAll('`', '').split(', ') };
    });
}

/** Plays a case in pieces, and looks after each one whether the bounds and the client's window hold. */
function converse({ hasHandshake, windowBytes }: ConformanceCase, pieces: readonly Buffer[]): Conversation {
  const conversation = new Conversation();
  let sentBytes = 0;
  if (!hasHandshake) {
    conversation.receive(SIMPLE_HANDSHAKE);
    conversation.lines.length = 0;
    sentBytes = SIMPLE_HANDSHAKE.length;
  }
  for (const piece of pieces) {
    conversation.receive(piece);
    sentBytes += piece.length;
    const mistake = overBounds(conversation);
    if (mistake !== null) throw new Error(mistake);
    piece.fill(0xee);
  }
  const unacknowledged = sentBytes - conversation.acknowledged;
  if (windowBytes !== undefined && unacknowledged >= windowBytes) {
    throw new Error(`${unacknowledged} bytes are not acknowledged, the window has ${windowBytes}`);
  }
  return conversation;
}

/** What a connection holds beyond what it may; null where it keeps its bounds. */
function overBounds({ connection }: Conversation): string | null {
  const { held, session } = connection;
  const messageBytes =
    session.role === 'publisher' ? 2 * LIMITS.messageBytes + COMMAND_BYTES : 2 * COMMAND_BYTES;
  for (const [name, bound] of Object.entries({ ...BOUNDS, messageBytes })) {
    const value = held[name as keyof typeof held];
    if (!(value <= bound)) return `${name} ${value}, bound ${bound}`;
  }
  return null;
}
