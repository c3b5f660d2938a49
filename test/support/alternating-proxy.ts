import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What stands in front of hosts: each request goes to the next of them in turn, and at once to another one where that does not
 * answer. Web pages of any origin may read it.
 */
export class AlternatingProxy {
  /** How many requests each host has answered, in the order of the hosts. */
  readonly answers: number[];
  /** Answers other than 200, by path. */
  readonly refusals: string[] = [];
  private readonly origins: readonly string[];
  private readonly server: Server;
  private turn = 0;

  static async start(origins: readonly string[]): Promise<AlternatingProxy> {
    const proxy = new AlternatingProxy(origins);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  private constructor(origins: readonly string[]) {
    this.origins = origins;
    this.answers = origins.map(() => 0);
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    this.turn += 1;
    for (let attempt = 0; attempt < this.origins.length && !gone.signal.aborted; attempt += 1) {
      const index = (this.turn + attempt) % this.origins.length;
      try {
        const answer = await fetch(`${this.origins[index]}${url}`, { signal: gone.signal });
        const body = Buffer.from(await answer.arrayBuffer());
        this.answers[index] = (this.answers[index] ?? 0) + 1;
        if (answer.status !== 200) this.refusals.push(`${answer.status} ${url}`);
        response.writeHead(answer.status, {
          'access-control-allow-origin': '*',
          'content-type': answer.headers.get('content-type') ?? '',
        });
        response.end(body);
        return;
      } catch {
        // The host does not answer, or nobody waits any more.
      }
    }
    response.destroy();
  }
}
