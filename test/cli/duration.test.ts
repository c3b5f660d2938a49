import { describe, expect, it } from '@jest/globals';
import { parseDuration } from '../../runtime/cli/duration.ts';
import { CommandError, ExitCode } from '../../runtime/cli/exit-codes.ts';
import { formatElapsed } from '../../runtime/contract/wording.ts';

describe('a duration', () => {
  it.each<[text: string, ms: number]>([
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1.5s', 1_500],
    ['0.5h', 1_800_000],
    ['0s', 0],
    [' 30s ', 30_000],
  ])('%j is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '10',
    's',
    '10 s',
    '-5s',
    '5S',
    '5 m',
    '1h30m',
    '5d',
    '1e3s',
    'Infinity',
    '.5s',
    '5.s',
    '10sec',
  ])("%j is none, which is the command line's mistake", (text) => {
    expect(() => parseDuration(text)).toThrow(CommandError);
    try {
      parseDuration(text);
    } catch (error) {
      expect(error).toMatchObject({ exitCode: ExitCode.usage });
      expect(String(error)).toContain(`"${text}"`);
      expect(String(error)).toContain('500ms, 10s, 5m or 1h');
    }
  });
});

describe('elapsed time', () => {
  it.each<[ms: number, text: string]>([
    [0, '0:00'],
    [999, '0:00'],
    [7_000, '0:07'],
    [59_999, '0:59'],
    [60_000, '1:00'],
    [754_000, '12:34'],
    [3_599_000, '59:59'],
    [3_723_000, '1:02:03'],
    [90_000_000, '25:00:00'],
    [-1, '0:00'],
    [-90_000, '0:00'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatElapsed(ms)).toBe(text);
  });
});
