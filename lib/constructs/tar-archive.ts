/**
 * Packs a folder into one file. The same folder gives the same bytes on every machine: names in order, no times, no owners, and
 * no compression, whose output differs between versions of zlib.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

// POSIX.1-1988 ustar: POSIX.1-2017, pax, "ustar Interchange Format".
const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const SUM_OFFSET = 148;
const SUM_BYTES = 8;
const FILE_MODE = 0o644;

/** All files of the folder and of those in it, readable for everybody. Throws at a path that is longer than 100 bytes. */
export function tarArchive(folder: string): Buffer {
  const blocks = filesIn(folder).flatMap((name) => {
    const content = readFileSync(join(folder, name));
    return [header(name, content.length), content, Buffer.alloc(paddingOf(content.length))];
  });
  // Two empty blocks end an archive.
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

function header(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > NAME_BYTES) throw new Error(`${name} is too long for the archive`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const fields: ReadonlyArray<readonly [offset: number, text: string]> = [
    [0, name],
    [100, octal(FILE_MODE, 8)],
    [108, octal(0, 8)], // owner
    [116, octal(0, 8)], // group
    [124, octal(size, 12)],
    [136, octal(0, 12)], // time of change
    [SUM_OFFSET, ' '.repeat(SUM_BYTES)],
    [156, '0'], // an ordinary file
    [257, 'ustar\0' + '00'],
  ];
  for (const [offset, text] of fields) block.write(text, offset);
  // The sum over the header in which its own field is blank.
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, SUM_OFFSET);
  return block;
}

function octal(value: number, bytes: number): string {
  return `${value.toString(8).padStart(bytes - 1, '0')}\0`;
}

function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}
