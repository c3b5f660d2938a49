/** What keeps a web page that an operator looks at from talking to a host through the operator's browser. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorAnswer } from '../contract/control-api.ts';

const LOCAL_NAMES = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Whether a `Host` is a name by which this machine calls itself: any other may be a page's own (DNS rebinding). */
export function isLocalName(host: string | undefined): boolean {
  return LOCAL_NAMES.test(host ?? '');
}

/**
 * A web page can send a simple POST anywhere; it cannot send JSON without asking first (CORS), which is refused. Where the
 * browser says whose page it is (Fetch, 3.2; RFC 6454, 7), it must be this host's own.
 */
export async function refuseForms(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { origin, host } = request.headers;
  if (origin !== undefined && hostOf(origin) !== host) {
    return reply.code(403).send({ error: 'pages of other sites may not do this' } satisfies ErrorAnswer);
  }
  const isJson = request.headers['content-type']?.startsWith('application/json') === true;
  if (request.method === 'POST' && !isJson) {
    return reply.code(415).send({ error: 'send application/json' } satisfies ErrorAnswer);
  }
  return undefined;
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
