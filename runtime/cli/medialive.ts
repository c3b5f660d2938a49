/** `understudy medialive`: starts, stops and shows the MediaLive channels of a deployment. */
import type { MediaLiveClient } from '@aws-sdk/client-medialive';
import { channelName } from '../contract/channels.ts';
import type { Config } from '../contract/config.ts';
import { formatElapsed, listed } from '../contract/wording.ts';
import type { WaitingClock } from '../media/clock.ts';
import { readConfigFile } from './config-file.ts';
import { CommandError, ExitCode } from './exit-codes.ts';
import { asCommandError } from './medialive-failure.ts';
import { type Terminal, table } from './terminal.ts';

export type MediaLiveAction = 'start' | 'stop' | 'status';

export interface MediaLiveOptions {
  readonly action: MediaLiveAction;
  /** Names; empty: all that have a channel. */
  readonly programs: readonly string[];
  readonly config: string;
  /** Until the channels are where they should be. */
  readonly wait: boolean;
  readonly clock: WaitingClock;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

type Sdk = typeof import('@aws-sdk/client-medialive');

/** A channel as MediaLive has it now. */
interface ChannelStatus {
  readonly program: string;
  readonly id: string;
  /** MediaLive's word. */
  readonly state: string;
  /** What its pipelines show; empty where MediaLive does not say. */
  readonly active: readonly string[];
}

const POLL_MS = 3_000;
/** MediaLive takes a minute or two. */
const LONGEST_WAIT_MS = 600_000;
/** Of an account. */
const MOST_CHANNELS = 10_000;
const COSTS =
  'A running channel costs money by the hour, watched or not; "understudy medialive stop" ends that.';

/** What brings a channel there, from where, and by way of what. */
const COURSES = {
  start: { from: 'IDLE', through: 'STARTING', to: 'RUNNING' },
  stop: { from: 'RUNNING', through: 'STOPPING', to: 'IDLE' },
} as const;

/** Resolves to the exit status: failed where a channel is not where it should be, and where waiting was interrupted. */
export async function mediaLive(options: MediaLiveOptions): Promise<number> {
  const config = readConfigFile(options.config);
  const programs = chosenPrograms(config, options.programs);
  const sdk = await loadSdk();
  const { region } = config.aws;
  const client = new sdk.MediaLiveClient(region === undefined ? {} : { region });
  const session = new MediaLiveSession(sdk, client, options);
  try {
    const channels = await session.find(config.name, programs);
    return options.action === 'status'
      ? session.show(channels)
      : await session.bring(channels, COURSES[options.action]);
  } catch (error) {
    if (options.signal.aborted) return ExitCode.failed;
    throw asCommandError(error);
  } finally {
    client.destroy();
  }
}

class MediaLiveSession {
  private readonly sdk: Sdk;
  private readonly client: MediaLiveClient;
  private readonly options: MediaLiveOptions;

  constructor(sdk: Sdk, client: MediaLiveClient, options: MediaLiveOptions) {
    this.sdk = sdk;
    this.client = client;
    this.options = options;
  }

  /** The channels of these programs, by their names: ids are known to CloudFormation only. */
  async find(deployment: string, programs: readonly string[]): Promise<ChannelStatus[]> {
    const { paginateListChannels } = this.sdk;
    const ids = new Map<string, string[]>();
    let count = 0;
    for await (const page of paginateListChannels({ client: this.client }, {}, this.call)) {
      for (const { Id = '', Name = '' } of page.Channels ?? []) ids.set(Name, [...(ids.get(Name) ?? []), Id]);
      count += page.Channels?.length ?? 0;
      if (count > MOST_CHANNELS) break;
    }
    const found = programs.map((program): [string, string] => {
      const name = channelName(deployment, program);
      const [id, ...others] = ids.get(name) ?? [];
      if (id === undefined) {
        throw new CommandError(
          `there is no channel "${name}" here: "npm run deploy" makes it`,
          ExitCode.failed,
        );
      }
      if (others.length > 0) {
        const all = [id, ...others].join(', ');
        throw new CommandError(
          `several channels are named "${name}": ${all}. Rename the others`,
          ExitCode.failed,
        );
      }
      return [program, id];
    });
    return Promise.all(found.map(([program, id]) => this.describe(program, id)));
  }

