/** The console, and the control API that it talks to, on the listener that viewers come to. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorAnswer, loginRequest, type SessionAnswer } from '../contract/control-api.ts';
import { CONTROL_PREFIX } from '../contract/control-path.ts';
import { endedSession, sessionCookie } from './console-session.ts';
import { type Access, type Asker, ControlAccess, type ControlAccessOptions } from './control-access.ts';
import { type ControlledHost, controlRoutes, mistakeOf } from './control-routes.ts';
import { refuseForms } from './web-page-defence.ts';

export interface ConsoleServerOptions extends ControlAccessOptions {
  readonly host: ControlledHost;
  /** ms since the epoch. */
  readonly now: () => number;
  /** The page and what belongs to it, by path. Asked for when it is first wanted. */
  readonly files: () => Promise<ConsoleFiles>;
  /** Somebody gave a wrong token. */
  readonly onRefused: (address: string) => void;
}

export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

export interface ConsoleFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** The name stands for these bytes for ever. */
  readonly isImmutable: boolean;
}

/** Those that nobody needs an answer of who they are for. */
const OPEN_ROUTES = ['/session', '/login', '/logout', '/health', '/openapi.json'].map(
  (path) => `${CONTROL_PREFIX}${path}`,
);
const MAX_LOGIN_BYTES = 1_024;

/** Nothing but what this host serves, and no page around it. Players need blob: for what they have put together. */
const CONTENT_POLICY = [
  "default-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Adds the console and the control API to a server that everybody can reach. */
export function registerConsole(app: FastifyInstance, options: ConsoleServerOptions): void {
  const access = new ControlAccess(options);
  registerPage(app, access, options);
  app.register(
    async (scope) => {
      const granted = new WeakMap<object, Access>();
      scope.addHook('onRequest', async (request, reply) => {
        reply.header('cache-control', 'no-store');
        const asker = askerOf(request);
        if (!access.isVisibleTo(asker)) return reply.callNotFound();
        const refused = await refuseForms(request, reply);
        if (refused !== undefined) return refused;
        const path = request.url.split('?')[0] ?? '';
        if (OPEN_ROUTES.includes(path)) return undefined;
        const found = access.accessOf(asker, options.now());
        granted.set(request, found);
        if (found === 'wrong') options.onRefused(asker.address);
        return refusal(found, request.method !== 'GET', reply);
      });
      controlRoutes(scope, options.host, (request) => granted.get(request) === 'full');
      sessionRoutes(scope, access, options);
    },
    { prefix: CONTROL_PREFIX },
  );
}

function registerPage(app: FastifyInstance, access: ControlAccess, options: ConsoleServerOptions): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/console/:file',
    handler: send,
  });
  app.route({ method: ['GET', 'HEAD'], url: '/', handler: send });

  async function send(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    if (!access.isVisibleTo(askerOf(request))) return reply.callNotFound() as undefined;
    const files = await options.files();
    const file = files.get(request.url.split('?')[0] ?? '');
    if (file === undefined) return reply.callNotFound() as undefined;
    return reply
      .headers({
        ...HEADERS,
        'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      })
      .type(file.type)
      .send(file.bytes);
  }
}

/** Logging in with the token, for browsers. */
function sessionRoutes(scope: FastifyInstance, access: ControlAccess, options: ConsoleServerOptions): void {
  const { token, now } = options;
  scope.get('/session', async (request) => {
    const found = access.accessOf(askerOf(request), now());
    const known = found === 'full' || found === 'read' ? found : 'none';
    return { access: known } satisfies SessionAnswer;
  });
  scope.post('/login', { bodyLimit: MAX_LOGIN_BYTES }, async (request, reply) => {
    const body = loginRequest.safeParse(request.body);
    if (!body.success) return reply.code(400).send(mistakeOf(body.error));
    const asker = askerOf(request);
    const found = access.tryToken(body.data.token, asker.address, now());
    if (found === 'wrong') options.onRefused(asker.address);
    if (found !== 'full' || token === null) return refusal(found, true, reply);
    return reply.code(204).header('set-cookie', sessionCookie(token, now())).send();
  });
  scope.post('/logout', async (_request, reply) => {
    if (token !== null) reply.header('set-cookie', endedSession(token));
    return reply.code(204).send();
  });
}

function askerOf(request: FastifyRequest): Asker {
  return { address: request.socket.remoteAddress ?? '', headers: request.headers };
}

/** Undefined where the request may go on. 401: a token is missing; 403: it is wrong; 429: too many were. */
function refusal(access: Access, isWrite: boolean, reply: FastifyReply): FastifyReply | undefined {
  if (access === 'full' || (access === 'read' && !isWrite)) return undefined;
  if (access === 'wrong') {
    const error = 'this is not the token of this host: "understudy keys" shows it there';
    return reply.code(403).send({ error, field: 'token' } satisfies ErrorAnswer);
  }
  if (typeof access === 'object') {
    const seconds = Math.ceil(access.waitMs / 1_000);
    const error = `too many wrong tokens: wait ${seconds} s`;
    return reply
      .code(429)
      .header('retry-after', String(seconds))
      .send({ error } satisfies ErrorAnswer);
  }
  return reply
    .code(401)
    .header('www-authenticate', 'Bearer realm="understudy"')
    .send({
      error: 'this needs the token of this host: "understudy keys" shows it there',
    } satisfies ErrorAnswer);
}
