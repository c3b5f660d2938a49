import type { Clock } from '../media/clock.ts';
import { FlushTimer, isUrgent } from '../output/flush-timer.ts';
import type { Delivery, FeedPast } from '../output/program-feed.ts';
import type { ProgramListener } from '../program/program.ts';
import type { ProgramPacket } from '../program/program-packet.ts';
import { encodeForLink } from './link.ts';
import type { WorkerProcess } from './worker-process.ts';

type Worker = Pick<WorkerProcess, 'holdMs' | 'tell' | 'write'>;

/**
 * Carries one program to those workers that have viewers of it. Packets are gathered here, for as long as the workers ask for, and
 * encoded once for all: each worker is woken for what it writes at once, and not for every packet.
 */
export class CarriedProgram implements ProgramListener, Delivery {
  skips = 0;
  sentBytes = 0;
  private readonly name: string;
  private readonly past: () => FeedPast | null;
  private readonly onAudience: () => void;
  /** How many viewers each has. */
  private readonly audience = new Map<Worker, number>();
  private pending: ProgramPacket[] = [];
  private readonly flushTimer: FlushTimer;

  constructor(options: {
    readonly name: string;
    readonly clock: Clock;
    readonly past: () => FeedPast | null;
    readonly onAudience: () => void;
  }) {
    this.name = options.name;
    this.flushTimer = new FlushTimer(options.clock, () => this.flush());
    this.past = options.past;
    this.onAudience = options.onAudience;
  }

  get viewers(): number {
    let viewers = 0;
    for (const count of this.audience.values()) viewers += count;
    return viewers;
  }

  packet(packet: ProgramPacket): void {
    if (this.audience.size === 0) return;
    this.pending.push(packet);
    this.flushTimer.plan(isUrgent(packet), this.holdMs);
  }

  /** A viewer goes to this worker. False where nothing is on air. */
  add(worker: Worker): boolean {
    const count = this.audience.get(worker);
    if (count === undefined && !this.begin(worker)) return false;
    this.audience.set(worker, (count ?? 0) + 1);
    this.onAudience();
    return true;
  }

  remove(worker: Worker): void {
    const left = (this.audience.get(worker) ?? 0) - 1;
    if (left > 0) this.audience.set(worker, left);
    else if (this.audience.delete(worker)) worker.tell({ type: 'end', program: this.name });
    this.onAudience();
  }

  /** Sends what has happened so far, and from then on what comes. */
  private begin(worker: Worker): boolean {
    const past = this.past();
    if (past === null) return false;
    // The others have not been sent all of it yet.
    this.flush();
    worker.tell({ type: 'begin', program: this.name, past });
    return true;
  }

  /** As the busiest of the workers needs it. */
  private get holdMs(): number {
    let longest = 0;
    for (const { holdMs } of this.audience.keys()) longest = Math.max(longest, holdMs);
    return longest;
  }

  private flush(): void {
    this.flushTimer.clear();
    const packets = this.pending;
    if (packets.length === 0) return;
    this.pending = [];
    if (this.audience.size === 0) return;
    const encoded = encodeForLink({ type: 'packets', program: this.name, packets });
    for (const worker of this.audience.keys()) worker.write(encoded);
  }
}
