/** What a stream measures, over the last whole seconds. */
export interface StreamRates {
  readonly videoKbps: number;
  readonly audioKbps: number;
  /** Video frames a second, with one decimal. */
  readonly frameRate: number;
  /** The longest of the last few distances of keyframes, in ms; 0 before there were two keyframes. */
  readonly gopMs: number;
}

interface Second {
  second: number;
  videoBytes: number;
  audioBytes: number;
  frames: number;
}

const WINDOW_SECONDS = 3;
/** A GOP that is cut short, at a scene change or where a clip begins again, is not what an encoder is set to. */
const KEPT_GOPS = 3;

/** Bit rates, frame rate and GOP length of an input, by time of arrival. */
export class StreamMeter {
  /** Oldest first; the newest is still filling. */
  private seconds: Second[] = [];
  private lastKeyframeDts: number | null = null;
  private gops: number[] = [];
  private startedSecond = 0;

  note(track: string, bytes: number, keyframe: boolean, dts: number, now: number): void {
    const second = Math.floor(now / 1_000);
    let newest = this.seconds.at(-1);
    if (newest?.second !== second) {
      if (newest === undefined) this.startedSecond = second;
      newest = { second, videoBytes: 0, audioBytes: 0, frames: 0 };
      this.seconds.push(newest);
      if (this.seconds.length > WINDOW_SECONDS + 1) this.seconds.shift();
    }
    if (track === 'audio') newest.audioBytes += bytes;
    if (track !== 'video') return;
    newest.videoBytes += bytes;
    newest.frames += 1;
    if (!keyframe) return;
    if (this.lastKeyframeDts !== null && dts > this.lastKeyframeDts) {
      this.gops = [...this.gops.slice(1 - KEPT_GOPS), dts - this.lastKeyframeDts];
    }
    this.lastKeyframeDts = dts;
  }

  /** Rates over the last whole seconds; null until one whole second has been measured. */
  rates(now: number): StreamRates | null {
    const current = Math.floor(now / 1_000);
    const first = Math.max(current - WINDOW_SECONDS, this.startedSecond + 1);
    const count = current - first;
    if (this.seconds.length === 0 || count < 1) return null;
    let [videoBytes, audioBytes, frames] = [0, 0, 0];
    for (const second of this.seconds) {
      if (second.second < first || second.second >= current) continue;
      videoBytes += second.videoBytes;
      audioBytes += second.audioBytes;
      frames += second.frames;
    }
    return {
      videoKbps: Math.round((videoBytes * 8) / 1_000 / count),
      audioKbps: Math.round((audioBytes * 8) / 1_000 / count),
      frameRate: Math.round((frames / count) * 10) / 10,
      gopMs: Math.max(0, ...this.gops),
    };
  }
}
