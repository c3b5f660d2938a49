import { randomBytes } from 'node:crypto';
import { ProtocolError } from '../codec/protocol-error.ts';
import {
  DIGEST_BLOCKS,
  findDigest,
  type HandshakeRole,
  PACKET_BYTES,
  type PacketDigest,
  signAnswer,
  writeDigest,
} from './handshake-digest.ts';

// RTMP 1.0, 5.2. C0 and S0 are one byte, the others 1,536.
const VERSION = 3;
const HEAD_BYTES = 8;
/** What stands behind the time, with a digest. FFmpeg as a player checks it where the first byte of the server is 3 or more. */
const SOFTWARE_VERSIONS = { server: Buffer.of(3, 5, 7, 1), client: Buffer.of(9, 0, 124, 2) };

/**
 * The handshake, for either side.
 *
 *   server: hello -[C0 C1]▶ sends S0 S1 S2 ▶ echo -[C2]▶ done
 *   client: hello (sends C0 C1) -[S0 S1]▶ sends C2 ▶ echo -[S2]▶ done
 *
 * A client's C1 has a digest, which servers of the simple handshake take for random bytes. Whoever gets a digest answers
 * with one; whoever gets none answers as the specification says.
 */
export class Handshake {
  isDone = false;
  private readonly role: HandshakeRole;
  private readonly send: (bytes: Buffer) => void;
  private buffer = Buffer.alloc(1 + 2 * PACKET_BYTES);
  private filled = 0;
  private hasReplied = false;

  constructor(role: HandshakeRole, send: (bytes: Buffer) => void) {
    this.role = role;
    this.send = send;
    if (role === 'client') send(Buffer.concat([Buffer.of(VERSION), ownPacket(role, DIGEST_BLOCKS[0])]));
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
      this.reply(this.buffer.subarray(1, 1 + PACKET_BYTES));
    }
    if (this.filled === this.buffer.length) {
      // What the peer answers is not compared: some encoders fill it with something else.
      this.isDone = true;
      this.buffer = Buffer.alloc(0);
    }
    return data.subarray(count);
  }

  private reply(theirs: Buffer): void {
    const { role } = this;
    const found = findDigest(theirs, role === 'server' ? 'client' : 'server');
    const answer = answerTo(theirs, found, role);
    if (role === 'client') this.send(answer);
    else this.send(Buffer.concat([Buffer.of(VERSION), ownPacket(role, found?.blockAt), answer]));
  }
}

/** C1 or S1 (5.2.3): time 0, four bytes that are 0 without a digest, random bytes. */
function ownPacket(role: HandshakeRole, digestBlockAt?: number): Buffer {
  const packet = randomBytes(PACKET_BYTES);
  packet.fill(0, 0, HEAD_BYTES);
  if (digestBlockAt === undefined) return packet;
  SOFTWARE_VERSIONS[role].copy(packet, 4);
  writeDigest(packet, digestBlockAt, role);
  return packet;
}

/** C2 or S2. Without a digest the echo of the peer's packet (5.2.4): its time and random bytes; the time it was read may stay. */
function answerTo(theirs: Buffer, found: PacketDigest | null, role: HandshakeRole): Buffer {
  if (found === null) return Buffer.from(theirs);
  const answer = randomBytes(PACKET_BYTES);
  signAnswer(answer, found.digest, role);
  return answer;
}
