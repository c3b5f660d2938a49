import { dirname, resolve } from 'node:path';
import { ownAddress, type PlayUrls, playUrls } from './addresses.ts';
import type { SignOptions } from './cli/command-line.ts';
import { configError, readConfigFile } from './cli/config-file.ts';
import { CommandError, ExitCode } from './cli/exit-codes.ts';
import { type Terminal, table } from './cli/terminal.ts';
import type { Config } from './contract/config.ts';
import { listed, nearest } from './contract/wording.ts';
import { readPlayKey } from './keys.ts';
import type { Clock } from './media/clock.ts';
import { LATEST_EXPIRY_MS, signedQuery } from './play-signature.ts';

export interface SignContext {
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const ADDRESS = /^[A-Za-z0-9.:_-]+$/;
const UNITS: ReadonlyArray<readonly [unit: string, ms: number]> = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** `understudy sign PROGRAM`: URLs that play it until they expire. Asks no host: whoever has the key can sign. */
export function sign(options: SignOptions, { clock, terminal, env }: SignContext): number {
  const config = readConfigFile(options.config);
  const program = programOf(config, options.program);
  const key = playKeyOf(config, options.config, env);
  const now = clock.now();
  const expiresAt = expiryOf(options.until ?? now + options.for, now);
  const query = signedQuery(program, expiresAt, key);
  const urls = playUrls(program, {
    address: addressOf(config, options.host),
    ports: { rtmp: config.rtmp.port, http: config.http.port },
    hasHls: config.hls !== false,
    query,
  });
  const signed = { program, expiresAt, query, ...urls };
  if (options.json) terminal.line(JSON.stringify(signed));
  else for (const line of describe(signed, now)) terminal.line(line);
  return ExitCode.ok;
}

function programOf({ programs }: Config, given: string): string {
  const known = programs.map(({ name }) => name);
  if (known.includes(given)) return given;
  const near = nearest(given, known);
  const fix = near === undefined ? `there are ${listed(known)}` : `did you mean ${near}?`;
  throw new CommandError(`there is no program "${given}"; ${fix}`);
}

function playKeyOf({ viewers }: Config, file: string, env: SignContext['env']): string {
  const { playKey } = viewers;
  if (playKey === undefined) {
    throw new CommandError(
      `viewers.playKey is not in ${file}: everybody may play, and no URL needs a signature. ` +
        'To change that, add "viewers": {"playKey": {"env": "PLAY_KEY"}} and restart the host with that variable.',
    );
  }
  if ('credential' in playKey && env.CREDENTIALS_DIRECTORY === undefined) {
    throw new CommandError(
      `viewers.playKey is a credential that only the service has: say in which folder ${playKey.credential} is, ` +
        'as CREDENTIALS_DIRECTORY=/etc/understudy/credentials understudy sign …',
    );
  }
  const found = readPlayKey(playKey, { directory: dirname(resolve(file)), env });
  if ('problem' in found) throw configError([found.problem], file);
  return found.key;
}

/** In whole seconds. */
function expiryOf(wanted: number, now: number): number {
  const expiresAt = Math.floor(wanted / 1_000) * 1_000;
  if (expiresAt <= now) throw new CommandError('the URLs would have expired already: name a later time');
  if (expiresAt > LATEST_EXPIRY_MS) throw new CommandError('no URL lasts that long: name an earlier time');
  return expiresAt;
}

function addressOf({ hosts = [] }: Config, given: string | undefined): string {
  if (given === undefined) return ownAddress();
  const address = hosts.find(({ name }) => name === given)?.address ?? given.replace(/^\[(.*)\]$/, '$1');
  // An IPv6 address has more than one colon.
  if (ADDRESS.test(address) && address.split(':').length !== 2) return address;
  throw new CommandError(
    `--host: "${given}" is no address; write an IP address or a name, without scheme and port`,
  );
}

interface Signed extends PlayUrls {
  readonly program: string;
  readonly expiresAt: number;
  readonly query: string;
}

function describe({ program, expiresAt, query, rtmp, httpFlv, hls }: Signed, now: number): string[] {
  const until = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
  return [
    `live/${program} for ${inWords(expiresAt - now)}, until ${until.format(expiresAt)}:`,
    '',
    ...table([['RTMP', rtmp], ['HTTP-FLV', httpFlv], ...(hls === undefined ? [] : [['HLS', hls]])]),
    '',
    `Behind a CDN or a proxy, add this to its URL: ?${query}`,
    'Who plays by then goes on over RTMP and HTTP-FLV; HLS ends.',
  ];
}

/** `4 h`, `1 d 30 min`; no more than two units. */
function inWords(ms: number): string {
  let rest = Math.ceil(ms / 1_000) * 1_000;
  const parts = UNITS.flatMap(([unit, unitMs]) => {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    return count === 0 ? [] : [`${count} ${unit}`];
  });
  return parts.slice(0, 2).join(' ');
}
