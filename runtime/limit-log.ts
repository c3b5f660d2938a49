import type { Logger } from 'pino';
import type { Cancel, Clock } from './media/clock.ts';
import type { MetLimit } from './rtmp/server.ts';

interface Count {
  total: number;
  logged: number;
  lastAddress: string;
}

const LOG_MS = 1_000;

/** Which limits were met, and how often: one log line a second for each at most, whatever an attacker does. */
export class LimitLog {
  private readonly counts = new Map<MetLimit, Count>();
  private readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  met(limit: MetLimit, address: string): void {
    const count = this.counts.get(limit) ?? { total: 0, logged: 0, lastAddress: '' };
    count.total += 1;
    count.lastAddress = address;
    this.counts.set(limit, count);
  }

  /** Since the start; only of those that were met. */
  totals(): Array<{ readonly limit: MetLimit; readonly total: number }> {
    return [...this.counts].map(([limit, { total }]) => ({ limit, total }));
  }

  start(clock: Clock): Cancel {
    return clock.every(LOG_MS, () => {
      for (const [limit, count] of this.counts) {
        const times = count.total - count.logged;
        if (times === 0) continue;
        count.logged = count.total;
        const { lastAddress } = count;
        this.logger.warn({ event: 'limit', limit: `limits.${limit}`, times, lastAddress }, 'limit met');
      }
    });
  }
}
