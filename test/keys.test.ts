/** Stream keys: where they come from, how they are kept, and that no message ever holds one. */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Config, KEYS_FILE, type KeyReference } from '../runtime/contract/config.ts';
import { formatProblems } from '../runtime/contract/config-problems.ts';
import { CONTROL_TOKEN_NAME, type KeyOptions, loadKeys } from '../runtime/keys.ts';

type Inputs = Pick<Config, 'masters' | 'backups'> & { readonly playKey?: KeyReference };

/** No console for those elsewhere, unless a test is about its token. */
const CONTROL = { port: 0, remote: false, publicReads: false, trustLoopback: true };
const PLAY_KEY = 'pl4y-key-of-24-characters';
const GENERATED_KEY = /^[A-Za-z0-9_-]{24}$/;
const ONE_OF_EACH: Inputs = {
  masters: [{ name: 'a', key: { env: 'KEY_A' } }, { name: 'b', key: { file: 'keys/b' } }, { name: 'c' }],
  backups: [{ name: 'spare' }],
};
const onPosix = process.platform === 'win32' ? it.skip : it;
/** Others cannot give files away. */
const asRoot = process.getuid?.() === 0 ? it : it.skip;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-keys-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function keysFile(): string {
  return join(directory, KEYS_FILE);
}

function modeOf(file: string): number {
  return statSync(file).mode & 0o777;
}

function writeKeys(keys: unknown): void {
  writeFileSync(keysFile(), typeof keys === 'string' ? keys : JSON.stringify(keys), { mode: 0o600 });
}

function load(config: Inputs, env: Record<string, string> = {}, generate = true) {
  return loadKeys({ config: whole(config), directory, env, generate });
}

/** With the rest of what keys are loaded by. */
function whole({ masters, backups, playKey }: Inputs): KeyOptions['config'] {
  return {
    masters,
    backups,
    relay: { keepWarm: false, lingerMs: 0, queueLimitBytes: 0 },
    control: CONTROL,
    viewers: {
      deliveryBudgetMs: 0,
      workers: 'auto',
      queueLimitBytes: 0,
      stuckTimeoutMs: 0,
      maxViewers: 0,
      ...(playKey === undefined ? {} : { playKey }),
    },
  };
}

function loaded(...given: Parameters<typeof load>) {
  const result = load(...given);
  if (!result.ok) throw new Error(formatProblems(result.problems, KEYS_FILE));
  return result;
}

