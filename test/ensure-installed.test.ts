/** scripts/ensure-installed.mjs, run as npm runs it: in a folder with a lock file and what an install left behind. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SCRIPT = join(import.meta.dirname, '..', 'scripts', 'ensure-installed.mjs');
const OTHER_PLATFORM = process.platform === 'win32' ? 'linux' : 'win32';

type Entry = Readonly<Record<string, unknown>>;
type Packages = Readonly<Record<string, Entry>>;

const LOCK: Packages = {
  '': { name: 'fixture' },
  'node_modules/server': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/server/node_modules/deep': { version: '2.0.0', integrity: 'sha512-b' },
  'node_modules/here-binary': {
    version: '1.0.0',
    optional: true,
    os: [process.platform],
    cpu: [process.arch],
  },
  'node_modules/there-binary': { version: '1.0.0', optional: true, os: [OTHER_PLATFORM] },
  'node_modules/not-here-binary': { version: '1.0.0', optional: true, os: [`!${process.platform}`] },
  'node_modules/libc-binary': { version: '1.0.0', optional: true, os: [process.platform], libc: ['musl'] },
  'node_modules/tester': { version: '3.0.0', integrity: 'sha512-c', dev: true },
  'node_modules/there-tool': { version: '3.0.0', dev: true, optional: true, cpu: ['no-such-cpu'] },
};
const RUNNING = pick('server', 'server/node_modules/deep', 'here-binary');
const EVERYTHING: Packages = { ...RUNNING, ...pick('tester') };

function pick(...names: string[]): Packages {
  return Object.fromEntries(
    names.map((name) => [`node_modules/${name}`, LOCK[`node_modules/${name}`] ?? {}]),
  );
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-install-'));
  write('package.json', { engines: { node: '>=18' } });
  write('package-lock.json', { lockfileVersion: 3, packages: LOCK });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, content: unknown): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
}

/** What `npm ci` leaves behind. */
function install(packages: Packages): void {
  for (const path of Object.keys(packages)) mkdirSync(join(folder, path), { recursive: true });
  write('node_modules/.package-lock.json', { lockfileVersion: 3, packages });
}

