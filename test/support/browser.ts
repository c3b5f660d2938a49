import { describe } from '@jest/globals';
import { HAS_BROWSER, PLATFORM } from './launch-browser.ts';

/** `describe` for tests that need a browser. Left out where there is none, but never in CI. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (HAS_BROWSER || process.env.CI !== undefined) {
    describe(name, tests);
    return;
  }
  process.stderr.write(`left out, @sparticuz/chromium has no Chromium for ${PLATFORM}: ${name}\n`);
  describe.skip(name, tests);
}
