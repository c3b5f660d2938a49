import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/** As much of a socket as a connection uses, without a network: bytes are pushed in, and counted going out. */
export class FakeSocket extends EventEmitter {
  readonly remoteAddress = '192.0.2.1';
  readonly remotePort = 1_234;
  writtenBytes = 0;
  writableLength = 0;
  writableEnded = false;
  destroyed = false;
  /** Whether what is written stays where it is. */
  isStuck = false;

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}

  write(bytes: Buffer): boolean {
    this.writtenBytes += bytes.length;
    if (this.isStuck) this.writableLength += bytes.length;
    return true;
  }

  end(): this {
    this.writableEnded = true;
    return this;
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.emit('close');
    return this;
  }

  asSocket(): Socket {
    return this as unknown as Socket;
  }
}
