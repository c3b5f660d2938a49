/**
 * Stream keys: each input's own, from the environment, a file or a systemd credential, or generated in
 * `understudy.keys.json`; the key with which hosts know each other; and the one that signs play URLs.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  type Config,
  type ConfiguredInput,
  KEYS_FILE,
  type KeyReference,
  ownedInputs,
} from './contract/config.ts';
import { type ConfigProblem, jsonSyntaxProblem } from './contract/config-problems.ts';
import { HIDDEN } from './contract/config-secrets.ts';
import { stateDirectory } from './state-directory.ts';

export interface KeyOptions {
  readonly config: Pick<Config, 'masters' | 'backups' | 'hosts' | 'host' | 'relay' | 'viewers' | 'control'>;
  /** Where the configuration file stands: key files are relative to it. For generated keys see `stateDirectory`. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether missing keys are generated and written; where they are not, each is a problem. */
  readonly generate: boolean;
  /**
   * Leaves out the keys in variables and credentials that this process does not have, instead of reporting them: those of
   * a service are not in the shell of its operator.
   */
  readonly onlyAtHand?: boolean;
}

export type LoadedKeys =
  | {
      readonly ok: true;
      /**
       * By the input's full name, `master/camera1`; the others under `RELAY_KEY_NAME`, `PLAY_KEY_NAME` and
       * `CONTROL_TOKEN_NAME`, where there are any.
       */
      readonly keys: Map<string, string>;
      /** The names of those that are new. */
      readonly generated: string[];
      /** Where generated keys stand. */
      readonly file: string;
      /** What the operator should know; holds no key. */
      readonly notes: string[];
    }
  | { readonly ok: false; readonly problems: ConfigProblem[] };

/** No input has a name without a slash. */
export const RELAY_KEY_NAME = 'relay';
export const CONTROL_TOKEN_NAME = 'control';
export const PLAY_KEY_NAME = 'play';
/** Where systemd puts the credentials of a unit (systemd.exec(5), LoadCredential=). */
const CREDENTIALS_DIRECTORY = 'CREDENTIALS_DIRECTORY';

const LEAST_LENGTH = 8;
/** Who has it can change what viewers see. */
const LEAST_TOKEN_LENGTH = 16;
/** Who has one signed URL can try keys at home, as many as the computer can: 144 bits in base64url, as generated keys have. */
const LEAST_PLAY_KEY_LENGTH = 24;
const MOST_LENGTH = 256;
/** What a URL's query carries without escapes: the unreserved characters of RFC 3986, section 2.3. */
const KEY_CHARACTERS = /^[A-Za-z0-9._~-]*$/;
/** 144 bits: 24 characters in base64url, none of them padding. */
const GENERATED_BYTES = 18;
const OWNER_ONLY = 0o600;
const ALL_MODE_BITS = 0o777;
const GROUP_AND_OTHERS = 0o077;
const BYTE_ORDER_MARK = /^\uFEFF/;

/** What one source says: a key that is fit for use, or what is wrong with it. */
type Found = { readonly key: string } | { readonly problem: ConfigProblem };

type Entries = Readonly<Record<string, unknown>>;

interface Stored {
  readonly entries?: Entries;
  readonly problem?: ConfigProblem;
}

/** Reads every key and reports all problems at once; writes, and changes a file's mode, only where there is none. */
export function loadKeys(options: KeyOptions): LoadedKeys {
  const { config, directory, generate, onlyAtHand = false } = options;
  const isLeftOut = (key: KeyReference): boolean => onlyAtHand && !isAtHand(key, options.env);
  const file = join(stateDirectory(directory, options.env), KEYS_FILE);
  const inputs = ownedInputs(config);
  const problems: ConfigProblem[] = [];
  const inputsNeedStore = inputs.some(({ key }) => key === undefined);
  const tokenNeedsStore = config.control.remote && config.control.token === undefined;
  const store = inputsNeedStore || tokenNeedsStore ? readStored(file) : {};
  const { entries = {}, problem: unreadable } = store;
  if (unreadable !== undefined && inputsNeedStore) problems.push(unreadable);
  const keys = new Map<string, string>();
  const generated: string[] = [];

  for (const own of inputs) {
    if (own.key === undefined ? unreadable !== undefined : isLeftOut(own.key)) continue;
    const found =
      own.key === undefined ? storedKey(own.input, entries) : referencedKey(own.place, own.key, options);
    if (found === undefined) {
      if (!generate) problems.push(notGenerated(own));
      generated.push(own.input);
      keys.set(own.input, newKey());
    } else if ('problem' in found) problems.push(found.problem);
    else keys.set(own.input, found.key);
  }
  const add = (name: string, found: Found, notItsOwn: ConfigProblem): void => {
    if ('problem' in found) problems.push(found.problem);
    else if ([...keys.values()].includes(found.key)) problems.push(notItsOwn);
    else keys.set(name, found.key);
  };
  const { key: relayKey } = config.relay;
  if (relayKey !== undefined && config.hosts !== undefined && !isLeftOut(relayKey)) {
    add(RELAY_KEY_NAME, referencedKey('relay', relayKey, options), SHARED_RELAY_KEY);
  }
  const { playKey } = config.viewers;
  if (playKey !== undefined && !isLeftOut(playKey)) {
    add(PLAY_KEY_NAME, readPlayKey(playKey, options), SHARED_PLAY_KEY);
  }
  if (config.control.remote && !isLeftOutToken(options)) {
    const found = controlToken(options, entries);
    if (found === undefined) {
      if (generate && unreadable === undefined) {
        generated.push(CONTROL_TOKEN_NAME);
        keys.set(CONTROL_TOKEN_NAME, newKey());
      }
    } else add(CONTROL_TOKEN_NAME, found, SHARED_TOKEN);
  }
  if (problems.length > 0) return { ok: false, problems };

  const notes = tighten(file);
  if (generated.length > 0) {
    const added = generated.map((input) => [input, keys.get(input)]);
    const problem = writeStored(file, { ...entries, ...Object.fromEntries(added) });
    // Without its token a host does all that it is for: only the console is not for those elsewhere.
    if (problem !== undefined && generated.some((name) => name !== CONTROL_TOKEN_NAME)) {
      return { ok: false, problems: [problem] };
    }
    if (problem !== undefined) {
      generated.length = 0;
      keys.delete(CONTROL_TOKEN_NAME);
    }
  }
  if (tokenNeedsStore && !keys.has(CONTROL_TOKEN_NAME)) {
    notes.push(`${file} cannot hold a token: the console is for this machine only. Give "control.token".`);
  }
  return { ok: true, keys, generated, file, notes };
}

