/** The ports of the viewers' way in, in one place for security groups, listeners and target groups. */

/** What hosts and edges listen on. */
export const TARGET_PORTS = { RTMP: 1935, HTTP: 8080 } as const;

export type TargetName = keyof typeof TARGET_PORTS;

export interface ViewerListener {
  /** A part of construct ids. */
  readonly id: string;
  readonly port: number;
  readonly target: TargetName;
  /** Ends TLS at the load balancer; only where there is a certificate. */
  readonly isTls: boolean;
  readonly what: string;
}

/** RTMPS has no port of its own in RTMP's specification: 443 is taken by HTTPS here, and 1936 is next to RTMP's. */
export const LISTENERS: readonly ViewerListener[] = [
  { id: 'Rtmp', port: 1935, target: 'RTMP', isTls: false, what: 'RTMP' },
  { id: 'Http', port: 80, target: 'HTTP', isTls: false, what: 'HTTP' },
  { id: 'Rtmps', port: 1936, target: 'RTMP', isTls: true, what: 'RTMPS' },
  { id: 'Https', port: 443, target: 'HTTP', isTls: true, what: 'HTTPS' },
];
