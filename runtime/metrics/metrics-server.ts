import { type FastifyInstance, fastify } from 'fastify';

/** What there is to fetch. */
export interface Exposition {
  readonly contentType: string;
  render(): Promise<string>;
}

export const METRICS_PATH = '/metrics';
/** Nobody has anything to send here. */
const MAX_BODY_BYTES = 1_024;
const REQUEST_TIMEOUT_MS = 10_000;
/** Prometheus keeps one connection; some more for whoever looks as well. */
const MAX_CONNECTIONS = 64;

/** A listener that has nothing but /metrics: it may stand on addresses that others reach. */
export function createMetricsServer(exposition: Exposition): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  exposeMetrics(app, exposition);
  return app;
}

/** Adds /metrics to a server, behind the checks that it has already. */
export function exposeMetrics(app: FastifyInstance, exposition: Exposition): void {
  app.get(METRICS_PATH, async (_request, reply) => {
    reply.header('content-type', exposition.contentType);
    return exposition.render();
  });
}
