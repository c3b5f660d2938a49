import { withLeadIn } from '../codec/flv-lead-in.ts';
import { flvFileHeader } from '../codec/flv-writer.ts';
import type { Cancel } from '../media/clock.ts';
import { flvFormat } from './packet-format.ts';
import type { ProgramFeed } from './program-feed.ts';
import type { ViewerSink } from './viewer-queue.ts';

/** Joins with the file header in front of the first bytes: only then is it known which tracks there are. Returns how to leave. */
export function joinFlv(feed: ProgramFeed, sink: ViewerSink): Cancel {
  let hasHeader = false;
  const write = withLeadIn((bytes) => sink.write(bytes));
  const { leave } = feed.join(
    {
      address: sink.address,
      get pendingBytes() {
        return sink.pendingBytes;
      },
      write: (bytes) => {
        if (!hasHeader) sink.write(flvFileHeader(feed.tracks));
        hasHeader = true;
        write(bytes);
      },
      close: (reason, cause) => sink.close(reason, cause),
    },
    flvFormat,
  );
  return leave;
}
