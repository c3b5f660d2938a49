import { parseAudio, parseVideo } from '../../../runtime/codec/media-header.ts';
import { mediaTags } from '../../golden/media-tags.ts';
import { orPeerMistake } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

/** Bodies of audio and video messages, with the codec configurations in them; the first bit says which. */
export const target: Target = {
  maxBytes: 4_096,
  seeds: () =>
    mediaTags.map(({ track, bytes }) => Buffer.concat([Buffer.of(track === 'video' ? 1 : 0), bytes])),
  run: (input) => {
    const isVideo = ((input[0] ?? 0) & 1) === 1;
    orPeerMistake(() => (isVideo ? parseVideo : parseAudio)(input.subarray(1), 0));
  },
};
