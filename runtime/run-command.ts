import { dirname, resolve } from 'node:path';
import { LOOPBACK, ownAddress, playUrls, rtmpBase } from './addresses.ts';
import { ownRtmpUrl, planCameras, startCameras } from './cameras.ts';
import type { KeysOptions, RunOptions } from './cli/command-line.ts';
import { configError, readConfigFile } from './cli/config-file.ts';
import { CommandError, ExitCode } from './cli/exit-codes.ts';
import { type Terminal, table } from './cli/terminal.ts';
import { type Config, type KeyReference, ownedInputs } from './contract/config.ts';
import { VERSION } from './contract/version.ts';
import { SHOWN_COMMAND, startDemo } from './demo.ts';
import { type Host, startHost } from './host.ts';
import { chooseHost, type HostChoice } from './host-choice.ts';
import { CONTROL_TOKEN_NAME, type LoadedKeys, loadKeys } from './keys.ts';
import { createLog } from './log.ts';
import type { WaitingClock } from './media/clock.ts';
import { connectServiceManager } from './service-manager.ts';

/** Whoever reads the log has so long for its last lines. */
const LAST_LINES_MS = 1_000;

export interface RunContext {
  readonly clock: WaitingClock;
  readonly terminal: Terminal;
  /** Stops the host at once. */
  readonly signal: AbortSignal;
  /** Drains the host, and stops it then. */
  readonly drainSignal: AbortSignal;
}

type Keys = Extract<LoadedKeys, { ok: true }>;

/** `understudy run`: reads the configuration, starts the host, says how to use it, and ends when told. */
export async function runHost(options: RunOptions, context: RunContext): Promise<number> {
  const { clock, terminal, signal, drainSignal } = context;
  const { config, keys, directory } = loadConfig(options.config, options);
  const planned = planCameras(config, keys.keys, { directory, env: process.env });
  if (!planned.ok) throw configError(planned.problems, options.config);
  const isText = options.logFormat === 'text' || (options.logFormat === 'auto' && terminal.isInteractive);
  const log = createLog(isText ? 'text' : 'json', options.logLevel);
  const { logger } = log;
  const service = connectServiceManager({ env: process.env, pid: process.pid, clock, logger });
  for (const note of keys.notes) logger.warn(note);
  let host: Host;
  try {
    host = await startHost({ config, directory, keys: keys.keys, clock, logger });
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), ExitCode.failed);
  }
  if (isText) {
    const address = options.demo ? LOOPBACK : ownAddress();
    for (const line of describeHost(config, keys, host, address)) terminal.line(line);
  } else logger.info(startRecord(keys, host), 'serving; "understudy keys" shows the stream keys');
  const stopDemo = options.demo ? startDemo({ config, keys: keys.keys, host, clock, terminal }) : () => {};
  // The demo's encoders take the cameras' places.
  const cameras = startCameras({
    plans: options.demo ? [] : planned.plans,
    hostUrl: ownRtmpUrl(config, host.ports.rtmp),
    env: process.env,
    clock,
    logger,
  });
  service.ready();
  service.status(`serving ${count(config.programs.length, 'program')} on port ${host.ports.rtmp}`);
  const say = (text: string): void => {
    if (isText) terminal.line(text);
    else logger.info({ event: 'stopping' }, text);
  };
  await clock.sleep(Number.POSITIVE_INFINITY, AbortSignal.any([signal, drainSignal]));
  service.stopping();
  if (!signal.aborted) {
    if (host.viewers > 0) {
      const text = describeDrain(host.viewers, config.drain.timeoutMs, terminal.isInteractive);
      service.status(text);
      say(text);
    }
    await drainHost(host, signal);
  }
  say('stopping');
  stopDemo();
  await cameras.stop();
  await host.stop(signal.aborted ? 'the host is stopped' : 'the host is drained and stopped');
  await service.stop();
  await Promise.race([log.written(), clock.sleep(LAST_LINES_MS, new AbortController().signal)]);
  return ExitCode.ok;
}

/** Lets viewers finish, unless it is told to stop meanwhile. */
async function drainHost(host: Host, signal: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([host.drain(), stopped]);
}

function describeDrain(viewers: number, timeoutMs: number, isInteractive: boolean): string {
  const how = isInteractive ? 'press Ctrl-C' : 'send SIGTERM again';
  return `draining: ${count(viewers, 'viewer')}, up to ${formatSeconds(timeoutMs)} s; ${how} to stop at once`;
}

function formatSeconds(ms: number): string {
  return String(Math.round(ms / 100) / 10);
}

/** `understudy keys`: what to paste into the encoders. */
export function showKeys(options: KeysOptions, terminal: Terminal): number {
  const { config, keys } = loadConfig(options.config, { ...options, edge: false, onlyAtHand: true });
  const address = ownAddress();
  for (const line of [
    ...describePublishing(config, keys, address, config.rtmp.port, true),
    ...describeConsole(config, keys, { address, port: config.http.port, showsToken: true }),
  ]) {
    terminal.line(line);
  }
  return ExitCode.ok;
}

