/** What all connections of a server together may take, so that many small ones cannot do what a large one may not. */
export interface SumLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Connections whose handshake is not done, TLS's included. */
  readonly handshakes: number;
  /** What connections that have shown no key hold together: parts of messages, and replies that they do not take. */
  readonly strangersBytes: number;
}

export type SumLimit = keyof SumLimits;

/** Counts connections by their peers' addresses, and says which limit a new one would break. */
export class Census {
  connections = 0;
  handshakes = 0;
  private readonly limits: SumLimits;
  private readonly byAddress = new Map<string, number>();
  /** The handshakes under way of each address, the oldest first. */
  private readonly shaking = new Map<string, Set<Entry>>();

  constructor(limits: SumLimits) {
    this.limits = limits;
  }

  /** The limit that another connection from this address would break; null where it may come. */
  limitMet(address: string): SumLimit | null {
    const { connections, connectionsPerAddress, handshakes } = this.limits;
    if (this.connections >= connections) return 'connections';
    if ((this.byAddress.get(address) ?? 0) >= connectionsPerAddress) return 'connectionsPerAddress';
    return this.handshakes >= handshakes ? 'handshakes' : null;
  }

  /**
   * The connection whose handshake gives way to another one: the oldest of the address that has most under way. So those
   * who never end theirs take the places of each other, and not those of peers that are done in no time.
   */
  slowest(): Entry | undefined {
    let most = new Set<Entry>();
    for (const entries of this.shaking.values()) if (entries.size > most.size) most = entries;
    return most.values().next().value;
  }

  /** A connection that is let in, until it leaves; its handshake begins. `turnOut` ends it. */
  enter(address: string, turnOut: (reason: string) => void): Entry {
    this.connections += 1;
    this.handshakes += 1;
    this.byAddress.set(address, (this.byAddress.get(address) ?? 0) + 1);
    const shaking = this.shaking.get(address) ?? new Set();
    this.shaking.set(address, shaking);
    let isIn = true;
    const handshakeDone = (): void => {
      if (!shaking.delete(entry)) return;
      this.handshakes -= 1;
      if (shaking.size === 0) this.shaking.delete(address);
    };
    const leave = (): void => {
      handshakeDone();
      if (!isIn) return;
      isIn = false;
      this.connections -= 1;
      const left = (this.byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.byAddress.set(address, left);
      else this.byAddress.delete(address);
    };
    const entry: Entry = { handshakeDone, leave, turnOut };
    shaking.add(entry);
    return entry;
  }
}

export interface Entry {
  /** May be called again. */
  readonly handshakeDone: () => void;
  /** May be called again. */
  readonly leave: () => void;
  readonly turnOut: (reason: string) => void;
}
