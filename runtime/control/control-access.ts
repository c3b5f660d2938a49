import type { IncomingHttpHeaders } from 'node:http';
import type { SessionAnswer } from '../contract/control-api.ts';
import { hasSession } from './console-session.ts';
import { FailedLogins } from './failed-logins.ts';
import { isLocalName } from './web-page-defence.ts';

export interface ControlAccessOptions {
  /** null: nobody from elsewhere has one. */
  readonly token: string | null;
  /** Compares in constant time. */
  readonly isToken: (given: string) => boolean;
  /** Whether whoever is on this machine needs none. */
  readonly trustLoopback: boolean;
  /** Whether anybody may look. */
  readonly publicReads: boolean;
}

export interface Asker {
  /** The address of the connection's other end. */
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
}

/** `wrong`: it gave a token that is none. `waitMs`: too many were wrong, and for so long none is looked at. */
export type Access = SessionAnswer['access'] | 'wrong' | { readonly waitMs: number };

const LOOPBACK = /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/;
/** What proxies add. A proxy on this machine comes from its loopback address, whoever is behind it. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];
const BEARER = /^Bearer +([^\s]{1,256})$/i;

/** Who may do what with the control API where it can be reached from elsewhere. */
export class ControlAccess {
  private readonly options: ControlAccessOptions;
  private readonly failed = new FailedLogins();

  constructor(options: ControlAccessOptions) {
    this.options = options;
  }

  /** Whether there is anything for this one: where there is not, nothing says that there is a control API. */
  isVisibleTo(asker: Asker): boolean {
    return this.options.token !== null || this.options.publicReads || this.isAtThisMachine(asker);
  }

  /** `now` in ms since the epoch. */
  accessOf(asker: Asker, now: number): Access {
    const { token, publicReads } = this.options;
    if (this.isAtThisMachine(asker)) return 'full';
    const { authorization, cookie } = asker.headers;
    if (authorization !== undefined) {
      return this.tryToken(BEARER.exec(authorization)?.[1] ?? '', asker.address, now);
    }
    if (token !== null && hasSession(cookie, token, now)) return 'full';
    return publicReads ? 'read' : 'none';
  }

  /** What a token gives. */
  tryToken(given: string, address: string, now: number): Exclude<Access, 'read' | 'none'> {
    const waitMs = this.failed.waitMs(address, now);
    if (waitMs > 0) return { waitMs };
    if (this.options.token !== null && this.options.isToken(given)) return 'full';
    this.failed.add(address, now);
    return 'wrong';
  }

  private isAtThisMachine({ address, headers }: Asker): boolean {
    return (
      this.options.trustLoopback &&
      LOOPBACK.test(address) &&
      isLocalName(headers.host) &&
      PROXY_HEADERS.every((name) => headers[name] === undefined)
    );
  }
}
