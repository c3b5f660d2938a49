/** A small stand-in for CloudWatch, Systems Manager and EventBridge on the loopback address, for the real clients. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

// biome-ignore lint/suspicious/noExplicitAny: what the operations take and give differs.
type Json = any;

/** What a script on a host leaves behind; `never`: it does not end in time. */
export type ScriptResult =
  | { readonly output: string; readonly error?: string; readonly status?: number }
  | 'never';

export interface StandInHost {
  readonly instance: string;
  /** None: it is an edge. */
  readonly name?: string;
  readonly run: (parameters: Record<string, string>) => ScriptResult;
}

export type Misbehaviour = 'throttled' | 'down' | 'silent' | 'garbage' | 'denied' | 'missing' | 'gone';

const PAGE = 20;
const LATE_ROUNDS = 3;
const ENVIRONMENT_NAMES = ['CLOUDWATCH', 'SSM', 'EVENTBRIDGE'].map((name) => `AWS_ENDPOINT_URL_${name}`);

export class StandIn {
  readonly calls: Array<{ readonly operation: string; readonly input: Json }> = [];
  readonly sockets = new Set<Socket>();
  hosts: StandInHost[] = [];
  alarms = new Map<string, string>();
  /** How often a command is asked for before its hosts are known, and then before they are through with it. */
  lag = { unknown: 0, running: 0 };
  /** Whether an instance appears among those that got a command only some time later. */
  isListedLate: (instance: string) => boolean = () => false;
  misbehave: (operation: string, count: number) => Misbehaviour | null = () => null;
  /** Error codes for the events of a call. */
  refusedEvents: ReadonlyArray<string | null> = [];
  private readonly server = createServer((request, response) => void this.answer(request, response));
  private readonly commands: Array<{ asked: number; results: Map<string, ScriptResult> }> = [];

  async open(): Promise<() => Promise<void>> {
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const before = { ...process.env };
    Object.assign(process.env, this.environment);
    return async () => {
      process.env = before;
      this.server.close();
      this.server.closeAllConnections();
      await once(this.server, 'close');
    };
  }

  get environment(): Record<string, string> {
    const url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return {
      ...Object.fromEntries(ENVIRONMENT_NAMES.map((name) => [name, url])),
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST',
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
  }

  inputs(operation: string): Json[] {
    return this.calls.filter((call) => call.operation === operation).map(({ input }) => input);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const input = JSON.parse(Buffer.concat(chunks).toString());
    this.calls.push({ operation, input });
    const reply = (status: number, body: Json): void => {
      response.writeHead(status, { 'content-type': request.headers['content-type'] });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    switch (this.misbehave(operation, this.inputs(operation).length)) {
      case 'silent':
        return;
      case 'garbage':
        return reply(200, '{"Command": <html>');
      case 'throttled':
        return reply(400, { __type: 'ThrottlingException', message: 'Rate exceeded' });
      case 'down':
        return reply(500, { __type: 'InternalServerError', message: 'not now' });
      case 'denied':
        return reply(400, { __type: 'AccessDeniedException', message: 'secret-of-the-test' });
      case 'missing':
        return reply(400, { __type: 'InvocationDoesNotExist', message: '' });
      case 'gone':
        return reply(400, { __type: 'InvalidInstanceId', message: '' });
      case null:
        return reply(200, this.carryOut(operation, input));
    }
  }

  private carryOut(operation: string, input: Json): Json {
    switch (operation) {
      case 'DescribeAlarms':
        return { MetricAlarms: this.describe(input.AlarmNames) };
      case 'SendCommand':
        return { Command: { CommandId: this.send(input) } };
      case 'ListCommandInvocations':
        return this.list(input);
      case 'GetCommandInvocation':
        return this.get(input);
      case 'PutEvents':
        return {
          FailedEntryCount: this.refusedEvents.filter((code) => code !== null).length,
          Entries: input.Entries.map((_: Json, index: number) => ({
            ErrorCode: this.refusedEvents[index] ?? undefined,
          })),
        };
      default:
        throw new Error(`no such operation here: ${operation}`);
    }
  }

  private describe(names: string[]): Json[] {
    return names.flatMap((AlarmName) => {
      const StateValue = this.alarms.get(AlarmName);
      return StateValue === undefined
        ? []
        : [
            {
              AlarmName,
              StateValue,
              StateTransitionedTimestamp: 1_700_000_000,
              StateUpdatedTimestamp: 1_800_000_000,
            },
          ];
    });
  }

  private send({ Targets, Parameters }: Json): string {
    const parameters = Object.fromEntries(
      Object.entries(Parameters as Json).map(([key, [value]]: Json) => [key, value]),
    );
    const values = (key: string): string[] | undefined =>
      Targets.find(({ Key }: Json) => Key === key)?.Values;
    const found = this.hosts.filter(({ instance, name }) => {
      const ids = values('InstanceIds');
      const names = values('tag:understudy:host');
      return (
        ids?.includes(instance) ??
        names?.includes(name ?? '') ??
        values('tag:understudy:deployment')?.includes('show')
      );
    });
    this.commands.push({
      asked: 0,
      results: new Map(found.map((host) => [host.instance, host.run(parameters)])),
    });
    return `command-${this.commands.length - 1}`;
  }

  /** Pages are not full. */
  private list({ CommandId, NextToken = '0' }: Json): Json {
    const command = this.commands[Number(CommandId.split('-')[1])];
    if (command === undefined) return { CommandInvocations: [] };
    if (NextToken === '0') command.asked += 1;
    if (command.asked <= this.lag.unknown) return { CommandInvocations: [] };
    const isRunning = command.asked <= this.lag.unknown + this.lag.running;
    const from = Number(NextToken);
    const isEarly = command.asked <= this.lag.unknown + LATE_ROUNDS;
    const known = [...command.results].filter(([instance]) => !isEarly || !this.isListedLate(instance));
    const all = known.map(([InstanceId, result]) => {
      if (result === 'never' || isRunning)
        return { InstanceId, Status: 'InProgress', StatusDetails: 'In Progress' };
      const Status = (result.status ?? 0) === 0 ? 'Success' : 'Failed';
      return { InstanceId, Status, StatusDetails: Status };
    });
    return {
      CommandInvocations: all.slice(from, from + PAGE),
      ...(from + PAGE < all.length ? { NextToken: String(from + PAGE) } : {}),
    };
  }

  private get({ CommandId, InstanceId }: Json): Json {
    const result = this.commands[Number(CommandId.split('-')[1])]?.results.get(InstanceId);
    if (result === undefined || result === 'never') return { Status: 'InProgress' };
    const { output, error = '', status = 0 } = result;
    return {
      Status: status === 0 ? 'Success' : 'Failed',
      StandardOutputContent:
        output.length > 24_000 ? `${output.slice(0, 23_980)}\n---Output truncated` : output,
      StandardErrorContent: error,
    };
  }
}
