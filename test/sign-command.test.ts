/** `understudy sign`: the URLs that it prints, and what it says where there is nothing to sign. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SignOptions } from '../runtime/cli/command-line.ts';
import { signatureRefusal } from '../runtime/play-signature.ts';
import { sign } from '../runtime/sign-command.ts';
import { FakeTerminal } from './cli/fake-terminal.ts';
import { EPOCH, FakeClock } from './support/fake-clock.ts';

const PLAY_KEY = 'play-key-of-the-tests-0123456789';
const HOUR_MS = 3_600_000;

let directory: string;
let terminal: FakeTerminal;
let clock: FakeClock;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-sign-'));
  terminal = new FakeTerminal();
  clock = new FakeClock();
  configure();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function configure(changes: object = {}): void {
  const config = {
    masters: [{ name: 'camera1' }, { name: 'camera2' }],
    viewers: { playKey: { env: 'PLAY_KEY' } },
    ...changes,
  };
  writeFileSync(join(directory, 'event.json'), JSON.stringify(config));
}

function signing(options: Partial<SignOptions> = {}, env: Record<string, string> = { PLAY_KEY }): number {
  const given = {
    program: 'camera1',
    config: join(directory, 'event.json'),
    for: 4 * HOUR_MS,
    host: 'live.example.org',
    json: false,
    ...options,
  };
  return sign(given, { clock, terminal, env });
}

interface Printed {
  readonly program: string;
  readonly expiresAt: number;
  readonly query: string;
  readonly rtmp: string;
  readonly httpFlv: string;
  readonly hls?: string;
}

/** What it prints for other programs. */
function printed(options: Partial<SignOptions> = {}, env?: Record<string, string>): Printed {
  expect(signing({ json: true, ...options }, env)).toBe(0);
  expect(terminal.lines).toHaveLength(1);
  return JSON.parse(terminal.lines.pop() ?? '') as Printed;
}

