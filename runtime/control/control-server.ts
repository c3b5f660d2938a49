import { type FastifyInstance, fastify } from 'fastify';
import { CONTROL_PREFIX } from '../contract/control-path.ts';
import { type ControlledHost, controlRoutes } from './control-routes.ts';
import { isLocalName, refuseForms } from './web-page-defence.ts';

/** The control API on a listener of its own. It asks for no token: it must be on the loopback address only. */
export function createControlServer(host: ControlledHost): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    if (!isLocalName(request.headers.host)) {
      return reply.code(403).send({ error: 'the control API answers to localhost only' });
    }
    return refuseForms(request, reply);
  });
  app.register(async (scope) => controlRoutes(scope, host, () => true), { prefix: CONTROL_PREFIX });
  return app;
}
