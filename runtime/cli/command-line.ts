import { readFileSync } from 'node:fs';
import { Argument, Command, Option } from 'commander';
import { VERSION } from '../contract/version.ts';
import type { WaitingClock } from '../media/clock.ts';
import { addControlCommands } from './control-commands.ts';
import { parseDuration } from './duration.ts';
import { CommandError, ExitCode } from './exit-codes.ts';
import type { MediaLiveAction } from './medialive.ts';
import {
  configOption,
  durationArgument,
  examples,
  hostOption,
  programName,
  stallOption,
  timeArgument,
} from './options.ts';
import { publish } from './publish.ts';
import type { Terminal } from './terminal.ts';
import { watch } from './watch.ts';

export interface RunOptions {
  readonly config: string;
  readonly demo: boolean;
  /** Which of the hosts in the configuration this one is. */
  readonly host?: string;
  /** It takes no inputs, and need not be in the list. */
  readonly edge: boolean;
  readonly logFormat: 'auto' | 'json' | 'text';
  readonly logLevel: string;
}

export interface CameraOptions {
  /** `master/camera1` */
  readonly input: string;
  readonly config: string;
  readonly host?: string;
  readonly supervised: boolean;
}

export interface KeysOptions {
  readonly config: string;
  readonly host?: string;
}

export interface SignOptions {
  /** NAME of live/NAME */
  readonly program: string;
  readonly config: string;
  /** How long the URLs are good, in ms. */
  readonly for: number;
  /** Until when instead, in ms since the epoch. */
  readonly until?: number;
  /** Where viewers reach the host: an address, or the name of one of the hosts in the configuration. */
  readonly host?: string;
  readonly json: boolean;
}

export interface CommandLineOptions {
  readonly clock: WaitingClock;
  readonly terminal: Terminal;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** The commands that need a host of their own, which the CLI does not know. */
  readonly run: (options: RunOptions) => Promise<number>;
  readonly camera: (options: CameraOptions) => Promise<number>;
  /** A process that a host starts to write to viewers; it is not for people. */
  readonly worker: () => Promise<number>;
  readonly showKeys: (options: KeysOptions) => Promise<number>;
  readonly sign: (options: SignOptions) => Promise<number>;
}

/** The `understudy` command. Resolves to its exit status. */
export async function runCommandLine(argv: readonly string[], options: CommandLineOptions): Promise<number> {
  const { terminal } = options;
  let exitCode: number = ExitCode.ok;
  const program = createProgram(options, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommandError) {
      terminal.error(error.message);
      return error.exitCode;
    }
    // Commander has printed its own: help and version end with 0, a wrong command line with 1.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')) {
      return 'exitCode' in error && error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    }
    throw error;
  }
}

