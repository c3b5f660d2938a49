import { FfmpegPublisher } from '../support/ffmpeg-peers.ts';

export interface EncoderOptions {
  readonly clip: string;
  readonly url: string;
  /** What stands in front of its command line: the machine that it runs on. */
  readonly on: readonly string[];
}

/** How long it waits before it connects again. OBS waits 2 s the first time. */
const RETRY_MS = 1_000;

/** FFmpeg as an encoder that connects again when its connection ends, as encoders do, until it is killed. */
export class Encoder {
  private readonly options: EncoderOptions;
  private publisher: FfmpegPublisher | null = null;
  private retry: NodeJS.Timeout | undefined;

  constructor(options: EncoderOptions) {
    this.options = options;
  }

  /** Whether it publishes, or tries to. */
  get isStarted(): boolean {
    return this.publisher !== null;
  }

  start(): void {
    const { clip, url, on } = this.options;
    const publisher = new FfmpegPublisher(clip, url, on);
    this.publisher = publisher;
    void publisher.ended.then(() => {
      if (this.publisher === publisher) this.retry = setTimeout(() => this.start(), RETRY_MS);
    });
  }

  /** SIGKILL, and it does not come back by itself. */
  async kill(): Promise<void> {
    clearTimeout(this.retry);
    const publisher = this.publisher;
    this.publisher = null;
    await publisher?.kill();
  }
}
