import { withLeadIn } from '../codec/flv-lead-in.ts';
import { flvFileHeader } from '../codec/flv-writer.ts';
import type { Cancel } from '../media/clock.ts';
import { flvFormat } from './packet-format.ts';
import type { ProgramFeed } from './program-feed.ts';
import type { CloseCause, ViewerSink } from './viewer-queue.ts';

/** Joins with the file header in front of the first bytes: only then is it known which tracks there are. Returns how to leave. */
export function joinFlv(feed: ProgramFeed, sink: ViewerSink): Cancel {
  return feed.join(new FlvSink(feed, sink), flvFormat).leave;
}

class FlvSink implements ViewerSink {
  private readonly feed: ProgramFeed;
  private readonly sink: ViewerSink;
  private readonly writeTags: (bytes: Buffer) => void;
  private hasHeader = false;

  constructor(feed: ProgramFeed, sink: ViewerSink) {
    this.feed = feed;
    this.sink = sink;
    this.writeTags = withLeadIn((bytes) => sink.write(bytes));
  }

  get address(): string {
    return this.sink.address;
  }

  get pendingBytes(): number {
    return this.sink.pendingBytes;
  }

  write(bytes: Buffer): void {
    if (!this.hasHeader) this.sink.write(flvFileHeader(this.feed.tracks));
    this.hasHeader = true;
    this.writeTags(bytes);
  }

  close(reason: string, cause: CloseCause): void {
    this.sink.close(reason, cause);
  }
}