function createProgram(options: CommandLineOptions, done: (exitCode: number) => void): Command {
  const { clock, terminal, signal } = options;
  const program = new Command('understudy')
    .description('Keeps live streams on air: N encoders, one spare, and viewers that notice nothing.')
    .version(VERSION)
    // Before the commands are made, which inherit it.
    .exitOverride()
    .showHelpAfterError('(--help shows the options)')
    .addHelpText(
      'after',
      `
Exit status: ${ExitCode.ok} fine, ${ExitCode.failed} failed or refused, ${ExitCode.usage} wrong command line or configuration, ${ExitCode.unreachable} not reachable.`,
    );

  program
    .command('run', { isDefault: true })
    .description('run the multiplexer')
    .addOption(configOption())
    .option('--demo', 'add built-in encoders, one for each input', false)
    .addOption(hostOption())
    .option('--edge', 'this host takes no inputs and need not be among the "hosts"', false)
    .addOption(
      new Option('--log-format <format>', 'text is for people')
        .choices(['auto', 'json', 'text'])
        .default('auto', 'text on a terminal, else json'),
    )
    .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .addHelpText(
      'after',
      examples(
        'understudy run',
        'understudy run --demo',
        'understudy run --config event.json --host one',
        'understudy run --config event.json --host edge-7 --edge',
      ),
    )
    .allowExcessArguments()
    .action(async (given: RunOptions, { args }: Command) => {
      // What is no command ends up at the default one.
      if (args[0] !== undefined) program.error(`error: there is no command '${args[0]}'`);
      done(await options.run(given));
    });

  program
    .command('publish')
    .description('loop a clip at real speed to an RTMP server: a test encoder')
    .argument('<file>', 'an FLV file with H.264 and AAC')
    .argument('<url>', 'rtmp://HOST/master/NAME[?key=KEY], or rtmps://…')
    .option('--key-env <name>', 'the environment variable that holds the stream key')
    .option('--key-file <file>', 'the file that holds the stream key')
    .option('--retry', 'connect again where the connection ends', false)
    .addHelpText(
      'after',
      examples(
        'understudy publish runtime/clips/camera1.flv "rtmp://127.0.0.1/master/camera1?key=…"',
        'KEY=… understudy publish clip.flv rtmp://127.0.0.1/master/camera1 --key-env KEY --retry',
      ),
    )
    .action(
      async (file: string, url: string, given: { keyEnv?: string; keyFile?: string; retry: boolean }) => {
        done(await publish({ file, url, key: readKey(given), retry: given.retry, clock, terminal, signal }));
      },
    );

  program
    .command('camera')
    .description('pull the camera of an input and publish it to the host, as "run" does by itself')
    .argument('<input>', 'master/NAME or backup/NAME')
    .addOption(configOption())
    .addOption(hostOption())
    .addOption(
      new Option('--supervised', 'take the order from standard input, and end with it')
        .default(false)
        .hideHelp(),
    )
    .addHelpText(
      'after',
      examples('understudy camera master/camera1', 'understudy camera backup/spare --config event.json'),
    )
    .action(async (input: string, given: Omit<CameraOptions, 'input'>) => {
      done(await options.camera({ ...given, input }));
    });

  program.command('worker', { hidden: true }).action(async () => done(await options.worker()));

  program
    .command('watch')
    .description('play a stream and report what a viewer could notice')
    .argument('<url>', 'rtmp://HOST/live/NAME or http://HOST:8080/live/NAME.flv')
    .option('--duration <time>', 'stop after 30s, 5m, 1h; else with Ctrl-C', durationArgument)
    .addOption(stallOption())
    .option('--json', 'print the report as one JSON object', false)
    .addHelpText(
      'after',
      examples(
        'understudy watch rtmp://127.0.0.1/live/camera1',
        'understudy watch http://127.0.0.1:8080/live/camera1.flv --duration 30s --json',
      ),
    )
    .action(async (url: string, given: { duration?: number; stallTimeout: number; json: boolean }) => {
      const { duration: durationMs = null, stallTimeout: stallTimeoutMs, json } = given;
      done(await watch({ url, durationMs, stallTimeoutMs, json, clock, terminal, signal }));
    });

  addControlCommands(program, options, done);

  program
    .command('keys')
    .description('show the stream keys as an encoder needs them')
    .addOption(configOption())
    .addOption(hostOption())
    .addHelpText('after', examples('understudy keys', 'understudy keys --config event.json --host one'))
    .action(async (given: KeysOptions) => done(await options.showKeys(given)));

  program
    .command('sign')
    .description('print URLs that play a program for some time, where "viewers.playKey" is configured')
    .argument('<program>', 'NAME of live/NAME')
    .option('--for <time>', 'how long they are good: 30m, 4h', durationArgument, parseDuration('4h'))
    .addOption(
      new Option('--until <time>', 'until when instead: 2026-12-31T22:00:00Z')
        .argParser(timeArgument)
        .conflicts('for'),
    )
    .option(
      '--host <address>',
      'where viewers play, or the name of one of the "hosts" (default: an address of this machine)',
    )
    .addOption(configOption())
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      examples(
        'understudy sign camera1',
        'understudy sign camera1 --for 30m --host live.example.org',
        'understudy sign camera1 --until 2026-12-31T22:00:00Z --json',
      ),
    )
    .action(async (name: string, given: Omit<SignOptions, 'program'>) => {
      done(await options.sign({ ...given, program: programName(name) }));
    });

  program
    .command('medialive')
    .description('start, stop or show the AWS Elemental MediaLive channels of the deployment')
    .addArgument(new Argument('<action>').choices(['start', 'stop', 'status']))
    .argument('[programs...]', 'NAME of live/NAME; default: all that have a channel')
    .addOption(configOption())
    .option('--no-wait', 'do not wait until they run, or have stopped')
    .addHelpText(
      'after',
      examples(
        'understudy medialive start camera1',
        'understudy medialive stop',
        'understudy medialive status',
      ),
    )
    .action(async (action: MediaLiveAction, names: string[], given: { config: string; wait: boolean }) => {
      const { mediaLive } = await import('./medialive.ts');
      const programs = names.map(programName);
      done(await mediaLive({ ...given, action, programs, clock, terminal, signal }));
    });
  return program;
}

function readKey({ keyEnv, keyFile }: { keyEnv?: string; keyFile?: string }): string | undefined {
  if (keyFile !== undefined) {
    try {
      return readFileSync(keyFile, 'utf8').trim();
    } catch {
      throw new CommandError(`--key-file: ${keyFile} cannot be read`);
    }
  }
  if (keyEnv === undefined) return undefined;
  const key = process.env[keyEnv];
  if (key === undefined || key === '') throw new CommandError(`--key-env: ${keyEnv} is not set`);
  return key;
}
