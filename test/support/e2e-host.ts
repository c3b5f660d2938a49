import { pino } from 'pino';
import type { Config } from '../../runtime/contract/config.ts';
import { configuredInputs } from '../../runtime/contract/config.ts';
import { parseConfig } from '../../runtime/contract/config-problems.ts';
import { type Host, startHost } from '../../runtime/host.ts';
import { PLAY_KEY_NAME } from '../../runtime/keys.ts';
import { systemClock } from '../../runtime/system-clock.ts';

export interface TestHost {
  readonly host: Host;
  readonly config: Config;
  readonly keys: ReadonlyMap<string, string>;
  /** Everything that it logged. */
  readonly log: ReadonlyArray<Record<string, unknown>>;
  publishUrl(input: string): string;
  rtmpUrl(program: string): string;
  flvUrl(program: string): string;
  hlsUrl(program: string): string;
}

export const PLAY_KEY = 'play-key-of-the-tests-0123456789';

/** Starts a host in this process on free ports, with keys made up for all inputs, and one to sign play URLs with. */
export async function startTestHost(raw: object): Promise<TestHost> {
  const parsed = parseConfig({ rtmp: { port: 0 }, http: { port: 0 }, control: { port: 0 }, ...raw });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { config } = parsed;
  const keys = new Map(
    configuredInputs(config).map(({ input, name }) => [input, `key-of-${name}-0123456789`]),
  );
  keys.set(PLAY_KEY_NAME, PLAY_KEY);
  const log: Array<Record<string, unknown>> = [];
  const logger = pino(
    { level: 'debug', base: null },
    { write: (line: string) => log.push(JSON.parse(line)) },
  );
  const host = await startHost({ config, directory: process.cwd(), keys, clock: systemClock, logger });
  const { ports } = host;
  return {
    host,
    config,
    keys,
    log,
    publishUrl: (input) => `rtmp://127.0.0.1:${ports.rtmp}/${input}?key=${keys.get(input)}`,
    rtmpUrl: (program) => `rtmp://127.0.0.1:${ports.rtmp}/live/${program}`,
    flvUrl: (program) => `http://127.0.0.1:${ports.http}/live/${program}.flv`,
    hlsUrl: (program) => `http://127.0.0.1:${ports.http}/live/${program}/index.m3u8`,
  };
}
