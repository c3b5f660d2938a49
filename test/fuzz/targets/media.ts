import { NO_EXTENSIONS, packetBody, parseMedia, wholeBody } from '../../../runtime/codec/media-message.ts';
import { exMessages } from '../../golden/ex-messages.ts';
import { mediaTags } from '../../golden/media-tags.ts';
import { orPeerMistake } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

/** Bodies of audio and video messages, with the codec configurations in them; the first bit says which. */
export const target: Target = {
  maxBytes: 4_096,
  seeds: () => [
    ...mediaTags.map(({ track, bytes }) => seed(track, bytes)),
    ...exMessages.map(({ medium, bytes }) => seed(medium, bytes)),
  ],
  // What was read can be written for every viewer, and read again.
  run: (input) => {
    const medium = ((input[0] ?? 0) & 1) === 1 ? 'video' : 'audio';
    for (const packet of orPeerMistake(() => parseMedia(medium, input.subarray(1), 0)) ?? []) {
      packetBody(packet, NO_EXTENSIONS);
      parseMedia(medium, wholeBody(packet), 0);
    }
  },
};

function seed(medium: 'video' | 'audio', bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(medium === 'video' ? 1 : 0), bytes]);
}
