import { randomBytes } from 'node:crypto';
import { ProtocolError } from '../codec/protocol-error.ts';

// RTMP 1.0, 5.2. C0 and S0 are one byte, the others 1,536.
const VERSION = 3;
const PACKET_BYTES = 1536;
const HEAD_BYTES = 8;

/**
 * The simple handshake, for either side.
 *
 *   server: hello -[C0 C1]▶ sends S0 S1 S2 ▶ echo -[C2]▶ done
 *   client: hello (sends C0 C1) -[S0 S1]▶ sends C2 ▶ echo -[S2]▶ done
 */
export class Handshake {
  isDone = false;
  private readonly role: 'server' | 'client';
  private readonly send: (bytes: Buffer) => void;
  private buffer = Buffer.alloc(1 + 2 * PACKET_BYTES);
  private filled = 0;
  private hasReplied = false;

  constructor(role: 'server' | 'client', send: (bytes: Buffer) => void) {
    this.role = role;
    this.send = send;
    if (role === 'client') send(Buffer.concat([Buffer.of(VERSION), ownPacket()]));
  }

  /** Takes what came; returns what is left over behind the handshake. Throws ProtocolError. */
  push(data: Buffer): Buffer {
    const count = data.copy(this.buffer, this.filled);
    this.filled += count;
    if (this.filled > 0 && this.buffer[0] !== VERSION) {
      throw new ProtocolError('handshake', `handshake version ${this.buffer[0]}, ${VERSION} is understood`);
    }
    if (!this.hasReplied && this.filled >= 1 + PACKET_BYTES) {
      this.hasReplied = true;
      // The echo of a peer's packet (5.2.4): its time and its random bytes; the time it was read may stay 0.
      const echo = Buffer.from(this.buffer.subarray(1, 1 + PACKET_BYTES));
      this.send(this.role === 'server' ? Buffer.concat([Buffer.of(VERSION), ownPacket(), echo]) : echo);
    }
    if (this.filled === this.buffer.length) {
      // What the peer echoes is not compared: some encoders fill it with something else.
      this.isDone = true;
      this.buffer = Buffer.alloc(0);
    }
    return data.subarray(count);
  }
}

/** C1 or S1 (5.2.3): time 0, four zero bytes, random bytes. */
function ownPacket(): Buffer {
  const packet = randomBytes(PACKET_BYTES);
  packet.fill(0, 0, HEAD_BYTES);
  return packet;
}
