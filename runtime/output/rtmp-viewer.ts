import type { Extensions } from '../codec/media-message.ts';
import type { Cancel } from '../media/clock.ts';
import type { TrackChoice } from '../rtmp/server-handler.ts';
import { onlyTracks } from './packet-format.ts';
import type { ProgramFeed } from './program-feed.ts';
import { rtmpFormatFor } from './rtmp-formats.ts';
import type { ViewerSink } from './viewer-queue.ts';

/** How an RTMP viewer is sent its program. */
export interface RtmpPlay {
  readonly messageStreamId: number;
  /** What it has said that it can take. */
  readonly extensions: Extensions;
}

/** Where an RTMP viewer gets its program from. */
export interface RtmpPlace {
  /** What it wants from now on; null: nothing, as long as it pauses. */
  select(tracks: TrackChoice | null): void;
  readonly leave: Cancel;
}

export function joinRtmp(
  feed: ProgramFeed,
  sink: ViewerSink,
  { messageStreamId, extensions }: RtmpPlay,
): RtmpPlace {
  const whole = rtmpFormatFor(messageStreamId, extensions);
  const { queue, leave } = feed.join(sink, whole);
  return { select: (tracks) => queue.select(tracks === null ? null : onlyTracks(whole, tracks)), leave };
}
