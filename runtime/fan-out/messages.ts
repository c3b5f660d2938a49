import type { FeedPast } from '../output/program-feed.ts';
import type { RtmpPlay } from '../output/rtmp-viewer.ts';
import type { ViewerLimits } from '../output/viewer-queue.ts';
import type { ProgramPacket } from '../program/program-packet.ts';
import type { TrackChoice } from '../rtmp/server-handler.ts';

// What the host and its workers say to each other over a link (link.ts). A viewer has a number, which is never used again.

export type ToWorker =
  /** The first message. */
  | { readonly type: 'settings'; readonly limits: ViewerLimits; readonly deliveryBudgetMs: number }
  /** Viewers of this program will come; its packets follow, from here on. */
  | { readonly type: 'begin'; readonly program: string; readonly past: FeedPast }
  | { readonly type: 'packets'; readonly program: string; readonly packets: readonly ProgramPacket[] }
  /** The last of its viewers is gone, and none is under way. */
  | { readonly type: 'end'; readonly program: string }
  /** Its socket comes on the other channel, maybe later. */
  | {
      readonly type: 'viewer';
      readonly viewer: number;
      readonly program: string;
      readonly protocol: CarriedProtocol;
    }
  /** Beside the program: what the host answers to an RTMP client. */
  | { readonly type: 'write'; readonly viewer: number; readonly bytes: Buffer }
  /** Null: nothing, as long as it pauses. */
  | { readonly type: 'select'; readonly viewer: number; readonly tracks: TrackChoice | null }
  /** `isGraceful`: what was written goes out first. */
  | { readonly type: 'close'; readonly viewer: number; readonly isGraceful: boolean }
  /** Close all, and end. */
  | { readonly type: 'stop' };

export type ToHost =
  | { readonly type: 'ready' }
  /** What an RTMP client has sent. */
  | { readonly type: 'bytes'; readonly viewer: number; readonly bytes: Buffer }
  /** Not after a `close`. */
  | { readonly type: 'gone'; readonly viewer: number; readonly reason: string }
  /** About once a second. `holdMs`: how long packets should be gathered before they come here. */
  | { readonly type: 'figures'; readonly holdMs: number; readonly programs: readonly CarriedFigures[] };

/** How a viewer is sent its program. */
export type CarriedProtocol = { readonly kind: 'http-flv' } | ({ readonly kind: 'rtmp' } & RtmpPlay);

/** Of one program on one worker, since it last told. */
export interface CarriedFigures {
  readonly program: string;
  readonly skips: number;
  readonly sentBytes: number;
}

/** What comes with a socket on the process's own channel. */
export interface SocketLabel {
  readonly viewer: number;
}
