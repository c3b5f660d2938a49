import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

/** In front of each message: its length in bytes, 32 bits, big-endian. */
const HEAD_BYTES = 4;

/** A message as it goes over a link: made once, whatever the number of links that it is written to. */
export function encodeForLink(message: object): Buffer {
  const body = serialize(message);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  bytes.writeUInt32BE(body.length, 0);
  body.copy(bytes, HEAD_BYTES);
  return bytes;
}

/**
 * Reads a link's messages, each as soon as it is whole. Both ends are this program, in the same version: what comes is not
 * checked. Buffers in a message share its memory.
 */
export function readMessages(link: Duplex, onMessage: (message: unknown) => void): void {
  let chunks: Buffer[] = [];
  let gathered = 0;
  let wanted = HEAD_BYTES;
  link.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    gathered += chunk.length;
    if (gathered < wanted) return;
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    let position = 0;
    wanted = HEAD_BYTES;
    while (bytes.length - position >= HEAD_BYTES) {
      const length = HEAD_BYTES + bytes.readUInt32BE(position);
      wanted = length;
      if (bytes.length - position < length) break;
      onMessage(deserialize(bytes.subarray(position + HEAD_BYTES, position + length)));
      position += length;
      wanted = HEAD_BYTES;
    }
    chunks = position < bytes.length ? [bytes.subarray(position)] : [];
    gathered = bytes.length - position;
  });
}
