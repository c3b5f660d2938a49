import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { LOOPBACK, rtmpBase } from './addresses.ts';
import { type Terminal, table } from './cli/terminal.ts';
import { type Config, ownedInputs } from './contract/config.ts';
import type { Host } from './host.ts';
import type { Cancel, Clock } from './media/clock.ts';
import { OWN_COMMAND } from './own-command.ts';

export interface DemoOptions {
  readonly config: Config;
  readonly keys: ReadonlyMap<string, string>;
  readonly host: Host;
  readonly clock: Clock;
  readonly terminal: Terminal;
}

/** An encoder that was killed comes back after this long, so that a failback can be watched too. */
const RESTART_MS = 20_000;
/** In the host bundle, all of this is JavaScript, and there is no npx. */
export const SHOWN_COMMAND =
  extname(import.meta.filename) === extname(OWN_COMMAND) ? 'node understudy.mjs' : 'npx understudy';
const CLIPS = join(import.meta.dirname, 'clips');
const KEY_VARIABLE = 'UNDERSTUDY_DEMO_KEY';

/**
 * The built-in encoders: a process for each input, so that one can be killed like a real encoder. Says how.
 * The key travels in the environment: what stands in a command line, every user of the machine can read.
 */
export function startDemo({ config, keys, host, clock, terminal }: DemoOptions): Cancel {
  const encoders = new Map<string, ChildProcess>();
  let isStopping = false;
  const start = (input: string, name: string): void => {
    if (isStopping) return;
    const url = `rtmp://127.0.0.1:${host.ports.rtmp}/${input}`;
    const child = spawn(
      process.execPath,
      [OWN_COMMAND, 'publish', clipFor(name), url, '--key-env', KEY_VARIABLE],
      {
        env: { ...process.env, [KEY_VARIABLE]: keys.get(input) },
        stdio: 'ignore',
      },
    );
    encoders.set(input, child);
    child.on('exit', () => {
      if (isStopping) return;
      terminal.line(`demo encoder ${input} is gone; it comes back in ${RESTART_MS / 1_000} s`);
      clock.after(RESTART_MS, () => {
        start(input, name);
        terminal.line(`demo encoder ${input} is back: process ${encoders.get(input)?.pid}`);
      });
    });
  };
  const inputs = ownedInputs(config);
  for (const { input, name } of inputs) start(input, name);
  const kill = process.platform === 'win32' ? 'taskkill /F /PID' : 'kill -9';
  const [first] = inputs;
  const program = config.programs[0]?.name ?? '';
  if (first === undefined) {
    terminal.line('No demo encoders: encoders publish to the other hosts.');
    return () => {};
  }
  const url = `${rtmpBase(LOOPBACK, host.ports.rtmp)}/${host.control.addresses(program, true)?.rtmp}`;
  const lines = [
    ...table([
      ['DEMO ENCODER', 'KILL IT'],
      ...inputs.map(({ input }) => [input, `${kill} ${encoders.get(input)?.pid}`]),
    ]),
    '',
    `Watch what a viewer gets while you kill ${first.input}:`,
    `  ${SHOWN_COMMAND} watch ${url.includes('?') ? `"${url}"` : url}`,
    `Freeze it instead (it is noticed after ${config.failover.stallTimeoutMs} ms): kill -STOP PID, kill -CONT PID`,
    `See the state: ${SHOWN_COMMAND} status      Rehearse: ${SHOWN_COMMAND} drill ${program}`,
    '',
  ];
  for (const line of lines) terminal.line(line);
  return () => {
    isStopping = true;
    for (const child of encoders.values()) child.kill();
  };
}

/** The clip of that name, or another one: an input of any name gets a picture. */
function clipFor(name: string): string {
  const own = join(CLIPS, `${name}.flv`);
  return existsSync(own) ? own : join(CLIPS, 'camera1.flv');
}