describe('loading keys', () => {
  it('takes each from where the configuration says, and generates the rest', () => {
    mkdirSync(join(directory, 'keys'));
    writeFileSync(join(directory, 'keys/b'), '  key-of-b~1.2_3\r\n');
    writeKeys({ 'backup/spare': 'key-of-spare' });
    const { keys, generated, file, notes } = loaded(ONE_OF_EACH, { KEY_A: 'key-of-a' });

    expect([...keys]).toEqual([
      ['master/a', 'key-of-a'],
      ['master/b', 'key-of-b~1.2_3'],
      ['master/c', expect.stringMatching(GENERATED_KEY)],
      ['backup/spare', 'key-of-spare'],
    ]);
    expect({ generated, file, notes }).toEqual({ generated: ['master/c'], file: keysFile(), notes: [] });
    // Only what is generated is written: the others have a place of their own.
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      'backup/spare': 'key-of-spare',
      'master/c': keys.get('master/c'),
    });
  });

  it('takes the key that signs play URLs with the others, where there is one', () => {
    const config = { ...inEnv, playKey: { file: 'play.key' } };
    writeFileSync(join(directory, 'play.key'), `${PLAY_KEY}\n`);
    expect([...loaded(config, { KEY_A: 'key-of-a' }).keys]).toEqual([
      ['master/a', 'key-of-a'],
      ['play', PLAY_KEY],
    ]);
    expect(loaded(inEnv, { KEY_A: 'key-of-a' }).keys.has('play')).toBe(false);
  });

  it('generates different keys, once', () => {
    const config = { masters: [{ name: 'a' }, { name: 'b' }], backups: [] };
    const first = loaded(config);
    expect(first.generated).toEqual(['master/a', 'master/b']);
    expect(new Set(first.keys.values()).size).toBe(2);
    const second = loaded(config);
    expect(second.generated).toEqual([]);
    expect(second.keys).toEqual(first.keys);
  });

  it('keeps the keys of inputs that are not configured now', () => {
    writeKeys({ 'master/old': 'key-of-old' });
    loaded({ masters: [{ name: 'a' }], backups: [] });
    expect(JSON.parse(readFileSync(keysFile(), 'utf8'))).toHaveProperty(['master/old'], 'key-of-old');
  });

  it('needs no keys file where every input has a key of its own', () => {
    writeKeys('this is not JSON');
    expect(
      loaded({ masters: [{ name: 'a', key: { env: 'KEY_A' } }], backups: [] }, { KEY_A: 'key-of-a' }).ok,
    ).toBe(true);
  });

  it('writes only what only the owner can read, and leaves nothing else behind', () => {
    loaded({ masters: [{ name: 'a' }], backups: [] });
    expect(readdirSync(directory)).toEqual([KEYS_FILE]);
    if (process.platform !== 'win32') expect(modeOf(keysFile())).toBe(0o600);
  });

  it('keeps them where systemd says, and none beside the configuration', () => {
    const state = join(directory, 'state');
    mkdirSync(state);
    const config = { masters: [{ name: 'a' }], backups: [] };
    const { file, keys } = loaded(config, { STATE_DIRECTORY: state });
    expect(file).toBe(join(state, KEYS_FILE));
    expect(readdirSync(directory)).toEqual(['state']);
    expect(loaded(config, { STATE_DIRECTORY: state }).keys).toEqual(keys);
  });

  asRoot('gives what root generates to the owner of the folder', () => {
    chownSync(directory, 61_184, 61_185);
    loaded({ masters: [{ name: 'a' }], backups: [] });
    expect(statSync(keysFile())).toMatchObject({ uid: 61_184, gid: 61_185 });
    expect(modeOf(keysFile())).toBe(0o600);
  });

  it('leaves out what only the service has, where that is asked for', () => {
    const masters = [
      { name: 'a', key: { env: 'KEY_A' } },
      { name: 'b', key: { env: 'KEY_B' } },
      { name: 'c', key: { credential: 'key-c' } },
      { name: 'd' },
    ];
    const result = loadKeys({
      config: whole({ masters, backups: [], playKey: { credential: 'play.key' } }),
      directory,
      env: { KEY_B: 'key-of-b' },
      generate: true,
      onlyAtHand: true,
    });
    expect(result.ok && [...result.keys.keys()]).toEqual(['master/b', 'master/d']);
  });

  onPosix.each([0o644, 0o640, 0o604])('closes a keys file that others can read (%i), and says so', (mode) => {
    writeKeys({ 'master/a': 'key-of-a' });
    chmodSync(keysFile(), mode);
    const { notes } = loaded({ masters: [{ name: 'a' }], backups: [] });
    expect(notes).toEqual([expect.stringContaining(`mode ${mode.toString(8)}): it is now 600`)]);
    expect(modeOf(keysFile())).toBe(0o600);
  });

  onPosix('follows a link instead of replacing it', () => {
    const target = join(directory, 'elsewhere.json');
    writeFileSync(target, '{}', { mode: 0o600 });
    symlinkSync(target, keysFile());
    loaded({ masters: [{ name: 'a' }], backups: [] });
    expect(lstatSync(keysFile()).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(target, 'utf8'))).toHaveProperty(['master/a']);
  });
});

interface Case {
  readonly name: string;
  readonly config: Inputs;
  readonly env?: Record<string, string>;
  readonly stored?: unknown;
  readonly files?: Record<string, string>;
  readonly generate?: boolean;
  /** Exactly these, in this order; `fix` is a part of the text. */
  readonly problems: readonly { key: string; fix: string }[];
}

const inEnv: Inputs = { masters: [{ name: 'a', key: { env: 'KEY_A' } }], backups: [] };
const inFile: Inputs = { masters: [{ name: 'a', key: { file: 'a.key' } }], backups: [] };
const inStore: Inputs = { masters: [{ name: 'a' }], backups: [] };

