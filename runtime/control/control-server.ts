import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { z } from 'zod';
import {
  type CommandAnswer,
  drillRequest,
  type ErrorAnswer,
  type HostState,
  type ProgramState,
  releaseRequest,
  type SwitchEvent,
  switchRequest,
} from '../contract/control-api.ts';
import { CONTROL_PREFIX } from '../contract/control-path.ts';
import type { EventLog, NumberedEvent } from './event-log.ts';

/** What the control API does to a host. Commands return null for a program that there is not. */
export interface ControlledHost {
  state(): HostState;
  programState(program: string): ProgramState | null;
  switches(program: string | null): SwitchEvent[];
  pin(program: string, command: z.output<typeof switchRequest>): CommandAnswer | null;
  release(program: string, command: z.output<typeof releaseRequest>): CommandAnswer | null;
  drill(program: string, command: z.output<typeof drillRequest>): CommandAnswer | null;
  readonly events: EventLog;
}

interface ProgramParams {
  readonly Params: { readonly program: string };
}

const MAX_BODY_BYTES = 16 * 1024;
/** Names by which this machine calls itself: any other means that a web page talks through a browser (DNS rebinding). */
const LOCAL_HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;
/** An event stream that is not read is cut off: it can resume. */
const MAX_EVENT_BACKLOG_BYTES = 1024 * 1024;

/** The control API (contract/control-api.ts). It has no key of its own: it must listen on the loopback address only. */
export function createControlServer(host: ControlledHost): FastifyInstance {
  const app = fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    if (!LOCAL_HOSTS.test(request.headers.host ?? '')) {
      return reply
        .code(403)
        .send({ error: 'the control API answers to localhost only' } satisfies ErrorAnswer);
    }
    // A web page can send a simple POST anywhere; it cannot send JSON without asking first (CORS), which is refused.
    const isJson = request.headers['content-type']?.startsWith('application/json') === true;
    if (request.method === 'POST' && !isJson) {
      return reply.code(415).send({ error: 'send application/json' } satisfies ErrorAnswer);
    }
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) throw error;
    return reply.code(status).send({ error: error.message } satisfies ErrorAnswer);
  });
  app.get(`${CONTROL_PREFIX}/state`, async () => host.state());
  app.get<{ Querystring: { program?: string } }>(`${CONTROL_PREFIX}/switches`, async (request) =>
    host.switches(request.query.program ?? null),
  );
  app.get<ProgramParams>(`${CONTROL_PREFIX}/programs/:program`, async (request, reply) => {
    const state = host.programState(request.params.program);
    return state ?? unknownProgram(reply, request.params.program, host);
  });
  app.get(`${CONTROL_PREFIX}/events`, (request, reply) => streamEvents(request, reply, host.events));
  command(app, host, 'switch', switchRequest, (program, body) => host.pin(program, body));
  command(app, host, 'release', releaseRequest, (program, body) => host.release(program, body));
  command(app, host, 'drill', drillRequest, (program, body) => host.drill(program, body));
  return app;
}

/** 200: done, or done before. 409: overtaken, expired, yielded or refused. 400, with the field: the request is wrong. */
function command<S extends z.ZodType>(
  app: FastifyInstance,
  host: ControlledHost,
  name: string,
  schema: S,
  run: (program: string, body: z.output<S>) => CommandAnswer | null,
): void {
  app.post<ProgramParams>(`${CONTROL_PREFIX}/programs/:program/${name}`, async (request, reply) => {
    const body = schema.safeParse(request.body);
    if (!body.success) {
      const [issue] = body.error.issues;
      const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
      const field = [...(issue?.path ?? []), ...unknown].join('.');
      return reply.code(400).send({ error: issue?.message ?? 'invalid', field } satisfies ErrorAnswer);
    }
    const answer = run(request.params.program, body.data);
    if (answer === null) return unknownProgram(reply, request.params.program, host);
    return reply.code(answer.outcome === 'done' || answer.outcome === 'repeated' ? 200 : 409).send(answer);
  });
}

function unknownProgram(reply: FastifyReply, program: string, host: ControlledHost): FastifyReply {
  const names = host.state().programs.map(({ name }) => name);
  const error = `there is no program "${program.slice(0, 64)}"; this host has ${names.join(', ')}`;
  return reply.code(404).send({ error } satisfies ErrorAnswer);
}

/** Server-sent events (HTML, 9.2). `Last-Event-ID` resumes; without it the stream begins with what comes next. */
function streamEvents(request: FastifyRequest, reply: FastifyReply, events: EventLog): FastifyReply {
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': events\n\n');
  const send = ({ id, event }: NumberedEvent): void => {
    if (response.writableLength > MAX_EVENT_BACKLOG_BYTES) response.destroy();
    else response.write(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const lastId = Number(request.headers['last-event-id'] ?? Number.NaN);
  if (Number.isFinite(lastId)) for (const event of events.after(lastId)) send(event);
  const stop = events.subscribe(send);
  response.on('error', stop);
  response.on('close', stop);
  return reply;
}
