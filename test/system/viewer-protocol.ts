import type { ViewerReport } from '../../runtime/cli/viewer-report.ts';

/** What the viewers' process is asked, a line of JSON each; it answers each with a line that has the same id. */
export type ViewerRequest =
  /** Plays a program from now on. Fails where the host refuses. */
  | { readonly do: 'start'; readonly viewer: string; readonly url: string }
  | { readonly do: 'stop'; readonly viewer: string }
  /** All viewers begin a new report, and forget their packets. */
  | { readonly do: 'mark' }
  | { readonly do: 'report' }
  | { readonly do: 'packets'; readonly viewer: string };

export type ViewerAnswer =
  | { readonly id: number; readonly error: string }
  | { readonly id: number; readonly viewers: readonly WatchedReport[] }
  | { readonly id: number; readonly packets: readonly SeenPacket[] }
  | { readonly id: number };

export interface WatchedReport {
  readonly viewer: string;
  /** Why its stream ended; null while it goes on. */
  readonly ended: string | null;
  /** Since the last mark. */
  readonly report: ViewerReport;
}

/** A packet as one viewer got it. */
export interface SeenPacket {
  /** `video` and `audio` are frames. */
  readonly kind: 'video' | 'audio' | 'video-header' | 'audio-header' | 'data';
  /** DTS in ms, as it came: program time less the start of the program on that host. */
  readonly time: number;
  readonly cts: number;
  readonly keyframe: boolean;
  /** Of the payload without its CTS, of a keyframe with its parameter sets. */
  readonly hash: string;
  /** ms since the epoch at which it came. */
  readonly wall: number;
}
