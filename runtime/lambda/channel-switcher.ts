/**
 * Switches the inputs of MediaLive channels: reads a channel, plans (channel-planner.ts), and puts an immediate input switch
 * into its schedule. Needs medialive:DescribeChannel, DescribeSchedule and BatchUpdateSchedule, on the channels alone.
 */
import {
  BatchUpdateScheduleCommand,
  DescribeChannelCommand,
  type MediaLiveClient,
  paginateDescribeSchedule,
  UnprocessableEntityException,
} from '@aws-sdk/client-medialive';
import type { Channel, Channels } from '../contract/channels.ts';
import type { Topology } from '../contract/topology.ts';
import type { Clock } from '../media/clock.ts';
import { type ChannelReading, type ChannelSwitch, isOwnAction, planChannel } from './channel-planner.ts';
import type { AlarmReadings, Finding } from './plan.ts';

export interface SwitchChannelsOptions {
  readonly client: MediaLiveClient;
  readonly channels: Channels;
  readonly topology: Pick<Topology, 'deployment'>;
  readonly alarms: AlarmReadings;
  readonly clock: Clock;
  /** What is not done by then is given up, ms since the epoch. */
  readonly deadline: number;
}

/** More pages of a schedule are not read. */
const MOST_PAGES = 20;
const LONGEST_REASON = 200;

/** MediaLive looked at what it was asked for, and would not do it. */
const REFUSALS = ['UnprocessableEntityException', 'ConflictException', 'BadRequestException'];

/** One finding for each channel, in their order. Never throws: what fails for one channel is a finding, and the others go on. */
export async function switchChannels(options: SwitchChannelsOptions): Promise<Finding[]> {
  const { channels, clock, deadline } = options;
  const end = new AbortController();
  const { signal } = end;
  // The SDK does not look at the signal while it waits to try again.
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  const cancel = clock.after(deadline - clock.now(), () => end.abort());
  const findings = Object.entries(channels).map(([program, channel]) => {
    const failure = (why: string): Finding => ({
      severity: 'page',
      subject: program,
      text: `its MediaLive channel ${channel.channelId} could not be looked after: ${why}`,
    });
    return Promise.race([
      switchChannel({ ...options, program, channel, signal }).catch((error) => failure(reasonOf(error))),
      ended.then(() => failure(NO_TIME_LEFT)),
    ]);
  });
  try {
    return await Promise.all(findings);
  } finally {
    cancel();
  }
}

interface ChannelTask extends SwitchChannelsOptions {
  readonly program: string;
  readonly channel: Channel;
  readonly signal: AbortSignal;
}

async function switchChannel(task: ChannelTask): Promise<Finding> {
  const { program, channel, alarms, clock, topology } = task;
  const reading = await readChannel(task);
  const { deployment } = topology;
  const plan = planChannel({ program, channel, reading, deployment, alarms, now: clock.now() });
  if (plan.kind === 'stay') return plan.finding;
  const { order } = plan;
  const isNew = await ensureSwitch(task, order);
  return isNew
    ? { severity: 'repair', subject: program, text: `its channel switches to ${order.to}: ${order.why}` }
    : { severity: 'info', subject: program, text: `its channel was told before to switch to ${order.to}` };
}

async function readChannel({ client, channel, signal }: ChannelTask): Promise<ChannelReading> {
  const answer = await client.send(new DescribeChannelCommand({ ChannelId: channel.channelId }), {
    abortSignal: signal,
  });
  const pipelines = answer.PipelineDetails ?? [];
  return {
    state: answer.State ?? 'in an unknown state',
    active: pipelines.flatMap(({ ActiveInputAttachmentName: input }) => (input ? [input] : [])),
    actions: pipelines.flatMap(({ ActiveInputSwitchActionName: action }) => (action ? [action] : [])),
  };
}

/**
 * False where the schedule has the action already. Where MediaLive refuses it for another reason, older actions of ours make
 * room: MediaLive itself removes actions only an hour after their time, and a schedule has a greatest length.
 */
async function ensureSwitch(task: ChannelTask, order: ChannelSwitch): Promise<boolean> {
  try {
    await updateSchedule(task, order, []);
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const names = await readSchedule(task);
    if (names.includes(order.actionName)) return false;
    const superfluous = superfluousActions(names);
    if (superfluous.length === 0) throw error;
    await updateSchedule(task, order, superfluous);
    return true;
  }
}

/** MediaLive deletes first, and does all or nothing. */
async function updateSchedule(
  { client, channel, signal }: ChannelTask,
  { to, actionName }: ChannelSwitch,
  deletes: readonly string[],
): Promise<void> {
  const command = new BatchUpdateScheduleCommand({
    ChannelId: channel.channelId,
    ...(deletes.length === 0 ? {} : { Deletes: { ActionNames: [...deletes] } }),
    Creates: {
      ScheduleActions: [
        {
          ActionName: actionName,
          ScheduleActionStartSettings: { ImmediateModeScheduleActionStartSettings: {} },
          ScheduleActionSettings: { InputSwitchSettings: { InputAttachmentNameReference: to } },
        },
      ],
    },
  });
  await client.send(command, { abortSignal: signal });
}

async function readSchedule({ client, channel, signal }: ChannelTask): Promise<string[]> {
  const names: string[] = [];
  let pages = 0;
  const pagesOf = paginateDescribeSchedule(
    { client },
    { ChannelId: channel.channelId },
    { abortSignal: signal },
  );
  for await (const page of pagesOf) {
    for (const { ActionName } of page.ScheduleActions ?? []) if (ActionName) names.push(ActionName);
    pages += 1;
    if (pages === MOST_PAGES) break;
  }
  return names;
}

/** All of ours but the newest: what a running channel follows now cannot be deleted. Their names end in their time. */
function superfluousActions(names: readonly string[]): string[] {
  const time = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));
  return names
    .filter(isOwnAction)
    .sort((a, b) => time(a) - time(b))
    .slice(0, -1);
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSALS.includes(error.name);
}

const NO_TIME_LEFT = 'no time was left';
const NOT_ALLOWED = 'the role of the control function may not do it';

/** By the name of the error, as MediaLive gives it. */
const MEANINGS: Readonly<Record<string, string>> = {
  AccessDeniedException: NOT_ALLOWED,
  ForbiddenException: NOT_ALLOWED,
  NotFoundException: 'there is no such channel',
  AbortError: NO_TIME_LEFT,
  TooManyRequestsException: 'MediaLive is asked for too much, by all in this account together',
};

/**
 * By name, and with what MediaLive found wrong in a request of ours. No other message: that of a wrong signature repeats
 * the request's headers, and with them the session token.
 */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  if (error instanceof UnprocessableEntityException) {
    const details = (error.ValidationErrors ?? []).map(({ ErrorMessage }) => ErrorMessage ?? '');
    return [error.name, error.message, ...details].join(': ').slice(0, LONGEST_REASON);
  }
  const meaning = MEANINGS[error.name];
  return meaning === undefined ? error.name : `${error.name}, ${meaning}`;
}
