import type { FastifyInstance } from 'fastify';

/** Resolves to the port. */
export async function listenHttp(
  app: FastifyInstance,
  port: number,
  host: string | undefined,
): Promise<number> {
  // All addresses, of both families where the machine has both.
  await app.listen({ port, host: host ?? '::' }).catch(async (error: NodeJS.ErrnoException) => {
    if (host !== undefined || error.code !== 'EAFNOSUPPORT') throw error;
    await app.listen({ port, host: '0.0.0.0' });
  });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Names the key of the configuration whose port could not be had, and what to do. */
export async function listening(key: string, port: number, listen: () => Promise<number>): Promise<number> {
  try {
    return await listen();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why =
      code === 'EADDRINUSE'
        ? 'another program listens there; end it or choose another port'
        : code === 'EACCES'
          ? 'this user may not listen there; choose a port above 1023'
          : String(cause);
    throw new Error(`${key}: cannot listen on port ${port}: ${why}`, { cause });
  }
}