/** `onlyAtHand`: as `loadKeys` has it. */
type LoadOptions = HostChoice & { readonly onlyAtHand?: boolean };

/** The configuration and its keys. Throws CommandError with all that is wrong with it. */
export function loadConfig(
  file: string,
  options: LoadOptions,
): { config: Config; keys: Keys; directory: string } {
  const chosen = chooseHost(readConfigFile(file), options, process.env);
  if ('problem' in chosen) throw configError([chosen.problem], file);
  const { config } = chosen;
  const directory = dirname(resolve(file));
  const { onlyAtHand = false } = options;
  const keys = loadKeys({ config, directory, env: process.env, generate: true, onlyAtHand });
  if (!keys.ok) throw configError(keys.problems, file);
  return { config, keys, directory };
}

/** What to paste into encoders and to open in players. Keys are shown once: when they have just been made. */
function describeHost(config: Config, keys: Keys, host: Host, address: string): string[] {
  const { ports } = host;
  const hasHls = config.hls !== false;
  const isNew = keys.generated.length > 0;
  const isEdge = ownedInputs(config).length === 0;
  return [
    `Understudy ${VERSION}: ${count(config.masters.length, 'master')}, ${count(config.backups.length, 'backup')}${describeRole(config)}`,
    '',
    ...(isEdge
      ? []
      : [...describePublishing(config, keys, address, ports.rtmp, isNew), '', keysHint(keys), '']),
    ...table([
      ['PLAY', 'RTMP', 'HTTP-FLV', ...(hasHls ? ['HLS'] : [])],
      ...config.programs.map(({ name }) => {
        const { rtmp, httpFlv, hls = '' } = playUrls(name, { address, ports, hasHls, query: '' });
        return [`live/${name}`, rtmp, httpFlv, hls];
      }),
    ]),
    ...signatureHint(config),
    ...describeConsole(config, keys, {
      address,
      port: ports.http,
      showsToken: keys.generated.includes(CONTROL_TOKEN_NAME),
    }),
    '',
  ];
}

/** Where the console is, and with what one gets in from elsewhere. */
function describeConsole(
  { control }: Config,
  { keys }: Keys,
  { address, port, showsToken }: { address: string; port: number; showsToken: boolean },
): string[] {
  const token = keys.get(CONTROL_TOKEN_NAME) ?? (control.remote ? placeOf(control.token) : undefined);
  const here: [string, string] = [`http://localhost:${port}/`, '(none needed)'];
  const there: [string, string] = [`http://${address}:${port}/`, showsToken ? (token ?? '') : '…'];
  const rows = [
    ...(control.trustLoopback ? [here] : []),
    ...(control.remote && token !== undefined ? [there] : []),
  ];
  return rows.length === 0 ? [] : ['', ...table([['CONSOLE', 'TOKEN'], ...rows])];
}

function signatureHint({ viewers, programs }: Config): string[] {
  if (viewers.playKey === undefined) return [];
  return ['', `These URLs need a signature, as ${SHOWN_COMMAND} sign ${programs[0]?.name} makes it.`];
}

function keysHint({ generated, file }: Keys): string {
  return generated.length > 0
    ? `These keys are new and kept in ${file}. They are not shown again; "understudy keys" shows them.`
    : '"understudy keys" shows the stream keys.';
}

/** Which host of several this one is. */
function describeRole(config: Config): string {
  if (config.hosts === undefined) return '';
  const own = ownedInputs(config).map(({ input }) => input);
  return `; host ${config.host}, ${own.length === 0 ? 'an edge' : `takes ${own.join(', ')}`}`;
}

/** One row an input, as OBS asks for it: Settings, Stream, Service "Custom…". */
function describePublishing(
  config: Config,
  keys: Keys,
  address: string,
  port: number,
  showsKeys: boolean,
): string[] {
  return table([
    ['PUBLISH', 'SERVER', 'STREAM KEY'],
    ...ownedInputs(config).map(({ input, name, key }) => [
      input,
      `${rtmpBase(address, port)}/${input.split('/')[0]}`,
      `${name}?key=${showsKeys ? (keys.keys.get(input) ?? placeOf(key)) : '…'}`,
    ]),
  ]);
}

/** Where a key is that this process does not have. */
function placeOf(key: KeyReference | undefined): string {
  return `(${Object.entries(key ?? {})
    .join(' ')
    .replace(',', ' ')})`;
}

/** The log line of a start. It goes to where logs go: new keys are named, and not shown. */
function startRecord(keys: Keys, { ports }: Host) {
  const made = keys.generated.length > 0 ? { newKeys: keys.generated, keysFile: keys.file } : {};
  return { event: 'serving', version: VERSION, ports, ...made };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
