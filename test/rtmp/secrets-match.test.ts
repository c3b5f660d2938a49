import { describe, expect, it } from '@jest/globals';
import { secretsMatch } from '../../runtime/rtmp/secrets-match.ts';

describe('comparing keys', () => {
  it.each([
    { name: 'the same', expected: 'key-of-a', given: 'key-of-a', match: true },
    { name: 'another of the same length', expected: 'key-of-a', given: 'key-of-b', match: false },
    { name: 'a shorter one', expected: 'key-of-a', given: 'key-of', match: false },
    { name: 'a longer one', expected: 'key-of-a', given: 'key-of-a2', match: false },
    { name: 'none', expected: 'key-of-a', given: '', match: false },
    { name: 'other capitals', expected: 'key-of-a', given: 'KEY-OF-A', match: false },
  ])('$name', ({ expected, given, match }) => {
    expect(secretsMatch(expected, given)).toBe(match);
  });
});
