/** Addresses as people paste them into encoders and players. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

export const LOOPBACK = '127.0.0.1';
const RTMP_PORT = 1935;

/** The first address of this machine that others can reach. A service without AF_NETLINK may not ask. */
export function ownAddress(): string {
  let all: NetworkInterfaceInfo[];
  try {
    all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  } catch {
    return LOOPBACK;
  }
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? LOOPBACK;
}

/** `rtmp://ADDRESS`, with the port where players would not think of it. */
export function rtmpBase(address: string, port: number): string {
  return `rtmp://${inUrl(address)}${port === RTMP_PORT ? '' : `:${port}`}`;
}

export interface PlayUrls {
  readonly rtmp: string;
  readonly httpFlv: string;
  /** Not there where the configuration has none. */
  readonly hls?: string;
}

/** Where a host is played. `query`: what a signed URL ends with; empty where everybody may play. */
export interface PlayPlace {
  readonly address: string;
  readonly ports: { readonly rtmp: number; readonly http: number };
  readonly hasHls: boolean;
  readonly query: string;
}

export function playUrls(program: string, { address, ports, hasHls, query }: PlayPlace): PlayUrls {
  const end = query === '' ? '' : `?${query}`;
  const http = `http://${inUrl(address)}:${ports.http}/live/${program}`;
  return {
    rtmp: `${rtmpBase(address, ports.rtmp)}/live/${program}${end}`,
    httpFlv: `${http}.flv${end}`,
    ...(hasHls ? { hls: `${http}/index.m3u8${end}` } : {}),
  };
}

function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