const cases: Case[] = [
  {
    name: 'a variable that is missing',
    config: inEnv,
    problems: [{ key: 'masters[0].key.env', fix: 'KEY_A: it is missing' }],
  },
  {
    name: 'a variable that is empty',
    config: inEnv,
    env: { KEY_A: '' },
    problems: [{ key: 'masters[0].key.env', fix: 'KEY_A: it is empty' }],
  },
  {
    name: 'a key that is too short',
    config: inEnv,
    env: { KEY_A: 'Sh0rt-1' },
    problems: [{ key: 'masters[0].key.env', fix: 'too short' }],
  },
  {
    name: 'a key that is too long',
    config: inEnv,
    env: { KEY_A: 'L0ng'.repeat(65) },
    problems: [{ key: 'masters[0].key.env', fix: 'too long' }],
  },
  {
    name: 'a key with a space',
    config: inEnv,
    env: { KEY_A: 'tw0 words' },
    problems: [{ key: 'masters[0].key.env', fix: 'that a URL' }],
  },
  {
    name: 'a key with a line end',
    config: inEnv,
    env: { KEY_A: 'l1ne-end\n' },
    problems: [{ key: 'masters[0].key.env', fix: 'that a URL' }],
  },
  {
    name: 'a key that is too short and has an &',
    config: inEnv,
    env: { KEY_A: 'a&b' },
    problems: [{ key: 'masters[0].key.env', fix: 'too short and holds characters' }],
  },
  {
    name: 'a file that is missing',
    config: inFile,
    problems: [{ key: 'masters[0].key.file', fix: 'ENOENT' }],
  },
  {
    name: 'a file that cannot be read',
    config: inFile,
    files: { 'a.key/x': '' },
    problems: [{ key: 'masters[0].key.file', fix: 'EISDIR' }],
  },
  {
    name: 'a file that is empty',
    config: inFile,
    files: { 'a.key': ' \n' },
    problems: [{ key: 'masters[0].key.file', fix: 'it is empty' }],
  },
  {
    name: 'a file with two lines',
    config: inFile,
    files: { 'a.key': 'f1rst-line\ns3cond-line' },
    problems: [{ key: 'masters[0].key.file', fix: 'that a URL' }],
  },
  {
    name: 'a keys file that is not JSON',
    config: inStore,
    stored: '{\n "master/a": k3y-of-a }',
    problems: [{ key: `${KEYS_FILE}: line 2, column 14`, fix: 'double quotes' }],
  },
  {
    name: 'a keys file that is a list',
    config: inStore,
    stored: ['k3y-of-a'],
    problems: [{ key: KEYS_FILE, fix: 'delete it' }],
  },
  {
    name: 'a stored key that is too short',
    config: inStore,
    stored: { 'master/a': 'Sh0rt-1' },
    problems: [{ key: `${KEYS_FILE}: master/a`, fix: 'too short' }],
  },
  {
    name: 'a stored key that is no text',
    config: inStore,
    stored: { 'master/a': 12345678901 },
    problems: [{ key: `${KEYS_FILE}: master/a`, fix: 'too short' }],
  },
  {
    name: 'a key that is not generated',
    config: inStore,
    generate: false,
    problems: [{ key: 'masters[0].key', fix: 'Start the host once' }],
  },
  {
    name: 'a key for play URLs that can be guessed from one',
    config: { ...inEnv, playKey: { env: 'PLAY_KEY' } },
    env: { KEY_A: 'key-of-a1', PLAY_KEY: 'twenty-three-characters' },
    problems: [{ key: 'viewers.playKey.env', fix: 'PLAY_KEY: it is too short' }],
  },
  {
    name: 'a key for play URLs that is far too long',
    config: { ...inEnv, playKey: { file: 'play.key' } },
    env: { KEY_A: 'key-of-a1' },
    files: { 'play.key': 'L0ng'.repeat(65) },
    problems: [{ key: 'viewers.playKey.file', fix: 'it is too long' }],
  },
  {
    name: 'a key for play URLs with which one could publish',
    config: { ...inEnv, playKey: { env: 'PLAY_KEY' } },
    env: { KEY_A: PLAY_KEY, PLAY_KEY },
    problems: [{ key: 'viewers.playKey', fix: 'Give the viewers another key' }],
  },
  {
    name: 'a key for play URLs that is not there, beside other problems',
    config: { ...inEnv, playKey: { credential: 'play.key' } },
    problems: [
      { key: 'masters[0].key.env', fix: 'KEY_A: it is missing' },
      { key: 'viewers.playKey.credential', fix: 'LoadCredential=play.key:FILE' },
    ],
  },
  {
    name: 'all at once',
    config: {
      masters: [
        { name: 'a', key: { env: 'KEY_A' } },
        { name: 'b', key: { file: 'b.key' } },
        { name: 'c', key: { env: 'KEY_C' } },
        { name: 'd' },
      ],
      backups: [{ name: 'spare', key: { file: 'spare.key' } }, { name: 'new' }],
    },
    env: { KEY_C: 'Sh0rt-1' },
    stored: { 'master/d': 'tw0 words' },
    files: { 'spare.key': '' },
    problems: [
      { key: 'masters[0].key.env', fix: 'missing' },
      { key: 'masters[1].key.file', fix: 'ENOENT' },
      { key: 'masters[2].key.env', fix: 'too short' },
      { key: `${KEYS_FILE}: master/d`, fix: 'that a URL' },
      { key: 'backups[0].key.file', fix: 'it is empty' },
    ],
  },
];

