import { Handshake } from '../../../runtime/rtmp/handshake.ts';
import { handshakes } from '../../golden/handshakes.ts';
import { orPeerMistake, promise } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

const WHOLE_BYTES = 1 + 2 * 1_536;

/** Both roles get the bytes, in pieces as long as the first byte says. */
export const target: Target = {
  maxBytes: 4_096,
  seeds: () => [
    Buffer.alloc(WHOLE_BYTES + 9, 3),
    ...[Buffer.alloc(1_536), ...handshakes.map(({ bytes }) => bytes)].map((first) =>
      Buffer.concat([Buffer.of(255, 3), first]),
    ),
  ],
  run: (input) => {
    const size = 1 + 16 * (input[0] ?? 0);
    for (const role of ['server', 'client'] as const) {
      let written = 0;
      const handshake = new Handshake(role, (bytes) => {
        written += bytes.length;
      });
      for (let at = 1; at < input.length && !handshake.isDone; at += size) {
        if (orPeerMistake(() => handshake.push(input.subarray(at, at + size))) === null) break;
      }
      promise(written <= WHOLE_BYTES, 'no more is said than a handshake');
    }
  },
};
