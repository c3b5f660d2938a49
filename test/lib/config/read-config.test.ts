import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../../lib/config/read-config.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
let directory = '';

function write(text: string): string {
  const path = join(directory, 'understudy.config.json');
  writeFileSync(path, text);
  return path;
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-config-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('reading the configuration of a deployment', () => {
  it('takes the one of the repository, with all defaults', () => {
    const config = readConfig(join(ROOT, 'understudy.config.json'));
    expect(config.aws).toMatchObject({
      zones: 3,
      instanceType: 'c7g.large',
      edges: false,
      cloudFront: false,
    });
  });

  it('says all problems at once', () => {
    const path = write(
      '{"masters": [{"name": "camera1"}], "aws": {"zones": 4, "instanceType": "c7i.large"}}',
    );
    expect(() => readConfig(path)).toThrow(
      new Error(
        `understudy.config.json has 2 problems.

aws.zones
  given    4
  allowed  a whole number from 2 to 3
  fix      Choose a whole number in this range, or leave "zones" out for the default, 3.

aws.instanceType
  given    "c7i.large"
  allowed  an instance type of arm64, because of aws.architecture
  fix      Write a type as c7g.large, or set aws.architecture to "x86_64".`,
      ),
    );
  });

  it('says where the file is no JSON', () => {
    const path = write('{\n  "masters": [{ "name": "camera1" }],\n}');
    expect(() => readConfig(path)).toThrow(/line 3, column 1[\s\S]*Take out the comma before it\./);
  });

  it('says that there is no file', () => {
    expect(() => readConfig(join(directory, 'other.json'))).toThrow(/other\.json cannot be read: write it/);
  });

  it.each(['[]', '3', 'null'])('refuses %s', (text) => {
    expect(() => readConfig(write(text))).toThrow(/\(the file\)/);
  });
});
