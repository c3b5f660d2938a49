import { ChunkReader } from '../../../runtime/rtmp/chunk-reader.ts';
import { decodeMessage } from '../../../runtime/rtmp/message.ts';
import { CHUNK_LIMITS, chunkStreams, chunkStreamsRefused } from '../../golden/chunk-streams.ts';
import { rtmpMessages } from '../../golden/rtmp-messages.ts';
import { orPeerMistake, promise } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

/** The bytes come in two pieces, cut where the first byte says. */
export const target: Target = {
  maxBytes: 4_096,
  seeds: () =>
    [...chunkStreams, ...chunkStreamsRefused, ...rtmpMessages].map(({ bytes }) =>
      Buffer.concat([Buffer.of(20), bytes]),
    ),
  run: (input) => {
    const { maxBufferedBytes } = CHUNK_LIMITS;
    const reader = new ChunkReader(CHUNK_LIMITS, (raw) => {
      promise(raw.payload.length <= CHUNK_LIMITS.maxMessageBytes, 'a message is no longer than allowed');
      orPeerMistake(() => decodeMessage(raw));
    });
    const cut = 1 + (input[0] ?? 0);
    for (const piece of [input.subarray(1, cut), input.subarray(cut)]) {
      if (orPeerMistake(() => reader.push(piece)) === null) return;
      promise(reader.heldBytes >= 0 && reader.heldBytes <= maxBufferedBytes, 'what is held is bounded');
    }
  },
};
