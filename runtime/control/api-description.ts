import * as z from 'zod';
import {
  commandAnswer,
  drillRequest,
  errorAnswer,
  healthAnswer,
  hostEvent,
  hostHistory,
  hostState,
  loginRequest,
  playAddresses,
  programState,
  releaseRequest,
  sessionAnswer,
  switchEvent,
  switchRequest,
} from '../contract/control-api.ts';
import { CONTROL_PREFIX } from '../contract/control-path.ts';
import { VERSION } from '../contract/version.ts';

const SCHEMAS = {
  commandAnswer,
  drillRequest,
  errorAnswer,
  healthAnswer,
  hostEvent,
  hostHistory,
  hostState,
  loginRequest,
  playAddresses,
  programState,
  releaseRequest,
  sessionAnswer,
  switchEvent,
  switchRequest,
};
type SchemaName = keyof typeof SCHEMAS;

interface Answer {
  readonly description: string;
  readonly schema?: SchemaName | { readonly listOf: SchemaName };
  /** Where it is not JSON. */
  readonly type?: string;
}

interface Operation {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly request?: SchemaName;
  readonly query?: Readonly<Record<string, string>>;
  readonly header?: Readonly<Record<string, string>>;
  /** Nobody needs a token for it. */
  readonly isOpen?: boolean;
  readonly answers: Readonly<Record<number, Answer>>;
}

const ok = (description: string, schema: Answer['schema']): Answer => ({
  description,
  ...(schema === undefined ? {} : { schema }),
});
const refused = (description: string): Answer => ({ description, schema: 'errorAnswer' });

const NO_PROGRAM = { 404: refused('There is no such program.') };
const COMMAND = {
  200: ok('Done, or done before.', 'commandAnswer'),
  400: refused('The request is wrong; `field` says where.'),
  409: ok('Overtaken, expired, yielded or refused; `why` says why.', 'commandAnswer'),
  415: refused('The body is not application/json.'),
  ...NO_PROGRAM,
};
const TOO_MANY = { 429: refused('Too many wrong tokens: `Retry-After` says how long to wait.') };

export const OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/state',
    summary: 'What is on air, and the health of every input',
    answers: { 200: ok('The host, its programs, inputs and relays.', 'hostState') },
  },
  {
    method: 'get',
    path: '/health',
    summary: 'Whether this host can serve; it never depends on an encoder',
    isOpen: true,
    answers: { 200: ok('Serving.', 'healthAnswer'), 503: ok('Draining.', 'healthAnswer') },
  },
  {
    method: 'get',
    path: '/history',
    summary: 'What every input has delivered in the last minutes',
    answers: { 200: ok('Samples, the oldest first.', 'hostHistory') },
  },
  {
    method: 'get',
    path: '/switches',
    summary: 'The last switches, the oldest first',
    query: { program: 'Only those of this program.' },
    answers: {
      200: ok('Records of switches.', { listOf: 'switchEvent' }),
      400: refused('More than one program was given.'),
    },
  },
  {
    method: 'get',
    path: '/programs/{program}',
    summary: 'One program',
    answers: { 200: ok('The program.', 'programState'), ...NO_PROGRAM },
  },
  {
    method: 'get',
    path: '/programs/{program}/addresses',
    summary: 'Where a program is played; signed for those who may do all, where viewers need a signature',
    answers: { 200: ok('Paths with their queries.', 'playAddresses'), ...NO_PROGRAM },
  },
  {
    method: 'post',
    path: '/programs/{program}/switch',
    summary: 'Puts a candidate on air and pins it',
    request: 'switchRequest',
    answers: COMMAND,
  },
  {
    method: 'post',
    path: '/programs/{program}/release',
    summary: 'Ends a pin or a drill: the host decides again',
    request: 'releaseRequest',
    answers: COMMAND,
  },
  {
    method: 'post',
    path: '/programs/{program}/drill',
    summary: 'Plays the death of what is on air',
    request: 'drillRequest',
    answers: COMMAND,
  },
  {
    method: 'get',
    path: '/events',
    summary: 'Events as they happen, as server-sent events; the data of each is a HostEvent',
    header: { 'Last-Event-ID': 'Begins with what came after this one, as far as it is held.' },
    answers: {
      200: { description: 'A stream.', schema: 'hostEvent', type: 'text/event-stream' },
      503: refused('There are as many streams as there may be.'),
    },
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    answers: { 200: { description: 'In the text format of Prometheus.', type: 'text/plain' } },
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    isOpen: true,
    answers: { 200: { description: 'OpenAPI 3.1.' } },
  },
];

