import { dataPacket } from '../codec/data-message.ts';
import type { InputPosition, Publisher } from '../input/input.ts';
import type { RelayPublication } from '../input/registry.ts';
import type { Clock } from '../media/clock.ts';
import { playRtmp } from '../rtmp/client.ts';
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_MS, type RelayConnection } from './relay-link.ts';
import { RelayReceiver } from './relay-receiver.ts';
import { type RelayPeer, relayUrl } from './relay-url.ts';

export interface PullOptions {
  readonly clock: Clock;
  readonly input: string;
  readonly from: RelayPeer;
  readonly key: string;
  /** What is here already. */
  readonly have: InputPosition;
  /** Called when the owner says its first word: the input is its from then on. Null: nobody needs it any more. */
  readonly attach: (publisher: Publisher) => RelayPublication | null;
}

/** Connects to the host that owns an input and plays it into ours. Rejects where that host does not answer, or refuses. */
export async function openPull(options: PullOptions): Promise<RelayConnection> {
  const { clock, input, from, key, have } = options;
  let publication: RelayPublication | null = null;
  let receiver: RelayReceiver | null = null;
  let close = (): void => {};
  const receiving = (): RelayReceiver | null => {
    if (receiver !== null) return receiver;
    publication = options.attach({ address: `${from.address}:${from.rtmpPort}`, close: () => close() });
    receiver = publication && new RelayReceiver(publication);
    return receiver;
  };
  const end = (reason: string): void => publication?.end(reason);
  const player = await playRtmp(
    relayUrl(from, input, key, have),
    { clock, timeoutMs: CONNECT_TIMEOUT_MS, keepAliveMs: KEEP_ALIVE_MS },
    {
      packet: (packet) => receiving()?.packet(packet),
      data: (name, value, timestamp, payload) =>
        receiving()?.data(name, value, dataPacket(timestamp, payload)),
    },
  ).catch((error: unknown) => {
    // A word may have come before the refusal: nobody else would let the input go.
    end(error instanceof Error ? error.message : String(error));
    throw error;
  });
  close = () => player.close();
  const closed = player.closed.then((reason) => {
    end(reason);
    return reason;
  });
  return { closed, close };
}
