import { StillMeter } from './still-meter.ts';

// Runs in a page. The tests are compiled without the DOM: what is needed of it is declared here.

export interface MediaElement {
  src: string;
  muted: boolean;
  readonly currentTime: number;
  readonly error: { readonly message: string } | null;
  readonly buffered: { readonly length: number; start(index: number): number; end(index: number): number };
  play(): Promise<void>;
  pause(): void;
  addEventListener(type: string, listener: () => void): void;
}

export interface VideoElement extends MediaElement {
  readonly videoWidth: number;
  readonly videoHeight: number;
  requestVideoFrameCallback(
    callback: (
      nowMs: number,
      frame: { readonly mediaTime: number; readonly presentedFrames: number },
    ) => void,
  ): void;
  getVideoPlaybackQuality(): { readonly droppedVideoFrames: number; readonly totalVideoFrames: number };
}

declare const requestAnimationFrame: (callback: () => void) => void;

/** What a viewer could have noticed of one player since its watch began. Times in ms. */
export interface PlaybackReport {
  readonly watchedMs: number;
  readonly playedMs: number;
  /** Of the element, what no viewer likes, each with its time and what was in the buffer. */
  readonly events: readonly string[];
  /** What the player said went wrong, which it may have got over unseen. */
  readonly errors: readonly string[];
  readonly longestStillMs: number;
  readonly longestUnseenMs: number;
  /** The longest distance of two pictures that were shown, in the media. */
  readonly longestPictureMs: number;
  readonly pictures: number;
  /** Decoded, and not shown: the squeezed ones, and those that came too late. */
  readonly droppedPictures: number;
  readonly sizes: readonly string[];
  readonly bufferMs: { readonly first: number; readonly least: number; readonly last: number };
  /** In how many pieces the buffer is. */
  readonly bufferedRanges: number;
}

const NOTICED = ['waiting', 'seeking', 'pause', 'ended', 'error'];
/** How often a clock is looked at, beside each frame of the page. */
const LOOK_MS = 20;

/** Looks at a clock of media from now on. `also` is called each time. */
export function watchClock(media: MediaElement, also: () => void = () => {}): StillMeter {
  const meter = new StillMeter();
  const look = (): void => {
    meter.look(performance.now(), 1_000 * media.currentTime);
    also();
  };
  const onFrame = (): void => {
    look();
    requestAnimationFrame(onFrame);
  };
  onFrame();
  setInterval(look, LOOK_MS);
  return meter;
}

/** Watches one video element from now on. */
export class PlaybackWatch {
  private readonly video: VideoElement;
  private readonly meter: StillMeter;
  private readonly began;
  private readonly events: string[] = [];
  private readonly errors: string[] = [];
  private readonly sizes = new Set<string>();
  private leastBufferMs = Number.POSITIVE_INFINITY;
  private shown: { readonly mediaMs: number; readonly count: number } | null = null;
  private longestPictureMs = 0;

  constructor(video: VideoElement) {
    this.video = video;
    this.began = {
      nowMs: performance.now(),
      mediaMs: 1_000 * video.currentTime,
      bufferMs: this.bufferMs,
      quality: video.getVideoPlaybackQuality(),
    };
    for (const type of NOTICED) video.addEventListener(type, () => this.events.push(this.dated(type)));
    this.meter = watchClock(video, () => {
      this.leastBufferMs = Math.min(this.leastBufferMs, this.bufferMs);
    });
    this.awaitPicture();
  }

  error(what: string): void {
    this.errors.push(this.dated(what));
  }

  get report(): PlaybackReport {
    const { began, video, meter } = this;
    const { droppedVideoFrames, totalVideoFrames } = video.getVideoPlaybackQuality();
    return {
      watchedMs: Math.round(performance.now() - began.nowMs),
      playedMs: Math.round(1_000 * video.currentTime - began.mediaMs),
      events: this.events,
      errors: this.errors,
      longestStillMs: Math.round(meter.longestStillMs),
      longestUnseenMs: Math.round(meter.longestUnseenMs),
      longestPictureMs: Math.round(this.longestPictureMs),
      pictures: totalVideoFrames - began.quality.totalVideoFrames,
      droppedPictures: droppedVideoFrames - began.quality.droppedVideoFrames,
      sizes: [...this.sizes],
      bufferMs: {
        first: Math.round(began.bufferMs),
        least: Math.round(this.leastBufferMs),
        last: Math.round(this.bufferMs),
      },
      bufferedRanges: video.buffered.length,
    };
  }

  private dated(what: string): string {
    const sinceMs = Math.round(performance.now() - this.began.nowMs);
    const error = this.video.error === null ? '' : ` (${this.video.error.message})`;
    return `${what}${error} at ${sinceMs}, with ${Math.round(this.bufferMs)} in the buffer`;
  }

  /** What can be played without a gap. */
  private get bufferMs(): number {
    const { buffered, currentTime } = this.video;
    for (let index = 0; index < buffered.length; index += 1) {
      const end = buffered.end(index);
      if (buffered.start(index) <= currentTime && currentTime <= end) return 1_000 * (end - currentTime);
    }
    return 0;
  }

  private awaitPicture(): void {
    this.video.requestVideoFrameCallback((_nowMs, { mediaTime, presentedFrames }) => {
      const { shown } = this;
      this.shown = { mediaMs: 1_000 * mediaTime, count: presentedFrames };
      if (shown !== null) {
        // A busy page is not called for each of them.
        const count = Math.max(1, presentedFrames - shown.count);
        const ms = (this.shown.mediaMs - shown.mediaMs) / count;
        this.longestPictureMs = Math.max(this.longestPictureMs, ms);
      }
      this.sizes.add(`${this.video.videoWidth}x${this.video.videoHeight}`);
      this.awaitPicture();
    });
  }
}