/** Only where it can be reached from elsewhere: on the loopback address nobody logs in. */
export const SESSION_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/session',
    summary: 'What this client may do',
    isOpen: true,
    answers: { 200: ok('Nothing, read, or all.', 'sessionAnswer') },
  },
  {
    method: 'post',
    path: '/login',
    summary: 'Exchanges the token for a cookie, for browsers',
    request: 'loginRequest',
    isOpen: true,
    answers: {
      204: { description: 'Logged in: the cookie is HttpOnly.' },
      400: refused('The request is wrong; `field` says where.'),
      403: refused('This is not the token.'),
      415: refused('The body is not application/json.'),
      ...TOO_MANY,
    },
  },
  {
    method: 'post',
    path: '/logout',
    summary: 'Ends the session of this browser',
    isOpen: true,
    answers: { 204: { description: 'Logged out.' }, 415: refused('The body is not application/json.') },
  },
];

/** The control API in OpenAPI 3.1, made of the schemas that its requests are read by. */
export function describeApi(): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of [...OPERATIONS, ...SESSION_OPERATIONS]) {
    const path = `${CONTROL_PREFIX}${operation.path}`;
    paths[path] = { ...paths[path], [operation.method]: describeOperation(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Understudy',
      version: VERSION,
      description:
        'The control API of a host. Without a token on the loopback address; from elsewhere with the token of the host, as a bearer token or by a login.',
    },
    paths,
    components: {
      schemas: describeSchemas(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: '"understudy keys" shows it on the host.' },
      },
    },
    security: [{ token: [] }],
  };
}

function describeOperation(operation: Operation): unknown {
  const { summary, request, query = {}, header = {}, isOpen = false } = operation;
  const answers = isOpen
    ? operation.answers
    : {
        ...operation.answers,
        401: refused('From elsewhere: the token is missing.'),
        403: refused('The token is wrong, or a page of another site asks.'),
        ...TOO_MANY,
      };
  const parameters = [
    ...(operation.path.includes('{program}') ? [parameter('path', 'program', 'The name: camera1.')] : []),
    ...Object.entries(query).map(([name, description]) => parameter('query', name, description)),
    ...Object.entries(header).map(([name, description]) => parameter('header', name, description)),
  ];
  return {
    summary,
    ...(isOpen ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(request === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: reference(request) } } } }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)]),
    ),
  };
}

function describeAnswer({ description, schema, type = 'application/json' }: Answer): unknown {
  if (schema === undefined) return { description };
  const described =
    typeof schema === 'string' ? reference(schema) : { type: 'array', items: reference(schema.listOf) };
  return { description, content: { [type]: { schema: described } } };
}

function parameter(place: 'path' | 'query' | 'header', name: string, description: string): unknown {
  return { name, in: place, required: place === 'path', description, schema: { type: 'string' } };
}

function reference(name: SchemaName): unknown {
  return { $ref: `#/components/schemas/${idOf(name)}` };
}

function idOf(name: SchemaName): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** Requests as they are sent, answers as they come. */
function describeSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const name of Object.keys(SCHEMAS) as SchemaName[]) registry.add(SCHEMAS[name], { id: idOf(name) });
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
}
