import { withLeadIn } from '../codec/flv-lead-in.ts';
import { flvFileHeader } from '../codec/flv-writer.ts';
import type { Cancel } from '../media/clock.ts';
import { flvFormat } from './packet-format.ts';
import type { ProgramFeed } from './program-feed.ts';
import type { Opening, ViewerSink } from './viewer-queue.ts';

/** Joins with the file header in front of the first bytes: only then is it known which tracks there are. Returns how to leave. */
export function joinFlv(feed: ProgramFeed, sink: ViewerSink): Cancel {
  return feed.join(sink, flvFormat, flvOpening(feed, sink)).leave;
}

function flvOpening(feed: ProgramFeed, sink: ViewerSink): Opening {
  const writeTags = withLeadIn((bytes) => sink.write(bytes));
  let hasHeader = false;
  return (bytes) => {
    if (!hasHeader) sink.write(flvFileHeader(feed.tracks));
    hasHeader = true;
    return writeTags(bytes);
  };
}
