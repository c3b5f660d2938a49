import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { VERSION } from '../runtime/contract/version.ts';

it('the version of the software is the one of package.json', () => {
  const text = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
  expect(JSON.parse(text)).toHaveProperty('version', VERSION);
});
