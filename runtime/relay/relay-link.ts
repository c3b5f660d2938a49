import { BackOff, type BackOffOptions } from '../media/back-off.ts';
import type { Cancel, Clock } from '../media/clock.ts';

/** A host that does not answer within this is tried again later. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** A link that is cut is known after three of these: TCP alone would take minutes. */
export const KEEP_ALIVE_MS = 1_000;

const BACK_OFF: BackOffOptions = { firstMs: 200, longestMs: 5_000, goodMs: 10_000 };

/** A connection of a relay that came about. */
export interface RelayConnection {
  /** Resolves with the reason when it has ended, whoever ended it. */
  readonly closed: Promise<string>;
  close(): void;
}

export interface RelayLinkOptions {
  readonly clock: Clock;
  /** 0 up to, not including, 1. */
  readonly random: () => number;
  /** Rejects where no connection comes about. */
  readonly open: () => Promise<RelayConnection>;
  readonly onChange: (change: LinkChange) => void;
}

export type LinkChange =
  | { readonly state: 'open' }
  /** It ended, or did not come about. */
  | { readonly state: 'lost'; readonly reason: string; readonly retryMs: number };

/**
 * Keeps one connection to another host up, until it is stopped.
 *
 *   connecting -[accepted]▶ open -[ended]▶ waiting -[back-off]▶ connecting;   connecting -[failed]▶ waiting
 */
export class RelayLink {
  private readonly options: RelayLinkOptions;
  private readonly backOff: BackOff;
  private connection: RelayConnection | null = null;
  private stopTimer: Cancel = () => {};
  private isStopped = false;

  constructor(options: RelayLinkOptions) {
    this.options = options;
    this.backOff = new BackOff(BACK_OFF, options.random);
    void this.connect();
  }

  stop(): void {
    this.isStopped = true;
    this.stopTimer();
    this.connection?.close();
  }

  private async connect(): Promise<void> {
    const { clock, open, onChange } = this.options;
    let openedAt = clock.now();
    let reason: string;
    try {
      const connection = await open();
      if (this.isStopped) {
        connection.close();
        return;
      }
      this.connection = connection;
      openedAt = clock.now();
      onChange({ state: 'open' });
      reason = await connection.closed;
      this.connection = null;
    } catch (error) {
      openedAt = clock.now();
      reason = error instanceof Error ? error.message : String(error);
    }
    if (this.isStopped) return;
    const retryMs = this.backOff.next(clock.now() - openedAt);
    onChange({ state: 'lost', reason, retryMs });
    this.stopTimer = clock.after(retryMs, () => void this.connect());
  }
}
