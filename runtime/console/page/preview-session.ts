import type { ProgramAddresses } from '../model/addresses.ts';
import { backOffMs } from '../model/back-off.ts';
import { api } from './api.ts';
import { browserClock } from './browser-clock.ts';
import { type StartPlayer, startFlv, startHls, startNativeHls } from './preview-players.ts';

export type PreviewStatus =
  | { readonly is: 'connecting' | 'playing' }
  | { readonly is: 'waiting'; readonly why: string };

export interface PreviewSessionOptions {
  readonly program: string;
  readonly player: 'flv' | 'hls' | 'native-hls';
  readonly video: HTMLVideoElement;
  readonly onStatus: (status: PreviewStatus) => void;
}

const PLAYERS: Record<PreviewSessionOptions['player'], StartPlayer> = {
  flv: startFlv,
  hls: startHls,
  'native-hls': startNativeHls,
};
const CHECK_MS = 1_000;
/** A picture that stands still for so long is none. HLS waits up to 12 s for its first one. */
const FROZEN_MS = 15_000;

/**
 * A preview from when it is wanted until it is not. An attempt that ends is followed by another one, after a while.
 *
 *   connecting ──first picture──▶ playing
 *        ▲                           │ ended, broken, frozen
 *        └──────back-off──── waiting ◀── (or no picture)
 */
export class PreviewSession {
  private readonly options: PreviewSessionOptions;
  private failures = 0;
  private isStopped = false;
  private endAttempt: () => void = () => {};
  private cancelRetry: () => void = () => {};

  constructor(options: PreviewSessionOptions) {
    this.options = options;
  }

  /** Returns the undo. */
  start(): () => void {
    void this.attempt();
    return () => {
      this.isStopped = true;
      this.cancelRetry();
      this.endAttempt();
    };
  }

  private async attempt(): Promise<void> {
    const { program, player, video, onStatus } = this.options;
    onStatus({ is: 'connecting' });
    let isOver = false;
    let stopPlayer: () => void = () => {};
    const unwatch = this.watch((why) => fail(why));
    this.endAttempt = () => {
      if (isOver) return;
      isOver = true;
      unwatch();
      stopPlayer();
    };
    const fail = (why: string): void => {
      if (isOver) return;
      this.endAttempt();
      this.failures += 1;
      onStatus({ is: 'waiting', why });
      const waitMs = backOffMs(this.failures, Math.random());
      this.cancelRetry = browserClock.after(waitMs, () => void this.attempt());
    };
    try {
      // Anew for each attempt: a token in it may have run out.
      const address = addressOf(await api.addresses(program), player);
      if (isOver || this.isStopped) return;
      stopPlayer = await PLAYERS[player](video, address, { onEnd: fail });
      // It may have been stopped, or have failed, while its code was loading.
      if (isOver || this.isStopped) stopPlayer();
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Tells of the first picture, and of pictures that do not go on. */
  private watch(onFrozen: (why: string) => void): () => void {
    const { video, onStatus } = this.options;
    let shown = video.currentTime;
    let since = browserClock.now();
    let isPlaying = false;
    return browserClock.every(CHECK_MS, () => {
      if (video.currentTime !== shown) {
        shown = video.currentTime;
        since = browserClock.now();
        this.failures = 0;
        if (!isPlaying) onStatus({ is: 'playing' });
        isPlaying = true;
      } else if (browserClock.now() - since >= FROZEN_MS) onFrozen('no new picture');
    });
  }
}

function addressOf({ flv, hls }: ProgramAddresses, player: PreviewSessionOptions['player']): string {
  const path = player === 'flv' ? flv : hls;
  if (path === null) throw new Error('this host has no HLS');
  return location.origin + path;
}