function isLeftOutToken({ config, onlyAtHand = false, env }: KeyOptions): boolean {
  const { token } = config.control;
  return onlyAtHand && token !== undefined && !isAtHand(token, env);
}

/** The token that is configured, or stored; undefined where there is none yet. */
function controlToken(options: KeyOptions, entries: Entries): Found | undefined {
  const { token } = options.config.control;
  if (token === undefined) return storedKey(CONTROL_TOKEN_NAME, entries, LEAST_TOKEN_LENGTH);
  const found = readSecret('control.token', token, options);
  if ('problem' in found) return found;
  return checked(found.place, found.secret, { source: found.source, least: LEAST_TOKEN_LENGTH });
}

function newKey(): string {
  return randomBytes(GENERATED_BYTES).toString('base64url');
}

/** The key that signs play URLs: fit for that, or what is wrong with it. */
export function readPlayKey(
  reference: KeyReference,
  options: Pick<KeyOptions, 'directory' | 'env'>,
): { readonly key: string } | { readonly problem: ConfigProblem } {
  const found = readSecret('viewers.playKey', reference, options);
  if ('problem' in found) return found;
  return checked(found.place, found.secret, { source: found.source, least: LEAST_PLAY_KEY_LENGTH });
}

function referencedKey(place: string, reference: KeyReference, options: KeyOptions): Found {
  const found = readSecret(`${place}.key`, reference, options);
  return 'problem' in found ? found : checked(found.place, found.secret, { source: found.source });
}

/**
 * What stands where a reference of the configuration points, without the white space around it. `place`: the key of the
 * reference, for messages.
 */
export function readSecret(
  place: string,
  reference: KeyReference,
  { directory, env }: Pick<KeyOptions, 'directory' | 'env'>,
):
  | { readonly secret: string; readonly place: string; readonly source: string }
  | { readonly problem: ConfigProblem } {
  if ('env' in reference) {
    const key = `${place}.env`;
    const value = env[reference.env];
    if (value) return { secret: value, place: key, source: `environment variable ${reference.env}` };
    const fix = `Set the environment variable ${reference.env}: it is ${value === undefined ? 'missing' : 'empty'}.`;
    return { problem: { key, value: reference.env, allowed: 'the name of a variable that is set', fix } };
  }
  const isFile = 'file' in reference;
  const key = `${place}.${isFile ? 'file' : 'credential'}`;
  const value = isFile ? reference.file : reference.credential;
  const allowed = isFile ? 'a file that holds the secret and nothing else' : 'a credential of the unit';
  const problem = (fix: string) => ({ problem: { key, value, allowed, fix } });
  const base = isFile ? directory : env[CREDENTIALS_DIRECTORY];
  if (base === undefined) {
    return problem(
      `Start the host by a systemd unit with LoadCredential=${value}:FILE, or name it by "env" or "file".`,
    );
  }
  const path = resolve(base, value);
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').trim();
  } catch (error) {
    return problem(`Make ${path} a file that this process can read (${codeOf(error)}).`);
  }
  if (secret === '') return problem(`Write the secret into ${path}: it is empty.`);
  return { secret, place: key, source: path };
}

function isAtHand(reference: KeyReference, env: KeyOptions['env']): boolean {
  if ('file' in reference) return true;
  return env['env' in reference ? reference.env : CREDENTIALS_DIRECTORY] !== undefined;
}

