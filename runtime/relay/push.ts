import type { Clock } from '../media/clock.ts';
import { publishRtmp } from '../rtmp/client.ts';
import type { RelayFeed } from './relay-feed.ts';
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_MS, type RelayConnection } from './relay-link.ts';
import { readPosition } from './relay-message.ts';
import type { RelayQueue } from './relay-queue.ts';
import { type RelayPeer, relayUrl } from './relay-url.ts';

export interface PushOptions {
  readonly clock: Clock;
  readonly input: string;
  readonly feed: RelayFeed;
  readonly to: RelayPeer;
  readonly key: string;
}

/** Connects to another host and publishes an input to it. Rejects where that host does not answer, or refuses. */
export async function openPush(
  options: PushOptions,
): Promise<RelayConnection & { readonly queue: RelayQueue }> {
  const { clock, input, feed, to, key } = options;
  const publisher = await publishRtmp(relayUrl(to, input, key), {
    clock,
    timeoutMs: CONNECT_TIMEOUT_MS,
    keepAliveMs: KEEP_ALIVE_MS,
  });
  const { epoch, sequence } = publisher.startInfo;
  const { queue, leave } = feed.join(
    {
      address: `${to.address}:${to.rtmpPort}`,
      messageStreamId: publisher.messageStreamId,
      get pendingBytes() {
        return publisher.pendingBytes;
      },
      write: (bytes) => publisher.write(bytes),
      close: (reason) => publisher.close(reason),
    },
    readPosition(epoch, sequence),
  );
  return { queue, closed: publisher.closed.finally(leave), close: () => publisher.close() };
}
