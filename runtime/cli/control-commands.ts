import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import type { CommandAnswer } from '../contract/control-api.ts';
import { encodeSummary } from '../contract/summary-text.ts';
import type { WaitingClock } from '../media/clock.ts';
import { ControlClient } from './control-client.ts';
import { describeSwitch, drill } from './drill.ts';
import { parseDuration } from './duration.ts';
import { ExitCode } from './exit-codes.ts';
import {
  configOption,
  durationArgument,
  examples,
  programName,
  stallOption,
  wholeArgument,
} from './options.ts';
import { describeState } from './status.ts';
import { summarise } from './summarise.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_CONTROL_PORT = 8081;

export interface ControlCommandsOptions {
  readonly clock: WaitingClock;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

interface ReachOptions {
  readonly config: string;
  readonly control?: string;
  readonly json: boolean;
}

interface AskedOptions extends ReachOptions {
  readonly by: string;
  readonly reason: string;
  readonly notAfter?: number;
}

interface RankedOptions extends AskedOptions {
  readonly sequence?: number;
  readonly automatic: boolean;
}

interface DrillOptions extends AskedOptions {
  readonly kind: 'unpublish' | 'stall';
  readonly for: number;
  readonly stallTimeout: number;
  readonly wait: boolean;
}

/** The commands that talk to a running host. */
export function addControlCommands(
  program: Command,
  { clock, terminal, signal }: ControlCommandsOptions,
  done: (exitCode: number) => void,
): void {
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .addOption(configOption())
      .option(
        '--control <url>',
        'the control API of the host (default: http://127.0.0.1, port of the configuration)',
      )
      .option('--json', 'print the answer as JSON', false);
  const asked = (added: Command): Command =>
    added
      .argument('<program>', 'NAME of live/NAME')
      .option('--by <who>', 'who asks, for the record', userName())
      .option('--reason <text>', 'why, for the record', '')
      .option('--not-after <ms>', 'do nothing if it is later, ms since the epoch', wholeArgument);
  const ranked = (added: Command): Command =>
    asked(added)
      .option('--sequence <number>', 'orders commands; default: the time in ms', wholeArgument)
      .option('--automatic', 'asked by a function: yields to people and to drills', false);
  const rankOf = ({ sequence = Math.round(clock.now()), automatic }: RankedOptions) => ({
    sequence,
    automatic,
  });

  command('status', 'show what is on air, and how every input is')
    .addOption(
      new Option('--brief', 'print one line for machines, at most 24,000 characters')
        .default(false)
        .conflicts('json'),
    )
    .addHelpText('after', examples('understudy status', 'understudy status --json'))
    .action(async (given: ReachOptions & { brief: boolean }) => {
      const state = await (await clientFor(given)).state();
      if (given.brief) terminal.line(encodeSummary(summarise(state)));
      else if (given.json) terminal.line(JSON.stringify(state));
      else for (const line of describeState(state)) terminal.line(line);
    });

  ranked(command('switch', 'put a candidate on air, and keep it there'))
    .argument('<source>', 'master/NAME, backup/NAME or slate')
    .option('--for <time>', 'how long it is pinned: 30s, 10m, 8h', durationArgument, parseDuration('1h'))
    .addOption(
      new Option('--until <ms>', 'until when it is pinned, ms since the epoch')
        .argParser(wholeArgument)
        .conflicts('for'),
    )
    .addHelpText(
      'after',
      examples(
        'understudy switch camera1 backup/spare --for 10m --reason "cable swap"',
        'understudy release camera1',
      ),
    )
    .action(async (name: string, source: string, given: RankedOptions & { for: number; until?: number }) => {
      const answer = await (await clientFor(given)).switch(programName(name), {
        source,
        ...askerOf(given),
        ...rankOf(given),
        expiresAt: given.until ?? clock.now() + given.for,
      });
      done(report(answer, given.json, terminal));
    });

  ranked(command('release', 'end a pin or a drill: the host decides again'))
    .addHelpText('after', examples('understudy release camera1'))
    .action(async (name: string, given: RankedOptions) => {
      const request = { ...askerOf(given), ...rankOf(given) };
      const answer = await (await clientFor(given)).release(programName(name), request);
      done(report(answer, given.json, terminal));
    });

  asked(command('drill', 'play the death of what is on air, and measure what a viewer gets'))
    .addOption(
      new Option('--kind <kind>', 'how it seems to die').choices(['unpublish', 'stall']).default('unpublish'),
    )
    .option('--for <time>', 'how long it plays dead', durationArgument, parseDuration('10s'))
    .addOption(stallOption())
    .option('--no-wait', 'begin it, and measure nothing')
    // So that a script can give all three the same options. A drill is refused while another runs, and needs no order.
    .addOption(new Option('--sequence <number>').argParser(wholeArgument).hideHelp())
    .addOption(new Option('--automatic').hideHelp())
    .addHelpText(
      'after',
      examples('understudy drill camera2', 'understudy drill camera2 --kind stall --for 20s --json'),
    )
    .action(async (name: string, given: DrillOptions) => {
      const client = await clientFor(given);
      const request = { kind: given.kind, durationMs: given.for, ...askerOf(given) };
      if (!given.wait) {
        done(report(await client.drill(programName(name), request), given.json, terminal));
        return;
      }
      const { stallTimeout: stallTimeoutMs, json } = given;
      const shell = { client, clock, terminal, signal };
      done(await drill({ program: programName(name), ...request, stallTimeoutMs, json, ...shell }));
    });
}

function askerOf({ by, reason, notAfter }: AskedOptions) {
  return { by, reason, ...(notAfter === undefined ? {} : { notAfter }) };
}

function report(answer: CommandAnswer, json: boolean, terminal: Terminal): number {
  const { outcome, why, program } = answer;
  const hasWorked = outcome === 'done' || outcome === 'repeated';
  if (json) terminal.line(JSON.stringify(answer));
  else if (!hasWorked) terminal.error(`${outcome}: ${why}`);
  else {
    const pinned = program.pin?.source;
    const waits =
      pinned !== undefined && pinned !== program.onAir && program.pending === null
        ? `; ${pinned} cannot be shown now, and takes over once it is live`
        : '';
    terminal.line(
      program.pending === null
        ? `live/${program.name} shows ${program.onAir ?? 'nothing'}${waits}`
        : `live/${program.name} goes to ${program.pending} at its next keyframe`,
    );
    if (program.lastSwitch && program.pending === null)
      terminal.line(`last switch: ${describeSwitch(program.lastSwitch)}`);
  }
  return hasWorked ? ExitCode.ok : ExitCode.failed;
}

async function clientFor(given: ReachOptions): Promise<ControlClient> {
  return new ControlClient(given.control ?? `http://127.0.0.1:${await controlPort(given.config)}`);
}

/** The port of the configuration, if there is one here; commands must work from anywhere. */
async function controlPort(configFile: string): Promise<number> {
  if (!existsSync(configFile)) return DEFAULT_CONTROL_PORT;
  try {
    const { parseConfig } = await import('../contract/config-problems.ts');
    const parsed = parseConfig(JSON.parse(readFileSync(configFile, 'utf8')));
    return parsed.ok ? parsed.config.control.port : DEFAULT_CONTROL_PORT;
  } catch {
    return DEFAULT_CONTROL_PORT;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'command line';
  }
}
