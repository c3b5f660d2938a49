import type { Health } from '../input/health.ts';
import type { SwitchCause } from './selector.ts';

/** What is kept of every switch. Times in ms since the epoch. */
export interface SwitchRecord {
  /** Counts up from 1 in each program. */
  readonly id: number;
  readonly program: string;
  readonly cause: SwitchCause;
  /** Why, in words: the input's trouble, or what the operator gave as a reason. */
  readonly detail: string;
  /** Who asked, for a pin, a release or a drill; null where the host decided. */
  readonly by: string | null;
  readonly from: string | null;
  readonly to: string | null;
  /** `warm`: entered in the new source's past, because the old one was gone. `clean`: cut between two live ones. */
  readonly kind: 'warm' | 'clean';
  readonly candidates: ReadonlyArray<{ readonly name: string; readonly health: Health }>;
  /** When the old source last delivered. */
  readonly lastPacketAt: number | null;
  /** When that was found out. */
  readonly detectedAt: number;
  readonly decidedAt: number;
  /** When the new source's first frame went out; null where there was none to send. */
  readonly firstFrameAt: number | null;
  /** Delivery stood still for so long, on the wall clock. */
  readonly gapMs: number | null;
  /** Missing media time, beyond the usual distance of two frames. Null where the track did not go on in time. */
  readonly holeMs: { readonly video: number | null; readonly audio: number | null };
  readonly squeezedFrames: number;
  /** Viewers that were carried over. */
  readonly viewers: number;
}