function storedKey(name: string, stored: Entries, least = LEAST_LENGTH): Found | undefined {
  if (!Object.hasOwn(stored, name)) return undefined;
  const value = stored[name];
  const text = typeof value === 'string' ? value : '';
  return checked(`${KEYS_FILE}: ${name}`, text, { source: KEYS_FILE, least });
}

function checked(
  key: string,
  value: string,
  { source, least = LEAST_LENGTH }: { readonly source: string; readonly least?: number },
): Found {
  const wrong = [
    ...(value.length < least ? ['is too short'] : []),
    ...(value.length > MOST_LENGTH ? ['is too long'] : []),
    ...(KEY_CHARACTERS.test(value) ? [] : ['holds characters that a URL does not carry as they are']),
  ];
  if (wrong.length === 0) return { key: value };
  const fix = `Change the key in ${source}: it ${wrong.join(' and ')}.`;
  const allowed = `${least} to ${MOST_LENGTH} of the characters A-Z a-z 0-9 . _ ~ -`;
  return { problem: { key, value: HIDDEN, allowed, fix } };
}

const SHARED_RELAY_KEY: ConfigProblem = {
  key: 'relay.key',
  value: HIDDEN,
  allowed: 'a key of its own',
  fix: 'Give the relay another key: an encoder that has it could pass for a host.',
};
const SHARED_PLAY_KEY: ConfigProblem = {
  key: 'viewers.playKey',
  value: HIDDEN,
  allowed: 'a key of its own',
  fix: 'Give the viewers another key: whoever signs URLs could publish, or pass for a host.',
};
const SHARED_TOKEN: ConfigProblem = {
  key: 'control.token',
  value: HIDDEN,
  allowed: 'a token of its own',
  fix: 'Give the console another token: whoever has the other key could switch programs.',
};

function notGenerated(own: ConfiguredInput): ConfigProblem {
  return {
    key: `${own.place}.key`,
    value: undefined,
    allowed: `{"env": …}, {"file": …}, or nothing and a key for ${own.input} in ${KEYS_FILE}`,
    fix: 'Start the host once: it generates the keys that are missing.',
  };
}

/** What stands in the keys file; an empty object where there is none yet. */
function readStored(file: string): Stored {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(BYTE_ORDER_MARK, '');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return { entries: {} };
    const fix = `Make ${file} readable for this process.`;
    return { problem: fileProblem(code, 'a file that this process can read', fix) };
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const problem = jsonSyntaxProblem(text, error);
    // Not even a bracket of what stands there: it is next to keys.
    return { problem: { ...problem, key: `${KEYS_FILE}: ${problem.key}`, value: HIDDEN } };
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return { entries: { ...parsed } };
  const fix = `Correct ${file}, or delete it and new keys are generated.`;
  return { problem: fileProblem(HIDDEN, '{ "master/camera1": "<stream key>", … }', fix) };
}

/** Makes the keys file its owner's alone. Windows has no such modes. */
function tighten(file: string): string[] {
  if (process.platform === 'win32') return [];
  let mode: number;
  try {
    mode = statSync(file).mode & ALL_MODE_BITS;
  } catch {
    return []; // There is none yet, or reading it has already said why not.
  }
  if ((mode & GROUP_AND_OTHERS) === 0) return [];
  const was = `${file} was open to other users (mode ${mode.toString(8)})`;
  try {
    chmodSync(file, OWNER_ONLY);
    return [`${was}: it is now ${OWNER_ONLY.toString(8)}.`];
  } catch (error) {
    return [`${was} and still is: changing it failed (${codeOf(error)}).`];
  }
}

/** Whole or not at all: a host that dies in the middle must not leave half of the keys. */
function writeStored(file: string, stored: Entries): ConfigProblem | undefined {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(stored, null, 2)}\n`, {
      mode: OWNER_ONLY,
      flag: 'wx',
      flush: true,
    });
    giveToOwnerOf(dirname(file), temporary);
    // The file itself, where a link stands in its place.
    renameSync(temporary, existsSync(file) ? realpathSync(file) : file);
    return undefined;
  } catch (error) {
    rmSync(temporary, { force: true });
    const fix = `Make ${dirname(file)} writable for this process, or give each input a "key" of its own.`;
    return fileProblem(codeOf(error), 'a file that this process can write', fix);
  }
}

/** What root makes beside the host's own files, with `understudy keys`, the host must still be able to read. */
function giveToOwnerOf(directory: string, file: string): void {
  const { uid, gid } = statSync(directory);
  if (process.getuid?.() === 0 && uid !== 0) chownSync(file, uid, gid);
}

function fileProblem(value: string, allowed: string, fix: string): ConfigProblem {
  return { key: KEYS_FILE, value, allowed, fix };
}

/** `ENOENT` and the like; the rest of the message would only repeat the path. */
function codeOf(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return String(hasCode ? error.code : error);
}
