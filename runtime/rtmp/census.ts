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

  /** A connection that is let in, until the undo is called; its handshake begins. */
  enter(address: string): Entry {
    this.connections += 1;
    this.handshakes += 1;
    this.byAddress.set(address, (this.byAddress.get(address) ?? 0) + 1);
    let isShaking = true;
    let isIn = true;
    const handshakeDone = (): void => {
      if (isShaking) this.handshakes -= 1;
      isShaking = false;
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
    return { handshakeDone, leave };
  }
}

export interface Entry {
  /** May be called again. */
  readonly handshakeDone: () => void;
  /** May be called again. */
  readonly leave: () => void;
}
