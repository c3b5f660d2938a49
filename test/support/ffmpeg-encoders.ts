import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTestClip, type TestClipOptions } from './clip-maker.ts';
import { FfmpegPublisher } from './ffmpeg-peers.ts';

/** A host's encoders, each an FFmpeg: the backup has a clip of its own, all masters share one. */
export class FfmpegEncoders {
  /** For files; gone with the encoders. */
  readonly directory = mkdtempSync(join(tmpdir(), 'understudy-e2e-'));
  private readonly publishUrl: (input: string) => string;
  private readonly publishers = new Map<string, FfmpegPublisher>();

  constructor(publishUrl: (input: string) => string) {
    this.publishUrl = publishUrl;
  }

  async makeClips(clips: {
    readonly master: TestClipOptions;
    readonly backup: TestClipOptions;
  }): Promise<void> {
    await Promise.all([
      makeTestClip(this.clip('master'), clips.master),
      makeTestClip(this.clip('backup'), clips.backup),
    ]);
  }

  /** Resolves when it publishes. */
  async publish(input: string): Promise<void> {
    const clip = this.clip(input.startsWith('backup/') ? 'backup' : 'master');
    const publisher = new FfmpegPublisher(clip, this.publishUrl(input));
    this.publishers.set(input, publisher);
    await publisher.begun;
  }

  /** The one that publishes an input, or did so last. */
  of(input: string): FfmpegPublisher {
    const publisher = this.publishers.get(input);
    if (publisher === undefined) throw new Error(`nobody publishes ${input}`);
    return publisher;
  }

  async end(): Promise<void> {
    await Promise.all([...this.publishers.values()].map((publisher) => publisher.kill()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  private clip(kind: 'master' | 'backup'): string {
    return join(this.directory, `${kind}.flv`);
  }
}
