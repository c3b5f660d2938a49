import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { AwsError } from './aws-error.ts';
import { SERVICES, type ServiceName } from './services.ts';
import { KEY_ID, REGION, SECRET, SESSION_TOKEN, signatureProblem } from './signature.ts';
import { fromWire, operationSchemas, toWire } from './wire-model.ts';

export const SECRETS = [KEY_ID, SECRET, SESSION_TOKEN];

/** A request that is as the service wants it. */
export interface ApiCall {
  readonly service: ServiceName;
  readonly operation: string;
  /** As the client's caller wrote it. */
  readonly input: unknown;
  /** As it came over the wire. */
  readonly body: unknown;
  readonly isCompressed: boolean;
  readonly authorization: string;
  /** Whether the client still waits for the answer. */
  readonly isOpen: () => boolean;
}

/**
 * How a call goes wrong:
 * - `silent`: it is not carried out, and never answered.
 * - `stuck`: the head of an answer, and then nothing.
 * - `cut`: the connection is reset, before or after it is carried out.
 * - `delayed`: it is carried out in time, and answered late.
 * - `repeated`: it is carried out twice.
 * - `throttled`, `failed`: it is refused, and not carried out.
 * - `lying`: it is carried out, and the answer says something else.
 */
export type Misbehaviour =
  | { readonly kind: 'silent' | 'stuck' | 'repeated' | 'throttled' | 'failed' }
  | { readonly kind: 'cut'; readonly isCarriedOut: boolean }
  | { readonly kind: 'delayed'; readonly byMs: number }
  | { readonly kind: 'lying'; readonly answer: (truth: object) => object };

/** Takes an operation's input, and gives its output, both in the types of the SDK. Throws `AwsError`. */
export type Operation = (input: never) => object | Promise<object>;
export type Operations = Readonly<Partial<Record<ServiceName, Readonly<Record<string, Operation>>>>>;

interface Answer {
  readonly status: number;
  readonly body: object;
}

/**
 * Stands in for AWS on the loopback address: takes what the real clients send, and refuses what AWS would refuse. What
 * operations do is not its business.
 */
export class AwsEndpoint {
  readonly calls: ApiCall[] = [];
  /** What was not a call as it should be. */
  readonly problems: string[] = [];
  misbehaviour: (call: ApiCall) => Misbehaviour | null = () => null;
  readonly sockets = new Set<Socket>();
  private readonly operations: Operations;
  private server: Server | null = null;
  private port = 0;

  constructor(operations: Operations) {
    this.operations = operations;
  }

  /** Listens; again on the same port where it did before. */
  async open(): Promise<void> {
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Cuts off all that is connected. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  /** Where the SDK of a process looks for AWS, and with what credentials. */
  get environment(): Record<string, string> {
    const endpoints = Object.values(SERVICES).map(({ endpointVariable }) => [
      endpointVariable,
      `http://127.0.0.1:${this.port}`,
    ]);
    return {
      ...Object.fromEntries(endpoints),
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_SESSION_TOKEN: SESSION_TOKEN,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  /** For clients in this process. Returns how to undo that. */
  intoEnvironment(): () => void {
    const { environment } = this;
    const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, environment);
    return () => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    };
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (body === null) return;
    const contentType = request.headers['content-type'] ?? '';
    try {
      const call = { ...readCall(request, body), isOpen: () => !response.closed };
      this.calls.push(call);
      await this.answer(call, response);
    } catch (error) {
      if (!(error instanceof AwsError)) this.problems.push(String(error));
      send(response, contentType, refusal(error));
    }
  }

  private async answer(call: ApiCall, response: ServerResponse): Promise<void> {
    const { contentType, fault } = SERVICES[call.service];
    const wrong = this.misbehaviour(call);
    switch (wrong?.kind) {
      case undefined:
        return send(response, contentType, await this.carryOut(call));
      case 'silent':
        return;
      case 'stuck':
        response.writeHead(200, { 'content-type': contentType }).write('{');
        return;
      case 'cut':
        if (wrong.isCarriedOut) await this.carryOut(call);
        response.destroy();
        return;
      case 'delayed': {
        const answer = await this.carryOut(call);
        await pause(wrong.byMs);
        return send(response, contentType, answer);
      }
      case 'repeated':
        await this.carryOut(call);
        return send(response, contentType, await this.carryOut(call));
      case 'throttled':
        throw new AwsError('ThrottlingException', 'Rate exceeded');
      case 'failed':
        throw new AwsError(fault, 'not now', 500);
      case 'lying': {
        const { status, body } = await this.carryOut(call);
        return send(response, contentType, { status, body: wrong.answer(body) });
      }
    }
  }

  private async carryOut({ service, operation, input }: ApiCall): Promise<Answer> {
    const run = this.operations[service]?.[operation];
    if (run === undefined) throw new Error(`nothing in the test does ${service} ${operation}`);
    const output = await run(input as never);
    const schemas = operationSchemas(SERVICES[service].model, operation);
    return { status: 200, body: schemas === null ? {} : (toWire(schemas.output, output) as object) };
  }
}

/** Null where the client goes away. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}

/** Throws at a request that the service would refuse, or that it would take and not heed. */
function readCall({ method, url, headers }: IncomingMessage, raw: Buffer): Omit<ApiCall, 'isOpen'> {
  const target = String(headers['x-amz-target']);
  const [prefix, operation = ''] = target.split('.');
  const found = Object.entries(SERVICES).find(([, own]) => own.target === prefix);
  if (method !== 'POST' || url !== '/') throw new Error(`${method} ${url}`);
  if (found === undefined) throw new Error(`target ${target}`);
  const [service, { contentType, signingName, model }] = found;
  const schemas = operationSchemas(model, operation);
  if (schemas === null) throw new Error(`target ${target}`);
  if (headers['content-type'] !== contentType) throw new Error(`type ${headers['content-type']}`);
  const unsigned = signatureProblem(headers, raw, signingName);
  if (unsigned !== null) throw new Error(unsigned);
  const body: unknown = JSON.parse(decompressed(headers['content-encoding'], raw));
  return {
    service: service as ServiceName,
    operation,
    input: fromWire(schemas.input, body, operation),
    body,
    isCompressed: headers['content-encoding'] === 'gzip',
    authorization: headers.authorization ?? '',
  };
}

function decompressed(encoding: string | undefined, raw: Buffer): string {
  if (encoding === undefined) return raw.toString();
  if (encoding !== 'gzip') throw new Error(`encoding ${encoding}`);
  return gunzipSync(raw).toString();
}

function refusal(error: unknown): Answer {
  const known = error instanceof AwsError;
  return {
    status: known ? error.status : 400,
    body: { __type: known ? error.code : 'ValidationException', message: String(error) },
  };
}

function send(response: ServerResponse, contentType: string, { status, body }: Answer): void {
  response
    .writeHead(status, { 'content-type': contentType, 'x-amzn-requestid': randomUUID() })
    .end(JSON.stringify(body));
}
