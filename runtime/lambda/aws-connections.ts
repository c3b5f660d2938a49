import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

const MAX_ATTEMPTS = 3;
const CONNECTION_TIMEOUT_MS = 2_000;
/** From the request to the head of its answer, and between two pieces of it. */
const ANSWER_TIMEOUT_MS = 3_000;

/**
 * What the clients of a function share. `release` ends all connections; the clients stay usable. A function is frozen between
 * its runs: what it holds open, the other side closes meanwhile, and the first call of the next run would fail on it or, worse,
 * wait.
 */
export function awsConnections() {
  const httpAgent = new HttpAgent({ keepAlive: true });
  const httpsAgent = new HttpsAgent({ keepAlive: true });
  const options = {
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      httpAgent,
      httpsAgent,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
      // Without it the handler writes a warning, and goes on waiting.
      throwOnRequestTimeout: true,
      socketTimeout: ANSWER_TIMEOUT_MS,
    },
  };
  const release = (): void => {
    httpAgent.destroy();
    httpsAgent.destroy();
  };
  return { options, release };
}
