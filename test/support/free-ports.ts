import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that Linux (from 32768) and macOS (from 49152) give to connections that go out. */
const FIRST = 20_000;
/** Each of jest's workers has ports of its own. */
const PER_WORKER = 1_000;
const WORKERS = 12;
const base = FIRST + (Number(process.env.JEST_WORKER_ID ?? 0) % WORKERS) * PER_WORKER;
let next = Math.floor(Math.random() * PER_WORKER);

/**
 * Ports of the loopback address that nobody listens on, for a process that cannot say which one it was given. No
 * connection takes one before that process listens there: a port that the kernel chose, once let go, may be the next one's.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === PER_WORKER)
      throw new Error(`no ${count} free ports from ${base} to ${base + PER_WORKER - 1}`);
    const port = base + (next++ % PER_WORKER);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const isListening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (isListening) await once(server.close(), 'close');
  return isListening;
}
