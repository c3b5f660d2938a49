import { createHmac } from 'node:crypto';

// The handshake with digests ("complex"). Adobe's specification does not have it; Flash Player 9 and Flash Media Server 3
// brought it, and what SRS, nginx-rtmp, FFmpeg and librtmp do agrees:
//
//   C1, S1:  time (4 bytes), version (4, not 0), then two blocks of 764 bytes, digest and key, in either order.
//            The first four bytes of the digest block, added up modulo 728, say how far behind them the digest stands.
//            The digest is the HMAC-SHA256 of all the packet but itself. The key is for RTMPE, and random here.
//   S2, C2:  random bytes, and at the end their HMAC-SHA256; its key is made of the digest that is answered.

/** C1, C2, S1 and S2 (RTMP 1.0, 5.2.3). */
export const PACKET_BYTES = 1536;
const DIGEST_BYTES = 32;
const DIGEST_PLACES = 728;

/** Where the digest block may begin: in front of the key block, or behind it. */
export const DIGEST_BLOCKS = [8, 772] as const;

export type HandshakeRole = 'server' | 'client';

// Public constants that every implementation has: they prove nothing but that the peer knows this handshake.
const SIGNATURES = {
  client: Buffer.from('Genuine Adobe Flash Player 001'),
  server: Buffer.from('Genuine Adobe Flash Media Server 001'),
};
const SIGNATURE_END = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');

export interface PacketDigest {
  /** Which of DIGEST_BLOCKS it stands in. */
  readonly blockAt: number;
  readonly digest: Buffer;
}

/** The digest in a C1 (of a client) or S1 (of a server); null where the sender speaks the simple handshake. */
export function findDigest(packet: Buffer, sender: HandshakeRole): PacketDigest | null {
  for (const blockAt of DIGEST_BLOCKS) {
    const at = digestAt(packet, blockAt);
    const digest = packet.subarray(at, at + DIGEST_BYTES);
    if (digest.equals(digestOf(packet, at, sender))) return { blockAt, digest: Buffer.from(digest) };
  }
  return null;
}

/** Puts the sender's digest into its C1 or S1. */
export function writeDigest(packet: Buffer, blockAt: number, sender: HandshakeRole): void {
  const at = digestAt(packet, blockAt);
  digestOf(packet, at, sender).copy(packet, at);
}

/** Makes random bytes the S2 (of a server) or C2 (of a client) that answers a digest. */
export function signAnswer(packet: Buffer, answered: Buffer, sender: HandshakeRole): void {
  const key = hmac(Buffer.concat([SIGNATURES[sender], SIGNATURE_END]), answered);
  const end = PACKET_BYTES - DIGEST_BYTES;
  hmac(key, packet.subarray(0, end)).copy(packet, end);
}

function digestAt(packet: Buffer, blockAt: number): number {
  let sum = 0;
  for (const byte of packet.subarray(blockAt, blockAt + 4)) sum += byte;
  return blockAt + 4 + (sum % DIGEST_PLACES);
}

function digestOf(packet: Buffer, at: number, sender: HandshakeRole): Buffer {
  return hmac(SIGNATURES[sender], packet.subarray(0, at), packet.subarray(at + DIGEST_BYTES));
}

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const hash = createHmac('sha256', key);
  for (const part of parts) hash.update(part);
  return hash.digest();
}
