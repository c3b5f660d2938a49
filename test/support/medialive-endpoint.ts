import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as sdk from '@aws-sdk/client-medialive';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { fromWire, type ModelSchema, toWire } from './aws-model.ts';

/** A channel of the account that the endpoint plays. */
export interface FakeChannel {
  readonly id: string;
  readonly name: string;
  state: string;
  /** What each pipeline shows; MediaLive says so with a delay: a test moves it by `settle`. */
  active: string[];
  /** The action that made them show it. */
  action?: string;
  readonly attachments: readonly string[];
  /** Names of actions, the oldest first. */
  schedule: string[];
}

/** A call as it came over the wire, with the members' names of the SDK's model. */
export interface FakeCall {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** `silent`: no answer ever. */
type Answer = { readonly status: number; readonly error: string; readonly message?: string } | 'silent';

const OPERATIONS = [
  sdk.DescribeChannel$,
  sdk.DescribeSchedule$,
  sdk.BatchUpdateSchedule$,
  sdk.ListChannels$,
  sdk.StartChannel$,
  sdk.StopChannel$,
].map((operation) => {
  const [, , name, traits, input, output] = operation as unknown as [
    number,
    string,
    string,
    { readonly http: [method: string, path: string, status: number] },
    () => ModelSchema,
    () => ModelSchema,
  ];
  const [method, path] = traits.http;
  return {
    name,
    method,
    pattern: new RegExp(`^${path.replace('{ChannelId}', '([^/]+)')}$`),
    input: input(),
    output: output(),
  };
});

const CREDENTIALS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret-of-the-test' };
const PAGE_LENGTH = 3;

/** Stands in for MediaLive on the loopback address. Requests and answers are held to the SDK's own model. */
export class MediaLiveEndpoint {
  readonly channels = new Map<string, FakeChannel>();
  readonly calls: FakeCall[] = [];
  /** What was not a call as it should be. */
  readonly problems: string[] = [];
  /** What calls of an operation are answered, the first one first, instead of what they ask for. */
  readonly answers = new Map<string, Answer[]>();
  /** Actions that a schedule holds at most. */
  scheduleLimit = 100;
  url = '';
  private server: Server | null = null;

  async open(): Promise<this> {
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  /** The real client; it repeats calls at once. */
  client(maxAttempts = 3): sdk.MediaLiveClient {
    return new sdk.MediaLiveClient({
      endpoint: this.url,
      region: 'eu-central-1',
      credentials: CREDENTIALS,
      retryStrategy: new ConfiguredRetryStrategy(maxAttempts, 1),
    });
  }

  /** Where the SDK looks for it, and with what credentials. Returns how to undo that. */
  intoEnvironment(): () => void {
    return withEnvironment({
      AWS_ENDPOINT_URL_MEDIALIVE: this.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    });
  }

  addChannel(given: Partial<FakeChannel> & Pick<FakeChannel, 'id'>): FakeChannel {
    const channel = {
      name: `understudy camera${given.id}`,
      state: 'RUNNING',
      active: ['master-camera1'],
      attachments: ['master-camera1', 'backup-spare'],
      schedule: [],
      ...given,
    };
    this.channels.set(channel.id, channel);
    return channel;
  }

  callsOf(operation: string): FakeCall[] {
    return this.calls.filter((call) => call.operation === operation);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      const url = new URL(request.url ?? '', this.url);
      const operation = OPERATIONS.find(
        ({ method, pattern }) => method === request.method && pattern.test(url.pathname),
      );
      if (operation === undefined) throw new Error(`${request.method} ${url.pathname}: no operation`);
      if (!request.headers.authorization?.includes('/medialive/aws4_request')) throw new Error('not signed');
      const body = Buffer.concat(chunks).toString();
      const [, id] = operation.pattern.exec(url.pathname) ?? [];
      const input = {
        ...fromWire(operation.input, body === '' ? {} : JSON.parse(body)),
        ...(id === undefined ? {} : { ChannelId: decodeURIComponent(id) }),
        ...Object.fromEntries(url.searchParams),
      };
      this.calls.push({ operation: operation.name, input });
      const given = this.answers.get(operation.name)?.shift();
      if (given === 'silent') return;
      if (given !== undefined) return refuse(response, given);
      const output = this.answer(operation.name, input);
      if ('error' in output) return refuse(response, output as Answer & object);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(toWire(operation.output, output)));
    } catch (error) {
      this.problems.push(String(error));
      response.writeHead(400).end();
    }
  }

