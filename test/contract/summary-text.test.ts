/** A host's summary on its way through Systems Manager. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { HostSummary, ProgramSummary } from '../../runtime/contract/host-summary.ts';
import { decodeSummary } from '../../runtime/contract/summary-reader.ts';
import { encodeSummary, SUMMARY_LIMIT } from '../../runtime/contract/summary-text.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { Random } from '../support/random.ts';

const HEALTHS = ['absent', 'starting', 'live', 'stalled', 'degraded'] as const;
const NAME_LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789-_'];
const WORD_LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:@/+=,;()-äßé漢'];

interface Size {
  readonly programs: number;
  readonly candidates: number;
  /** Characters of what people wrote, for each pin. */
  readonly words: number;
}

/** As little of it as possible repeats itself: names are as long as may be, and what people wrote is noise. */
function summaryOf(size: Size, seed = 1): HostSummary {
  const random = new Random(seed);
  const text = (length: number, letters: readonly string[]): string =>
    Array.from({ length }, () => random.pick(letters)).join('');
  // To one host, an input has one health, in however many programs it stands.
  const inputs = Array.from({ length: size.candidates }, () => `master/${text(64, NAME_LETTERS)}`);
  const healths = new Map(inputs.map((name) => [name, random.pick(HEALTHS)]));
  const programs = Array.from({ length: size.programs }, (): ProgramSummary => {
    const order = inputs.map((name) => ({ name, place: random.fraction() }));
    order.sort((a, b) => a.place - b.place);
    return {
      name: text(64, NAME_LETTERS),
      resting: random.chance(0.5),
      onAir: random.pick(inputs),
      health: Object.fromEntries(order.map(({ name }) => [name, healths.get(name) ?? 'absent'])),
      pin: {
        source: random.pick(inputs),
        by: text(Math.min(200, size.words), WORD_LETTERS),
        reason: text(size.words, WORD_LETTERS),
        automatic: random.chance(0.5),
        expiresAt: EPOCH + random.whole(0, 1e9),
      },
      drill: {
        source: random.pick(inputs),
        by: text(Math.min(200, size.words), WORD_LETTERS),
        endsAt: EPOCH + random.whole(0, 1e6),
      },
      viewers: random.whole(0, 1e6),
      lastSwitch: {
        at: EPOCH + random.whole(0, 1e9),
        from: random.pick(inputs),
        to: random.pick(inputs),
        cause: 'failback',
        holeMs: random.whole(0, 1e5),
      },
      warnings: random.whole(0, 30),
    };
  });
  return { version: 1, host: 'master-camera1', state: 'serving', now: EPOCH, programs };
}

describe('the text of a summary', () => {
  it('is plain JSON where that is short', () => {
    const summary = summaryOf({ programs: 3, candidates: 4, words: 20 });
    const text = encodeSummary(summary);
    expect(JSON.parse(text)).toEqual(summary);
    expect(decodeSummary(text)).toEqual(summary);
  });

  it('is packed where that is long, and nothing is lost', () => {
    const summary = summaryOf({ programs: 100, candidates: 5, words: 0 });
    expect(JSON.stringify(summary).length).toBeGreaterThan(20_000);
    const text = encodeSummary(summary);
    expect(text).toMatch(/^gz:[A-Za-z0-9+/]+=*$/);
    expect(decodeSummary(`${text}\n`)).toEqual(summary);
  });

  it.each([1, 2, 3, 4, 5])(
    'fits for 100 programs of 24 candidates, with names and words of the greatest length (seed %i)',
    (seed) => {
      const summary = summaryOf({ programs: 100, candidates: 24, words: 500 }, seed);
      const text = encodeSummary(summary);
      expect(text.length).toBeLessThanOrEqual(SUMMARY_LIMIT);
      // Only what people wrote is shortened.
      const bare = (own: HostSummary) =>
        own.programs.map(({ pin, drill, ...program }) => ({
          ...program,
          pin: { ...pin, by: '', reason: '' },
          drill: { ...drill, by: '' },
        }));
      expect(bare(decodeSummary(text))).toEqual(bare(summary));
    },
  );

  const packed = (text: string): string => `gz:${gzipSync(text).toString('base64')}`;
  const valid = JSON.stringify(summaryOf({ programs: 1, candidates: 1, words: 0 }));
  it.each<[name: string, text: string, says: RegExp]>([
    ['nothing', '', /no summary of a host: it is no JSON/],
    ['an error message', 'no host answers at http://127.0.0.1:8081', /it is no JSON/],
    ['JSON that was cut off', valid.slice(0, -1), /it is no JSON/],
    ['another version', valid.replace('"version":1', '"version":2'), /no summary of a host: version: /],
    ['a health that there is not', valid.replace(/"(master[^"]+)":"\w+"/, '"$1":"ill"'), /health/],
    ['no object', 'null', /no summary of a host: the whole: /],
    ['what is no gzip', 'gz:AAAA', /it cannot be unpacked/],
    ['a gzip that was cut off', packed(valid).slice(0, 60), /it cannot be unpacked/],
    ['a gzip of something else', packed('hello'), /it is no JSON/],
    ['a gzip that unpacks to very much', packed(' '.repeat(10_000_000)), /it cannot be unpacked/],
    ['more than a command can print', `${valid}${' '.repeat(30_000)}x`, /it has 3\d{4} characters/],
  ])('is refused where it is %s', (_name, text, says) => {
    expect(() => decodeSummary(text)).toThrow(says);
  });
});
