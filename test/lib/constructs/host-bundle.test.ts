import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { HostBundle } from '../../../lib/constructs/host-bundle.ts';
import { testApp } from '../support/app.ts';
import { SMALL_BUNDLE } from '../support/hosts-template.ts';

it('is one file with what runs on a host, built from the sources, and of the sum that it says', () => {
  const app = testApp();
  const bundle = new HostBundle(new Stack(app, 'Stack'), 'Bundle');
  const { directory } = app.synth();
  const file = join(directory, `asset.${bundle.asset.assetHash}.tar`);
  expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(bundle.sha256);
  const names = execFileSync('tar', ['--list', '--file', file], { encoding: 'utf8' }).trim().split('\n');
  expect(names).toEqual(
    expect.arrayContaining(['SHA256SUMS', 'clips/slate.flv', 'understudy.mjs', 'understudy.service']),
  );
  // What it was made of is gone.
  expect(readdirSync(directory).filter((name) => name.startsWith('understudy'))).toEqual([]);
});

it('takes a bundle that is there, and says the same of the same files', () => {
  const bundles = ['One', 'Two'].map(
    (name) => new HostBundle(new Stack(testApp(), name), 'Bundle', { directory: SMALL_BUNDLE }),
  );
  expect(bundles[0]?.sha256).toBe(bundles[1]?.sha256);
  expect(bundles[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
});
