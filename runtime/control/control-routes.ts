import type { FastifyInstance, FastifyReply } from 'fastify';
import type * as z from 'zod';
import {
  type CommandAnswer,
  drillRequest,
  type ErrorAnswer,
  type HostHistory,
  type HostState,
  type PlayAddresses,
  type ProgramState,
  releaseRequest,
  type SwitchEvent,
  switchRequest,
} from '../contract/control-api.ts';
import { describeApi } from './api-description.ts';
import type { EventLog } from './event-log.ts';
import { EventStreams } from './event-streams.ts';

/** What the control API does to a host. Commands return null for a program that there is not. */
export interface ControlledHost {
  state(): HostState;
  programState(program: string): ProgramState | null;
  switches(program: string | null): SwitchEvent[];
  history(): HostHistory;
  /** Where the program is played; `isSigned`: with the signature that the host asks viewers for, where it does. */
  addresses(program: string, isSigned: boolean): PlayAddresses | null;
  pin(program: string, command: z.output<typeof switchRequest>): CommandAnswer | null;
  release(program: string, command: z.output<typeof releaseRequest>): CommandAnswer | null;
  drill(program: string, command: z.output<typeof drillRequest>): CommandAnswer | null;
  readonly events: EventLog;
  readonly exposition: Exposition;
}

/** Metrics as Prometheus fetches them. */
interface Exposition {
  readonly contentType: string;
  render(): Promise<string>;
}

interface ProgramParams {
  readonly Params: { readonly program: string };
}

/** Bodies are a few words. */
const MAX_BODY_BYTES = 16 * 1024;

/**
 * The routes of the control API (contract/control-api.ts), without their prefix. Whoever registers them sees to it that only
 * those come who may: `isTrusted` says of a request whether it may do all, or only read.
 */
export function controlRoutes(
  app: FastifyInstance,
  host: ControlledHost,
  isTrusted: (request: object) => boolean,
): void {
  const streams = new EventStreams(host.events);
  answerErrors(app);
  app.get('/state', async () => host.state());
  app.get('/health', async (_request, reply) => {
    const { state } = host.state();
    return reply.code(state === 'serving' ? 200 : 503).send({ status: state });
  });
  app.get('/history', async () => host.history());
  app.get<{ Querystring: { program?: unknown } }>('/switches', async (request, reply) => {
    const { program } = request.query;
    if (program === undefined) return host.switches(null);
    if (typeof program === 'string') return host.switches(program);
    return reply.code(400).send({ error: 'give one program', field: 'program' } satisfies ErrorAnswer);
  });
  app.get<ProgramParams>('/programs/:program', async (request, reply) => {
    const { program } = request.params;
    return host.programState(program) ?? unknownProgram(reply, program, host);
  });
  app.get<ProgramParams>('/programs/:program/addresses', async (request, reply) => {
    const { program } = request.params;
    return host.addresses(program, isTrusted(request)) ?? unknownProgram(reply, program, host);
  });
  app.get('/events', (request, reply) => streams.open(request, reply));
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', host.exposition.contentType);
    return host.exposition.render();
  });
  let description: unknown;
  app.get('/openapi.json', async () => {
    description ??= describeApi();
    return description;
  });
  command(app, host, 'switch', switchRequest, (program, body) => host.pin(program, body));
  command(app, host, 'release', releaseRequest, (program, body) => host.release(program, body));
  command(app, host, 'drill', drillRequest, (program, body) => host.drill(program, body));
}

/** 200: done, or done before. 409: overtaken, expired, yielded or refused. 400, with the field: the request is wrong. */
function command<S extends z.ZodType>(
  app: FastifyInstance,
  host: ControlledHost,
  name: string,
  schema: S,
  run: (program: string, body: z.output<S>) => CommandAnswer | null,
): void {
  app.post<ProgramParams>(
    `/programs/:program/${name}`,
    { bodyLimit: MAX_BODY_BYTES },
    async (request, reply) => {
      const body = schema.safeParse(request.body);
      if (!body.success) return reply.code(400).send(mistakeOf(body.error));
      const answer = run(request.params.program, body.data);
      if (answer === null) return unknownProgram(reply, request.params.program, host);
      return reply.code(answer.outcome === 'done' || answer.outcome === 'repeated' ? 200 : 409).send(answer);
    },
  );
}

/** The first thing that is wrong, and where. */
export function mistakeOf(error: z.ZodError): ErrorAnswer {
  const [issue] = error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return { error: issue?.message ?? 'invalid', field: [...(issue?.path ?? []), ...unknown].join('.') };
}

/** Mistakes of the peer in the form of all others; those of ours go up. */
function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) throw error;
    return reply.code(status).send({ error: error.message } satisfies ErrorAnswer);
  });
  app.setNotFoundHandler((request, reply) => {
    const error = `there is nothing at ${request.method} ${request.url.split('?')[0]?.slice(0, 100)}`;
    return reply.code(404).send({ error } satisfies ErrorAnswer);
  });
}

function unknownProgram(reply: FastifyReply, program: string, host: ControlledHost): FastifyReply {
  const names = host.state().programs.map(({ name }) => name);
  const error = `there is no program "${program.slice(0, 64)}"; this host has ${names.join(', ')}`;
  return reply.code(404).send({ error } satisfies ErrorAnswer);
}
