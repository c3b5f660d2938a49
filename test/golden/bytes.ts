/**
 * Bytes from text that people can check against a specification: hexadecimal digits, `'quoted'` Latin-1 text, and
 * `*n` behind a byte to repeat it. White space and `/` only separate.
 */
export function bytes(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const [token, quoted, digits, count] of text.matchAll(
    /'([^']*)'|([0-9a-fA-F]+)(?:\*(\d+))?|[^\s/]/g,
  )) {
    if (quoted !== undefined) parts.push(Buffer.from(quoted, 'latin1'));
    else if (digits === undefined || digits.length % 2 === 1) throw new Error(`not bytes: ${token}`);
    else parts.push(...Array<Buffer>(Number(count ?? 1)).fill(Buffer.from(digits, 'hex')));
  }
  return Buffer.concat(parts);
}

/** Every way to cut `whole` in two, then one byte at a time. Pieces are copies, which a test may overwrite. */
export function* cuts(whole: Buffer): Generator<{ name: string; pieces: Buffer[] }> {
  for (let at = 0; at <= whole.length; at += 1) {
    yield {
      name: `cut at ${at}`,
      pieces: [Buffer.from(whole.subarray(0, at)), Buffer.from(whole.subarray(at))],
    };
  }
  yield { name: 'one byte at a time', pieces: [...whole].map((byte) => Buffer.of(byte)) };
}
