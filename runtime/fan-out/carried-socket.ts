import { Duplex } from 'node:stream';

/** Stands for a socket that a worker has: what is written goes there, what the client sends comes from there. */
export class CarriedSocket extends Duplex {
  private readonly onWrite: (bytes: Buffer) => void;
  private readonly onClose: (isGraceful: boolean) => void;

  constructor(options: {
    readonly onWrite: (bytes: Buffer) => void;
    /** `isGraceful`: what was written goes out first. May be called more than once. */
    readonly onClose: (isGraceful: boolean) => void;
  }) {
    super();
    this.onWrite = options.onWrite;
    this.onClose = options.onClose;
  }

  /** What the client has sent. */
  receive(bytes: Buffer): void {
    this.push(bytes);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.onWrite(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.onClose(true);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.onClose(false);
    done(error);
  }
}
