/** The fuzzer finds what is hidden behind bytes that chance alone would never guess, and what was found once stays repaired. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Fuzzer } from './fuzzer.ts';
import { instrument } from './instrument.ts';
import type { Target } from './target.ts';

/** A parser with a fault that only `RTM` and a long enough rest reach. */
const FAULTY = `
export const target = {
  maxBytes: 64,
  seeds: () => [Buffer.from('hello')],
  run: (input) => {
    if (input[0] !== 0x52) return;
    if (input[1] !== 0x54) return;
    if (input[2] !== 0x4d) return;
    if (input.length > 8) throw new Error('found');
  },
};`;

function fuzzerOf(source: string, seed: number): Fuzzer {
  const directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
  try {
    const entry = join(directory, 'faulty.ts');
    writeFileSync(entry, source);
    const { exports, hits } = instrument(entry);
    return new Fuzzer({ target: exports.target as Target, hits, seed });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('the fuzzer', () => {
  it('is led by coverage to a fault behind three bytes, and does the same for the same seed', () => {
    const [first, second] = [fuzzerOf(FAULTY, 7), fuzzerOf(FAULTY, 7)];
    for (const fuzzer of [first, second]) fuzzer.go(100_000);
    expect(String(first.crash?.error)).toBe('Error: found');
    expect(first.crash?.input.subarray(0, 3).toString()).toBe('RTM');
    expect(second.runs).toBe(first.runs);
    expect(second.crash?.input).toEqual(first.crash?.input);
    const { corpus, reached, counters } = first.figures;
    expect(corpus).toBeGreaterThanOrEqual(4);
    expect(reached).toBeLessThanOrEqual(counters);
  });

  it('finds nothing where there is nothing', () => {
    const fuzzer = fuzzerOf(FAULTY.replace(`throw new Error('found')`, 'return'), 7);
    fuzzer.go(20_000);
    expect(fuzzer.crash).toBeNull();
  });
});

const TARGETS = join(import.meta.dirname, 'targets');
const CRASHES = join(import.meta.dirname, '../golden/crashes');
const crashes = existsSync(CRASHES) ? readdirSync(CRASHES) : [];

describe.each(readdirSync(TARGETS).map((file) => file.replace(/\.ts$/, '')))('the target %s', (name) => {
  it('takes its seeds, whole and cut short, and all that was found before', async () => {
    const { target } = (await import(join(TARGETS, `${name}.ts`))) as { target: Target };
    for (const seed of target.seeds()) {
      target.run(Buffer.from(seed));
      for (let length = 0; length < Math.min(seed.length, 64); length += 7) {
        target.run(Buffer.from(seed.subarray(0, length)));
      }
    }
    for (const file of crashes.filter((one) => one.startsWith(`${name}-`))) {
      target.run(readFileSync(join(CRASHES, file)));
    }
  });
});
