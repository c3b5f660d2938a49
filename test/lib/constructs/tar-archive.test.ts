import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { tarArchive } from '../../../lib/constructs/tar-archive.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-tar-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Files of all lengths around a block's, in this order, changed at this time. */
function makeFiles(name: string, lengths: readonly number[], seconds: number): string {
  const made = join(folder, name);
  mkdirSync(join(made, 'inside'), { recursive: true });
  for (const length of lengths) {
    for (const file of [join(made, `${length}.bin`), join(made, 'inside', `${length}.bin`)]) {
      writeFileSync(file, Buffer.alloc(length, `${length}-`));
      utimesSync(file, seconds, seconds);
    }
  }
  return made;
}

const LENGTHS = [0, 1, 511, 512, 513, 10_000];

it('is unpacked by tar to the files that went in', () => {
  const made = makeFiles('made', LENGTHS, 1_000_000_000);
  const out = join(folder, 'out');
  mkdirSync(out);
  execFileSync('tar', ['--extract', '--directory', out], { input: tarArchive(made) });
  const names = (path: string) => readdirSync(path, { recursive: true }).sort();
  expect(names(out)).toEqual(names(made));
  for (const length of LENGTHS) {
    const file = join('inside', `${length}.bin`);
    expect(readFileSync(join(out, file)).equals(readFileSync(join(made, file)))).toBe(true);
  }
});

it('has the same bytes whenever, and in whichever order, its files were made', () => {
  const one = tarArchive(makeFiles('one', LENGTHS, 1_000_000_000));
  const two = tarArchive(makeFiles('two', LENGTHS.toReversed(), 1_700_000_000));
  expect(one.equals(two)).toBe(true);
});

it('refuses a path that it has no room for', () => {
  const name = 'n'.repeat(101);
  writeFileSync(join(folder, name), '');
  expect(() => tarArchive(folder)).toThrow(`${name} is too long for the archive`);
});