  private answer(operation: string, input: Record<string, unknown>): Record<string, unknown> {
    if (operation === 'ListChannels') {
      return paged([...this.channels.values()], input, (page) => ({
        Channels: page.map(({ id, name, state }) => ({ Id: id, Name: name, State: state })),
      }));
    }
    const channel = this.channels.get(String(input.ChannelId));
    if (channel === undefined) return { status: 404, error: 'NotFoundException' };
    switch (operation) {
      case 'StartChannel':
        if (channel.state !== 'IDLE') return { status: 409, error: 'ConflictException' };
        channel.state = 'STARTING';
        break;
      case 'StopChannel':
        if (channel.state !== 'RUNNING') return { status: 409, error: 'ConflictException' };
        channel.state = 'STOPPING';
        break;
      case 'DescribeSchedule':
        return paged(channel.schedule, input, (page) => ({
          ScheduleActions: page.map((ActionName) => ({
            ActionName,
            ScheduleActionSettings: {},
            ScheduleActionStartSettings: {},
          })),
        }));
      case 'BatchUpdateSchedule':
        return this.updateSchedule(channel, input as never);
    }
    return {
      Id: channel.id,
      Name: channel.name,
      State: channel.state,
      PipelineDetails: channel.active.map((ActiveInputAttachmentName, index) => ({
        PipelineId: String(index),
        ActiveInputAttachmentName,
        ActiveInputSwitchActionName: channel.action,
      })),
    };
  }

  /** Deletes first; all or nothing. What a running channel follows cannot be deleted. */
  private updateSchedule(
    channel: FakeChannel,
    { Creates, Deletes }: sdk.BatchUpdateScheduleRequest,
  ): Record<string, unknown> {
    const deleted = Deletes?.ActionNames ?? [];
    const kept = channel.schedule.filter((name) => !deleted.includes(name));
    const newest = channel.schedule.at(-1);
    const created = Creates?.ScheduleActions ?? [];
    for (const { ActionName, ScheduleActionSettings } of created) {
      const to = ScheduleActionSettings?.InputSwitchSettings?.InputAttachmentNameReference ?? '';
      if (kept.includes(ActionName ?? '')) return invalid(`the action ${ActionName} exists`);
      if (!channel.attachments.includes(to)) return invalid(`there is no attachment ${to}`);
    }
    if (newest !== undefined && deleted.includes(newest)) return invalid(`${newest} cannot be deleted`);
    if (kept.length + created.length > this.scheduleLimit) return invalid('the schedule is full');
    channel.schedule = [...kept, ...created.map(({ ActionName }) => ActionName ?? '')];
    return {};
  }
}

/** Sets variables of the environment, or takes them away. Returns how to undo that. */
export function withEnvironment(variables: Readonly<Record<string, string | undefined>>): () => void {
  const set = (all: typeof variables): void => {
    for (const [name, value] of Object.entries(all)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  set(variables);
  return () => set(before);
}

function invalid(ErrorMessage: string): Record<string, unknown> {
  return { status: 422, error: 'UnprocessableEntityException', message: ErrorMessage };
}

function refuse(
  response: ServerResponse,
  { status, error, message = 'no' }: Exclude<Answer, 'silent'>,
): void {
  const body =
    error === 'UnprocessableEntityException'
      ? {
          Message: 'the request is not valid',
          ValidationErrors: [{ ElementPath: '/creates', ErrorMessage: message }],
        }
      : { Message: message };
  const schema = (sdk as unknown as Record<string, ModelSchema>)[`${error}$`];
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': error });
  response.end(JSON.stringify(schema === undefined ? body : toWire(schema, body)));
}

function paged<T>(
  all: readonly T[],
  { nextToken = '0' }: { readonly nextToken?: unknown } & Record<string, unknown>,
  answer: (page: readonly T[]) => Record<string, unknown>,
): Record<string, unknown> {
  const start = Number(nextToken);
  const end = start + PAGE_LENGTH;
  return { ...answer(all.slice(start, end)), ...(end < all.length ? { NextToken: String(end) } : {}) };
}
