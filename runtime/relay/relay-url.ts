import type { InputPosition } from '../input/input.ts';

/** The RTMP application that hosts reach each other at. */
export const RELAY_APP = 'relay';

/** Where a host is reached. */
export interface RelayPeer {
  readonly address: string;
  readonly rtmpPort: number;
}

/**
 * The address of an input at another host. The name has a slash, which must not look like one of the address's own. `have`:
 * what is here already, so that a pull goes on from there.
 */
export function relayUrl(
  { address, rtmpPort }: RelayPeer,
  input: string,
  key: string,
  have?: InputPosition,
): string {
  const host = address.includes(':') ? `[${address}]` : address;
  const query = new URLSearchParams({ key });
  if (have !== undefined && have.epoch > 0) {
    query.set('epoch', String(have.epoch));
    query.set('sequence', String(have.sequence));
  }
  return `rtmp://${host}:${rtmpPort}/${RELAY_APP}/${encodeURIComponent(input)}?${query}`;
}