function run(flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [SCRIPT, ...flags], {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
}

function decide(...flags: string[]): { npmArguments: string[]; reason: string; says: string } | null {
  return JSON.parse(run(['--dry-run', ...flags]).stdout);
}

describe('what is installed is compared with the lock file', () => {
  const cases: Array<{ name: string; packages: Packages; forTests: string | null; forStart: string | null }> =
    [
      { name: 'all of it', packages: EVERYTHING, forTests: null, forStart: null },
      {
        name: 'what running needs',
        packages: RUNNING,
        forTests: 'only what running needs is installed',
        forStart: null,
      },
      {
        name: 'not all of the tools',
        packages: { ...RUNNING, 'node_modules/other-tool': { version: '1.0.0', dev: true } },
        forTests: 'tester is missing',
        forStart: null,
      },
      {
        name: 'an older package',
        packages: { ...EVERYTHING, 'node_modules/server': { version: '0.9.0' } },
        forTests: 'server is 0.9.0, package-lock.json says 1.0.0',
        forStart: 'server is 0.9.0, package-lock.json says 1.0.0',
      },
      {
        name: 'an older tool',
        packages: { ...EVERYTHING, 'node_modules/tester': { version: '2.0.0', dev: true } },
        forTests: 'tester is 2.0.0, package-lock.json says 3.0.0',
        forStart: null,
      },
      {
        name: 'other bytes of the same version',
        packages: {
          ...EVERYTHING,
          'node_modules/server/node_modules/deep': { version: '2.0.0', integrity: 'sha512-x' },
        },
        forTests: 'deep is not the one in package-lock.json',
        forStart: 'deep is not the one in package-lock.json',
      },
      {
        name: 'no binary for this platform: a copy from another machine',
        packages: pick('server', 'server/node_modules/deep', 'tester', 'there-binary'),
        forTests: 'here-binary is missing',
        forStart: 'here-binary is missing',
      },
      {
        name: 'more than the lock file says',
        packages: { ...EVERYTHING, 'node_modules/trial': { version: '1.0.0' } },
        forTests: null,
        forStart: null,
      },
    ];
  it.each(cases)('$name', ({ packages, forTests, forStart }) => {
    install(packages);
    expect(decide()?.reason ?? null).toBe(forTests);
    expect(decide('--production')?.reason ?? null).toBe(forStart);
  });

  it('nothing', () => {
    expect(decide()?.reason).toBe('nothing is installed yet');
  });

  it('a folder that somebody deleted', () => {
    install(EVERYTHING);
    rmSync(join(folder, 'node_modules', 'server', 'node_modules', 'deep'), { recursive: true });
    expect(decide('--production')?.reason).toBe('deep is missing');
  });

  it.each([
    ['missing', null],
    ['no JSON', '{ "packages": '],
    ['a list', []],
    ['without packages', { lockfileVersion: 1, dependencies: {} }],
    ['with packages that are no objects', { packages: { 'node_modules/server': '1.0.0' } }],
  ])('a lock file that is %s is left to npm', (_name, content) => {
    install(EVERYTHING);
    if (content === null) rmSync(join(folder, 'package-lock.json'));
    else write('package-lock.json', content);
    expect(decide()?.reason).toBe('package-lock.json cannot be read');
  });
});

describe('what is installed then', () => {
  it('is what running needs, or everything', () => {
    expect(decide('--production')).toMatchObject({
      npmArguments: ['ci', '--omit=dev', '--no-audit', '--no-fund'],
      says: 'nothing is installed yet: installing what running needs (about 70 MB) with npm ci…',
    });
    expect(decide()).toMatchObject({
      npmArguments: ['ci', '--include=dev', '--no-audit', '--no-fund'],
      says: 'nothing is installed yet: installing everything, with the tools and tests (about 700 MB) with npm ci…',
    });
  });

  it('never takes the tools away', () => {
    install({ ...EVERYTHING, 'node_modules/server': { version: '0.9.0' } });
    expect(decide('--production')?.npmArguments).toContain('--include=dev');
  });
});

describe('npm', () => {
  /** Stands in for npm: notes how it was called, and fails. */
  const FAKE_NPM = `require('node:fs').writeFileSync('called.json', JSON.stringify(process.argv.slice(2)));
    console.log('out'); console.error('npm error'); process.exit(7);`;

  it('is the one that runs us; its errors are shown and its status is ours', () => {
    write('npm-cli.js', FAKE_NPM);
    const result = run(['--production'], { npm_execpath: join(folder, 'npm-cli.js') });
    expect(JSON.parse(readFileSync(join(folder, 'called.json'), 'utf8'))).toEqual([
      'ci',
      '--omit=dev',
      '--no-audit',
      '--no-fund',
    ]);
    expect(result.status).toBe(7);
    expect(result.stderr).toContain('installing what running needs');
    expect(result.stderr).toContain('npm error');
    // It belongs to the command that follows.
    expect(result.stdout).toBe('');
  });

  it('is not called where there is nothing to do', () => {
    install(EVERYTHING);
    write('npm-cli.js', FAKE_NPM);
    const result = run([], { npm_execpath: join(folder, 'npm-cli.js') });
    expect(result).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('is never another package manager', () => {
    write('yarn.js', FAKE_NPM);
    const result = run([], { npm_execpath: join(folder, 'yarn.js'), PATH: folder, Path: folder });
    expect(result.status).not.toBe(0);
    expect(() => readFileSync(join(folder, 'called.json'))).toThrow();
  });
});

describe('Node', () => {
  it.each([
    ['>=999', 'Node 999.0 or later is needed'],
    [`>=${process.versions.node.split('.')[0]}.999`, '.999 or later is needed'],
  ])('that is too old for %s is said at once', (node, text) => {
    write('package.json', { engines: { node } });
    const result = run([]);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain(text);
    expect(result.stderr).toContain('nodejs.org');
  });

  it.each(['>=18', `>=${process.versions.node}`, undefined])(
    'that is new enough for %s is not mentioned',
    (node) => {
      write('package.json', { engines: { node } });
      install(EVERYTHING);
      expect(run([])).toMatchObject({ status: 0, stderr: '' });
    },
  );
});
