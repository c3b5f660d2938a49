/** Bytes after which each side acknowledges what it got (RTMP 1.0, 5.4.4): what common servers announce. */
export const WINDOW_BYTES = 2_500_000;
/** The sequence number of an Acknowledgement has 32 bits. */
const SEQUENCE_NUMBERS = 2 ** 32;

/**
 * When to acknowledge (RTMP 1.0, 5.4.3): each time that the peer's window is full. An encoder may send no more until it
 * is told so.
 */
export class AckWindow {
  receivedBytes = 0;
  private windowBytes = WINDOW_BYTES;
  private acknowledgedBytes = 0;

  /** The peer has announced its window. One of nothing cannot be meant. */
  resize(bytes: number): void {
    if (bytes > 0) this.windowBytes = bytes;
  }

  receive(bytes: number): void {
    this.receivedBytes += bytes;
  }

  /** The sequence number to acknowledge now, which wraps; null where nothing is due. */
  takeDue(): number | null {
    if (this.receivedBytes - this.acknowledgedBytes < this.windowBytes) return null;
    this.acknowledgedBytes = this.receivedBytes;
    return this.receivedBytes % SEQUENCE_NUMBERS;
  }
}