  show(channels: readonly ChannelStatus[]): number {
    const { terminal } = this.options;
    const rows = channels.map(({ program, id, state, active }) => [
      `live/${program}`,
      id,
      state,
      [...new Set(active)].join(' and '),
    ]);
    for (const line of table([['PROGRAM', 'CHANNEL', 'STATE', 'SHOWS'], ...rows])) terminal.line(line);
    if (channels.some(({ state }) => state !== 'IDLE')) terminal.line(COSTS);
    return ExitCode.ok;
  }

  async bring(
    channels: readonly ChannelStatus[],
    { from, through, to }: (typeof COURSES)['start' | 'stop'],
  ): Promise<number> {
    const { StartChannelCommand, StopChannelCommand } = this.sdk;
    const { terminal, wait } = this.options;
    const elsewhere = channels.filter(({ state }) => state !== from && state !== through && state !== to);
    for (const { program, state } of elsewhere)
      terminal.error(`${program} is ${state}: try again when it is ${from}`);
    const fit = channels.filter((channel) => !elsewhere.includes(channel));
    for (const { program, id, state } of fit) {
      if (state !== from) {
        terminal.line(`${program} is ${state} already`);
        continue;
      }
      const input = { ChannelId: id };
      if (to === 'RUNNING') await this.client.send(new StartChannelCommand(input), this.call);
      else await this.client.send(new StopChannelCommand(input), this.call);
      terminal.line(`${program} is ${through}`);
    }
    if (to === 'RUNNING' && fit.length > 0) terminal.line(COSTS);
    const haveArrived = !wait || (await this.watch(fit, { through, to }));
    return haveArrived && elsewhere.length === 0 ? ExitCode.ok : ExitCode.failed;
  }

  /** Waits until all are in the state `to`, and tells how far they are. False where one is not. */
  private async watch(
    channels: readonly ChannelStatus[],
    { through, to }: { readonly through: string; readonly to: string },
  ): Promise<boolean> {
    const { clock, terminal, signal } = this.options;
    const startedAt = clock.now();
    for (;;) {
      const now = await Promise.all(channels.map(({ program, id }) => this.describe(program, id)));
      const waiting = now.filter(({ state }) => state === through);
      if (waiting.length === 0) {
        for (const channel of now) terminal.line(arrival(channel));
        const lost = now.filter(({ state }) => state !== to);
        for (const { program } of lost) {
          terminal.error(`${program} is not ${to}: the log group ElementalMediaLive may say why`);
        }
        return lost.length === 0;
      }
      const elapsed = clock.now() - startedAt;
      const names = listed(waiting.map(({ program }) => program)).replace(' or ', ' and ');
      if (elapsed >= LONGEST_WAIT_MS) {
        terminal.error(`${names}: still ${through} after ${formatElapsed(elapsed)}`);
        return false;
      }
      terminal.status(`${names}: ${through} for ${formatElapsed(elapsed)}`);
      await clock.sleep(POLL_MS, signal);
      if (signal.aborted) {
        terminal.line(`no longer waiting; ${names}: ${through} goes on`);
        return false;
      }
    }
  }

  private async describe(program: string, id: string): Promise<ChannelStatus> {
    const { DescribeChannelCommand } = this.sdk;
    const answer = await this.client.send(new DescribeChannelCommand({ ChannelId: id }), this.call);
    const active = (answer.PipelineDetails ?? []).flatMap(
      ({ ActiveInputAttachmentName: input }) => input ?? [],
    );
    return { program, id, state: answer.State ?? 'unknown', active };
  }

  private get call(): { abortSignal: AbortSignal } {
    return { abortSignal: this.options.signal };
  }
}

function arrival({ program, state, active }: ChannelStatus): string {
  return active.length === 0 ? `${program} is ${state}` : `${program} is ${state} and shows ${active[0]}`;
}

function chosenPrograms({ aws }: Config, given: readonly string[]): string[] {
  const known = aws.mediaLive.map(({ program }) => program);
  if (known.length === 0) {
    throw new CommandError(
      'the configuration has no MediaLive channels: docs/medialive.md says how to add one',
    );
  }
  const chosen = given.length === 0 ? known : [...new Set(given)];
  const unknown = chosen.find((program) => !known.includes(program));
  if (unknown !== undefined) throw new CommandError(`${unknown} has no channel; ${listed(known)} has`);
  return chosen;
}

/** Large, and used by nothing else on a host: the bundle of hosts goes without it. */
async function loadSdk(): Promise<Sdk> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  try {
    return await import('@aws-sdk/client-medialive');
  } catch {
    throw new CommandError(
      'the MediaLive client is not installed here, as on all hosts: run this where you deploy from',
      ExitCode.failed,
    );
  }
}
