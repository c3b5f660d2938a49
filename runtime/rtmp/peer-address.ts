import type { Socket } from 'node:net';

/** Address and port of the other end, for logs: IPv4 as such, also on a socket that listens for both families. */
export function peerAddress({ remoteAddress, remotePort }: Socket): string {
  const address = remoteAddress?.replace(/^::ffff:/, '') ?? 'gone';
  return `${address.includes(':') ? `[${address}]` : address}:${remotePort ?? 0}`;
}
