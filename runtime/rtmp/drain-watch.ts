/** Watches whether a socket takes anything: what was written less what is still pending must move. */
export class DrainWatch {
  writtenBytes = 0;
  private takenBytes = 0;
  private takenAt: number;

  constructor(now: number) {
    this.takenAt = now;
  }

  wrote(bytes: number): void {
    this.writtenBytes += bytes;
  }

  /** How long, in ms, nothing has been taken of what is pending; 0 where all is taken. Called about once a second. */
  stuckMs(pendingBytes: number, now: number): number {
    const taken = this.writtenBytes - pendingBytes;
    if (pendingBytes === 0 || taken !== this.takenBytes) {
      this.takenBytes = taken;
      this.takenAt = now;
    }
    return now - this.takenAt;
  }
}
