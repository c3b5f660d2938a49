import type { Cancel, Clock } from './media/clock.ts';

interface Count {
  total: number;
  logged: number;
  lastAddress: string;
}

/** How often something has happened since the line before. */
export interface Happened<Kind extends string> {
  readonly kind: Kind;
  readonly times: number;
  readonly lastAddress: string;
}

const LOG_MS = 1_000;

/** What peers can make happen as often as they like: one log line a second for each kind at most, whatever an attacker does. */
export class CountedLog<Kind extends string> {
  private readonly counts = new Map<Kind, Count>();
  private readonly write: (happened: Happened<Kind>) => void;

  constructor(write: (happened: Happened<Kind>) => void) {
    this.write = write;
  }

  count(kind: Kind, address: string): void {
    const count = this.counts.get(kind) ?? { total: 0, logged: 0, lastAddress: '' };
    count.total += 1;
    count.lastAddress = address;
    this.counts.set(kind, count);
  }

  /** Since the start; only of those that have happened. */
  totals(): Array<{ readonly kind: Kind; readonly total: number }> {
    return [...this.counts].map(([kind, { total }]) => ({ kind, total }));
  }

  start(clock: Clock): Cancel {
    return clock.every(LOG_MS, () => {
      for (const [kind, count] of this.counts) {
        const times = count.total - count.logged;
        if (times === 0) continue;
        count.logged = count.total;
        this.write({ kind, times, lastAddress: count.lastAddress });
      }
    });
  }
}
