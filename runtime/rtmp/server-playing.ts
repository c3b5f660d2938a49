import type { Playback } from './server-handler.ts';
import { UserControlEvent } from './wire.ts';

/** What is said to the client on its message stream. */
export interface PlayingReplies {
  status(code: string, description: string): void;
  control(event: (typeof UserControlEvent)['streamBegin' | 'streamEof']): void;
}

/**
 * A message stream that plays (RTMP 1.0, 7.2.2.1, 7.2.2.4, 7.2.2.5 and 7.2.2.9). A live stream does not wait: whoever
 * pauses gets nothing, and then goes on where the program is by now.
 */
export class ServerPlaying {
  readonly kind = 'playing';
  private readonly path: string;
  private readonly playback: Playback;
  private readonly replies: PlayingReplies;
  private isPaused = false;
  private tracks = { video: true, audio: true };

  constructor(path: string, playback: Playback, replies: PlayingReplies) {
    this.path = path;
    this.playback = playback;
    this.replies = replies;
  }

  start(resets: boolean): void {
    const { path, replies } = this;
    replies.control(UserControlEvent.streamBegin);
    if (resets) replies.status('NetStream.Play.Reset', `Playing and resetting ${path}.`);
    replies.status('NetStream.Play.Start', `Started playing ${path}.`);
    this.playback.start();
  }

  pause(isPaused: boolean): void {
    if (isPaused !== this.isPaused) {
      this.isPaused = isPaused;
      this.select();
    }
    // Flash players wait for the answer, also where nothing has changed.
    const { path, replies } = this;
    if (isPaused) replies.status('NetStream.Pause.Notify', `Paused ${path}.`);
    else replies.status('NetStream.Unpause.Notify', `Going on with ${path}.`);
    replies.control(isPaused ? UserControlEvent.streamEof : UserControlEvent.streamBegin);
  }

  receive(track: 'video' | 'audio', isWanted: boolean): void {
    if (this.tracks[track] === isWanted) return;
    this.tracks = { ...this.tracks, [track]: isWanted };
    this.select();
    if (!isWanted) return;
    this.replies.status('NetStream.Seek.Notify', `${track} of ${this.path} from the next keyframe on.`);
    this.replies.status('NetStream.Play.Start', `Started playing ${this.path}.`);
  }

  stop(reason: string): void {
    this.playback.stop(reason);
    this.replies.control(UserControlEvent.streamEof);
  }

  private select(): void {
    this.playback.select?.(this.isPaused ? null : this.tracks);
  }
}