describe('sign', () => {
  it('prints an object with URLs that one signature opens until they expire', () => {
    const { program, expiresAt, query, ...urls } = printed();
    expect({ program, expiresAt }).toEqual({ program: 'camera1', expiresAt: EPOCH + 4 * HOUR_MS });
    expect(urls).toEqual({
      rtmp: `rtmp://live.example.org/live/camera1?${query}`,
      httpFlv: `http://live.example.org:8080/live/camera1.flv?${query}`,
      hls: `http://live.example.org:8080/live/camera1/index.m3u8?${query}`,
    });
    const check = { program, key: PLAY_KEY };
    const parameters = new URLSearchParams(query);
    expect(signatureRefusal(parameters, { ...check, now: expiresAt - 1 })).toBeNull();
    expect(signatureRefusal(parameters, { ...check, now: expiresAt })).toBe('expired');
  });

  it('prints them for people, with the time in words', () => {
    clock.advance(123);
    expect(signing({ for: 26 * HOUR_MS })).toBe(0);
    expect(terminal.lines[0]).toMatch(/^live\/camera1 for 1 d 2 h, until .*2026.*:$/);
    const rows = terminal.lines.filter((line) => /^(RTMP|HTTP-FLV|HLS) +(rtmp|http):\/\/live/.test(line));
    expect(rows).toHaveLength(3);
    const query = /\?(.*)$/.exec(rows[0] ?? '')?.[1];
    expect(terminal.text).toContain(`add this to its URL: ?${query}`);
  });

  it('signs until a time', () => {
    expect(printed({ until: EPOCH + 90_000 }).expiresAt).toBe(EPOCH + 90_000);
  });

  it('takes the key from a file beside the configuration, or from a folder of credentials', () => {
    const { query } = printed();
    writeFileSync(join(directory, 'play.key'), `${PLAY_KEY}\n`);
    configure({ viewers: { playKey: { file: 'play.key' } } });
    expect(printed({}, {}).query).toBe(query);
    configure({ viewers: { playKey: { credential: 'play.key' } } });
    expect(printed({}, { CREDENTIALS_DIRECTORY: directory }).query).toBe(query);
  });

  it('knows the ports of the configuration, its hosts by their names, and whether it has HLS', () => {
    const [one, two] = [
      { name: 'one', address: '192.0.2.1', inputs: ['master/camera1', 'master/camera2'] },
      { name: 'two', address: '2001:db8::2' },
    ];
    configure({
      viewers: { playKey: { env: 'PLAY_KEY' } },
      hosts: [one, two],
      relay: { key: { env: 'RELAY_KEY' } },
      rtmp: { port: 1940 },
      http: { port: 80 },
      hls: false,
    });
    // Neither which host this is nor any other key is asked for.
    const urls = printed({ host: 'one' });
    expect(urls.rtmp).toMatch(/^rtmp:\/\/192\.0\.2\.1:1940\/live\/camera1\?/);
    expect(urls).not.toHaveProperty('hls');
    expect(printed({ host: 'two' }).httpFlv).toMatch(/^http:\/\/\[2001:db8::2\]:80\/live\/camera1\.flv\?/);
    expect(printed({ host: '[2001:db8::3]' }).rtmp).toContain('//[2001:db8::3]:1940/');
  });

  it('takes an address of this machine where none is given', () => {
    const { host: _, ...options } = { host: '', program: 'camera2', for: HOUR_MS, json: true };
    sign({ ...options, config: join(directory, 'event.json') }, { clock, terminal, env: { PLAY_KEY } });
    expect(terminal.text).toMatch(/"rtmp":"rtmp:\/\/\d+\.\d+\.\d+\.\d+\/live\/camera2\?expires=/);
  });
});

describe('sign refuses, and says what to do,', () => {
  interface Refused {
    readonly name: string;
    readonly options?: Partial<SignOptions>;
    readonly config?: object;
    readonly env?: Record<string, string>;
    readonly says: RegExp;
  }
  const cases: readonly Refused[] = [
    {
      name: 'where everybody may play',
      config: { viewers: {} },
      says: /^viewers\.playKey is not in .*event\.json: everybody may play.*add "viewers": \{"playKey": \{"env"/,
    },
    {
      name: 'a program that there is not',
      options: { program: 'camera3' },
      says: /there is no program "camera3"; did you mean camera1\?/,
    },
    {
      name: 'a program of another name',
      options: { program: 'stage' },
      says: /there is no program "stage"; there are camera1 or camera2/,
    },
    { name: 'a time that is over', options: { until: EPOCH - 1 }, says: /expired already/ },
    { name: 'no time at all', options: { for: 0 }, says: /expired already/ },
    { name: 'nearly for ever', options: { for: 1e15 }, says: /lasts that long/ },
    {
      name: 'a URL for an address',
      options: { host: 'https://live.example.org' },
      says: /--host: .*without scheme and port/,
    },
    {
      name: 'an address with a port',
      options: { host: '192.0.2.1:1935' },
      says: /--host: .*without scheme and port/,
    },
    { name: 'without the variable', env: {}, says: /viewers\.playKey\.env.*PLAY_KEY: it is missing/s },
    {
      name: 'a key that is too short for it',
      env: { PLAY_KEY: 'sh0rt-play-key' },
      says: /24 to 256 of the characters.*it is too short/s,
    },
    {
      name: 'a credential that only the service has',
      config: { viewers: { playKey: { credential: 'play.key' } } },
      says: /CREDENTIALS_DIRECTORY=\/etc\/understudy\/credentials understudy sign/,
    },
    {
      name: 'a file that is not there',
      config: { viewers: { playKey: { file: 'play.key' } } },
      says: /viewers\.playKey\.file.*ENOENT/s,
    },
  ];

  it.each(cases)('$name', ({ options = {}, config = {}, env = { PLAY_KEY }, says }) => {
    configure(config);
    let message = '';
    try {
      signing(options, env);
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 2 });
      message = (error as Error).message;
    }
    expect(message).toMatch(says);
    for (const key of Object.values(env)) expect(message).not.toContain(key);
    expect(terminal.lines).toEqual([]);
  });
});
