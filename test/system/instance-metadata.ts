import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const TOKEN = 'TokenOfTheTests';

/** The instance metadata service, version 2, as far as an edge asks it. */
export class InstanceMetadata {
  /** Of `autoscaling/target-lifecycle-state`. */
  lifecycleState = 'InService';
  asked = 0;
  private readonly server = createServer(({ method, url, headers }, response) => {
    if (method === 'PUT' && url === '/latest/api/token') {
      const isBounded = headers['x-aws-ec2-metadata-token-ttl-seconds'] !== undefined;
      response.writeHead(isBounded ? 200 : 400).end(TOKEN);
      return;
    }
    if (headers['x-aws-ec2-metadata-token'] !== TOKEN) {
      response.writeHead(401).end();
      return;
    }
    const isKnown = url === '/latest/meta-data/autoscaling/target-lifecycle-state';
    if (isKnown) this.asked += 1;
    response.writeHead(isKnown ? 200 : 404).end(isKnown ? this.lifecycleState : '');
  });

  /** Resolves to the port. */
  async open(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
