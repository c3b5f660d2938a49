import type { HostEvent } from '../contract/control-api.ts';

export interface NumberedEvent {
  readonly id: number;
  readonly event: HostEvent;
}

const MAX_EVENTS = 1_000;

/** The last events of a host, numbered, for streams that resume where they broke off. */
export class EventLog {
  private readonly events: NumberedEvent[] = [];
  private readonly listeners = new Set<(event: NumberedEvent) => void>();
  private lastId: number;

  /** The events count from `firstId` on. Where it rises from run to run, what was seen of an earlier one is never mixed up. */
  constructor(firstId = 1) {
    this.lastId = firstId - 1;
  }

  add(event: HostEvent): void {
    this.lastId += 1;
    const numbered = { id: this.lastId, event };
    this.events.push(numbered);
    if (this.events.length > MAX_EVENTS) this.events.shift();
    for (const listener of this.listeners) listener(numbered);
  }

  /** What came after `id` and is still held; all of it where `id` is from another run of the host. */
  after(id: number): NumberedEvent[] {
    return this.events.filter((event) => event.id > id || id > this.lastId);
  }

  subscribe(listener: (event: NumberedEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
