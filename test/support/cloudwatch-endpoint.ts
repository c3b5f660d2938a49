import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface WireDatum {
  readonly MetricName: string;
  readonly Dimensions: ReadonlyArray<{ readonly Name: string; readonly Value: string }>;
  /** Seconds since the epoch. */
  readonly Timestamp: number;
  readonly Value?: number;
  readonly StatisticValues?: Readonly<Record<'SampleCount' | 'Sum' | 'Minimum' | 'Maximum', number>>;
  readonly Unit: string;
  readonly StorageResolution: number;
}

/** A call of PutMetricData as it came over the wire. */
export interface WireCall {
  readonly isCompressed: boolean;
  readonly authorization: string;
  readonly namespace: string;
  readonly deployment: string;
  readonly data: readonly WireDatum[];
}

/** `stuck`: the head of an answer, and then nothing. */
export type Answer = 'taken' | 'silent' | 'stuck' | 'error' | 'throttled';

const TARGET = 'GraniteServiceVersion20100801.PutMetricData';
const JSON_TYPE = 'application/x-amz-json-1.0';
const KEY_ID = 'AKIATESTTESTTESTTEST';
const SECRET = 'wJalrXUtnFEMI-secret-of-the-test';
const SESSION_TOKEN = 'session-token-of-the-test';
export const SECRETS = [KEY_ID, SECRET, SESSION_TOKEN];

/** Stands in for CloudWatch on the loopback address, and decodes what the SDK really sends: AWS JSON 1.0, gzip. */
export class CloudWatchEndpoint {
  readonly calls: WireCall[] = [];
  /** What was not a call as it should be. */
  readonly problems: string[] = [];
  /** By deployment; `taken` for the others. */
  readonly answers = new Map<string, Answer>();
  readonly inFlight = new Map<string, number>();
  readonly mostInFlight = new Map<string, number>();
  sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

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

  /** Where the SDK looks for it, and with what credentials. Returns how to undo that. */
  intoEnvironment(): () => void {
    const variables: Record<string, string> = {
      AWS_ENDPOINT_URL_CLOUDWATCH: `http://127.0.0.1:${this.port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_SESSION_TOKEN: SESSION_TOKEN,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, variables);
    return () => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    };
  }

  callsOf(deployment: string): WireCall[] {
    return this.calls.filter((call) => call.deployment === deployment);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = this.decode(request, Buffer.concat(chunks));
    if (call === null) {
      response.writeHead(400).end();
      return;
    }
    this.calls.push(call);
    const { deployment } = call;
    const count = (this.inFlight.get(deployment) ?? 0) + 1;
    this.inFlight.set(deployment, count);
    this.mostInFlight.set(deployment, Math.max(count, this.mostInFlight.get(deployment) ?? 0));
    response.on('close', () => this.inFlight.set(deployment, (this.inFlight.get(deployment) ?? 0) - 1));
    answer(response, this.answers.get(deployment) ?? 'taken');
  }

  private decode({ method, url, headers }: IncomingMessage, body: Buffer): WireCall | null {
    const encoding = headers['content-encoding'];
    try {
      if (method !== 'POST' || url !== '/') throw new Error(`${method} ${url}`);
      if (headers['x-amz-target'] !== TARGET) throw new Error(`target ${headers['x-amz-target']}`);
      if (headers['content-type'] !== JSON_TYPE) throw new Error(`type ${headers['content-type']}`);
      if (encoding !== undefined && encoding !== 'gzip') throw new Error(`encoding ${encoding}`);
      const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString();
      const { Namespace, MetricData, ...rest } = JSON.parse(text);
      if (Object.keys(rest).length > 0) throw new Error(`also ${Object.keys(rest)}`);
      const data = MetricData as WireDatum[];
      return {
        isCompressed: encoding === 'gzip',
        authorization: headers.authorization ?? '',
        namespace: Namespace,
        deployment: data[0]?.Dimensions.find(({ Name }) => Name === 'Deployment')?.Value ?? '',
        data,
      };
    } catch (error) {
      this.problems.push(String(error));
      return null;
    }
  }
}

function answer(response: ServerResponse, how: Answer): void {
  const type = { 'content-type': JSON_TYPE };
  switch (how) {
    case 'taken':
      response.writeHead(200, type).end('{}');
      break;
    case 'error':
      response
        .writeHead(500, type)
        .end(JSON.stringify({ __type: 'InternalServiceFault', message: 'not now' }));
      break;
    case 'throttled':
      response
        .writeHead(400, type)
        .end(JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }));
      break;
    case 'stuck':
      response.writeHead(200, type).write('{');
      break;
    case 'silent':
      break;
  }
}
