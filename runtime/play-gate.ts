import type { Logger } from 'pino';
import { CountedLog } from './counted-log.ts';
import type { Cancel, Clock } from './media/clock.ts';
import {
  hlsTag,
  type Query,
  type SignatureRefusal,
  signatureRefusal,
  signedQuery,
} from './play-signature.ts';

export interface PlayGateOptions {
  /** `viewers.playKey`; null: everybody may play. */
  readonly key: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What plays a program now. */
export interface PlaySignature {
  /** What follows the `?` of a URL; empty where everybody may play. */
  readonly query: string;
  /** ms since the epoch; null where everybody may play. */
  readonly expiresAt: number | null;
}

/** What a viewer is told. */
const REASONS: Record<SignatureRefusal, string> = {
  missing: 'the signature is missing: the URL needs ?expires=...&signature=...',
  wrong: 'the signature is wrong',
  expired: 'the signature has expired',
};
const SIGNED_FOR_MS = 3_600_000;

/** Who may play: where there is a play key, whoever comes with a query that it signed. The same for all protocols. */
export class PlayGate {
  private readonly options: PlayGateOptions;
  private readonly refused: CountedLog<SignatureRefusal>;

  constructor(options: PlayGateOptions) {
    this.options = options;
    // A player with an old URL may come back each second, for hours.
    this.refused = new CountedLog(({ kind, times, lastAddress: address }) =>
      options.logger.info({ event: 'refused', what: 'play', address, times }, REASONS[kind]),
    );
  }

  /** Why nobody may play a program with this query; null where one may. `address`: for the log. */
  refusal(program: string, query: Query, address: string): string | null {
    const { key, clock } = this.options;
    if (key === null) return null;
    const refusal = signatureRefusal(query, { program, key, now: clock.now() });
    if (refusal === null) return null;
    this.refused.count(refusal, address);
    return REASONS[refusal];
  }

  /** A query that plays a program for an hour. */
  sign(program: string): PlaySignature {
    const { key, clock } = this.options;
    if (key === null) return { query: '', expiresAt: null };
    const expiresAt = Math.ceil((clock.now() + SIGNED_FOR_MS) / 1_000) * 1_000;
    return { query: signedQuery(program, expiresAt, key), expiresAt };
  }

  /** What a name of a program's HLS gets so that nobody guesses it; null where it needs nothing. */
  hlsTagOf(program: string): ((name: string) => string) | null {
    const { key } = this.options;
    return key === null ? null : (name) => hlsTag(program, name, key);
  }

  /** Logs, once a second at most for each reason, who is refused. */
  start(): Cancel {
    return this.refused.start(this.options.clock);
  }
}