function layOut({ stored, files = {} }: Case): void {
  if (stored !== undefined) writeKeys(stored);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/** Every key of a case, its words too: none may turn up in a message. */
function secretsOf({ env = {}, stored, files = {} }: Case): string[] {
  const texts = [...Object.values(env), ...Object.values(files), JSON.stringify(stored ?? '')];
  return texts.join(' ').match(/[\w-]*\d[\w-]*/g) ?? [];
}

describe('keys with problems', () => {
  it.each(cases)('$name', (own) => {
    layOut(own);
    const before = readdirSync(directory);
    const result = load(own.config, own.env, own.generate);
    const problems = result.ok ? [] : result.problems;

    const expected = own.problems.map(({ key, fix }) => ({ key, fix: expect.stringContaining(fix) }));
    expect(problems.map(({ key, fix }) => ({ key, fix }))).toEqual(expected);
    const text = formatProblems(problems, KEYS_FILE).replaceAll(directory, '');
    for (const secret of secretsOf(own)) expect(text).not.toContain(secret);
    expect(readdirSync(directory)).toEqual(before);
  });

  it('shows not even a quotation mark of a keys file that is not JSON', () => {
    writeKeys('{ "master/a": "key-of-a" "master/b": "key-of-b" }');
    expect(load(inStore)).toMatchObject({ ok: false, problems: [{ value: '(hidden)' }] });
  });

  it('says so where the keys file cannot be written, and leaves nothing behind', () => {
    directory = join(directory, 'missing');
    const result = load(inStore);
    expect(result).toMatchObject({
      ok: false,
      problems: [{ key: KEYS_FILE, value: 'ENOENT', fix: expect.stringContaining('writable') }],
    });
  });
});

describe('the token of the console', () => {
  const KEYED: Inputs = { masters: [{ name: 'a', key: { env: 'KEY_A' } }], backups: [] };
  const env = { KEY_A: 'key-of-a', TOKEN: 'a-token-of-20-chars.', SHORT: 'fifteen-chars-.' };

  function loadToken(token?: KeyReference, { remote = true, onlyAtHand = false } = {}) {
    const control = { ...CONTROL, remote, ...(token === undefined ? {} : { token }) };
    const config = { ...whole(KEYED), control };
    return loadKeys({ config, directory, env, generate: true, onlyAtHand });
  }

  it('is generated once, beside the stream keys', () => {
    const first = loadToken();
    expect(first).toMatchObject({ ok: true, generated: [CONTROL_TOKEN_NAME], notes: [] });
    const token = first.ok && first.keys.get(CONTROL_TOKEN_NAME);
    expect(token).toMatch(GENERATED_KEY);
    expect(JSON.parse(readFileSync(keysFile(), 'utf8'))).toEqual({ [CONTROL_TOKEN_NAME]: token });
    const second = loadToken();
    expect(second).toMatchObject({ ok: true, generated: [] });
    expect(second.ok && second.keys.get(CONTROL_TOKEN_NAME)).toBe(token);
  });

  it('comes from where the configuration says, and nothing is written then', () => {
    const result = loadToken({ env: 'TOKEN' });
    expect(result.ok && result.keys.get(CONTROL_TOKEN_NAME)).toBe(env.TOKEN);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('must be longer than a stream key', () => {
    expect(loadToken({ env: 'SHORT' })).toEqual({
      ok: false,
      problems: [
        {
          key: 'control.token.env',
          value: '(hidden)',
          allowed: expect.stringContaining('16 to 256'),
          fix: 'Change the key in environment variable SHORT: it is too short.',
        },
      ],
    });
  });

  it('is not asked for where nobody elsewhere gets in', () => {
    const result = loadToken({ env: 'MISSING' }, { remote: false });
    expect(result.ok && [...result.keys.keys()]).toEqual(['master/a']);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is left out where only the service has it, and that is asked for', () => {
    const result = loadToken({ env: 'MISSING' }, { onlyAtHand: true });
    expect(result.ok && [...result.keys.keys()]).toEqual(['master/a']);
    expect(loadToken({ env: 'MISSING' }).ok).toBe(false);
  });

  it.each<[name: string, prepare: () => void]>([
    ['is a folder', () => mkdirSync(keysFile(), { mode: 0o700 })],
    ['cannot be written', () => rmSync(directory, { recursive: true })],
    ['is not JSON', () => writeKeys('{')],
  ])('is gone without where the file %s: the host is on air all the same', (_name, prepare) => {
    prepare();
    const result = loadToken();
    expect(result).toMatchObject({
      ok: true,
      generated: [],
      notes: [expect.stringContaining('for this machine only')],
    });
    expect(result.ok && result.keys.has(CONTROL_TOKEN_NAME)).toBe(false);
  });
});
