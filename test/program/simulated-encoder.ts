import { asExtra } from '../../runtime/codec/media-header.ts';
import type { InputPublication } from '../../runtime/input/registry.ts';
import type { AudioConfig, MediaPacket, VideoConfig } from '../../runtime/media/packet.ts';
import { wrapTimestamp } from '../../runtime/media/timestamp.ts';

export interface EncoderModel {
  readonly name: string;
  readonly frameMs: number;
  readonly gopFrames: number;
  readonly audioMs: number;
  /** The encoder's clock against the real one, in parts per million. */
  readonly driftPpm: number;
  readonly jitterMs: () => number;
  readonly networkMs: number;
  readonly bFrames: boolean;
  /** What it calls its first millisecond. */
  readonly firstTimestamp: number;
  /** Whether it sends everything a second time, on extra tracks. */
  readonly hasExtraTracks?: boolean;
}

/** What was sent: so that the test can tell what became of it. */
export interface SentFrame {
  readonly encoder: string;
  readonly track: 'video' | 'audio';
  /** The real time that the frame was captured at. */
  readonly capturedAt: number;
  readonly packet: MediaPacket;
}

interface InFlight {
  readonly arrival: number;
  readonly packet: MediaPacket;
}

/** An encoder in simulated time: its own clock, its own GOP, a network that is late by a random amount but in order. */
export class SimulatedEncoder {
  readonly model: EncoderModel;
  private readonly onSent: (sent: SentFrame) => void;
  private publication: InputPublication | null = null;
  private inFlight: InFlight[] = [];
  private lastArrival = 0;
  private startedAt = 0;
  private frames = 0;
  private audioFrames = 0;
  private timestampShift = 0;
  private lastStep = 0;
  /**
   * How it stands still, if it does. `paused`: its clock too, so that it goes on where it was, and is late from then on;
   * `dropping`: what it should have sent in the meantime is lost; `backlogged`: that comes later, all at once.
   */
  frozen: 'paused' | 'dropping' | 'backlogged' | null = null;

  constructor(model: EncoderModel, onSent: (sent: SentFrame) => void) {
    this.model = model;
    this.onSent = onSent;
  }

  get isConnected(): boolean {
    return this.publication !== null;
  }

  connect(publication: InputPublication, now: number): void {
    this.publication = publication;
    this.startedAt = now;
    this.frames = 0;
    this.audioFrames = 0;
    this.inFlight = [];
    this.lastArrival = now;
    this.timestampShift = this.model.firstTimestamp;
    const { name } = this.model;
    this.queue(headerPacket(videoConfig(name), this.timestampShift), now);
    this.queue(headerPacket(audioConfig(name), this.timestampShift), now);
    if (this.model.hasExtraTracks !== true) return;
    this.queue(asExtra(headerPacket(videoConfig(name), 0), 1), now);
    this.queue(asExtra(headerPacket(audioConfig(name), 0), 1), now);
  }

  disconnect(): void {
    this.publication?.end('closed by peer');
    this.publication = null;
  }

  /** From now on it calls the time something else, on the same connection. */
  jump(byMs: number): void {
    this.timestampShift += byMs;
  }

  /** From now on its timestamps begin at 0 again. */
  restart(now: number): void {
    this.timestampShift = -this.ownMs(now);
  }

  /** Sends and delivers everything up to `now`. */
  step(now: number): void {
    if (this.publication === null) return;
    if (this.frozen === 'paused') this.startedAt += now - this.lastStep;
    else if (this.frozen === 'dropping') this.skip(now);
    else this.capture(now);
    this.lastStep = now;
    if (this.frozen === 'backlogged') return;
    while (this.inFlight[0] !== undefined && this.inFlight[0].arrival <= now) {
      const next = this.inFlight.shift() as InFlight;
      this.publication.packet(next.packet);
    }
  }

  private ownMs(now: number): number {
    return (now - this.startedAt) * (1 + this.model.driftPpm / 1e6);
  }

  private skip(now: number): void {
    const elapsed = this.ownMs(now);
    this.audioFrames = Math.ceil(elapsed / this.model.audioMs);
    // It goes on with a keyframe, as encoders do after a loss.
    const { frameMs, gopFrames } = this.model;
    this.frames = Math.ceil(elapsed / frameMs / gopFrames) * gopFrames;
  }

  private capture(now: number): void {
    const elapsed = this.ownMs(now);
    const { frameMs, audioMs } = this.model;
    for (;;) {
      const videoDue = this.frames * frameMs;
      const audioDue = this.audioFrames * audioMs;
      if (Math.min(videoDue, audioDue) > elapsed) return;
      if (videoDue <= audioDue) this.captureVideo(videoDue, now);
      else this.captureAudio(audioDue, now);
    }
  }

  private captureVideo(due: number, now: number): void {
    const { gopFrames, bFrames, frameMs } = this.model;
    const place = this.frames % gopFrames;
    const keyframe = place === 0;
    // Encoders repeat their headers and stamp them as they like, and send data of their own.
    if (keyframe) {
      this.queue(headerPacket(videoConfig(this.model.name), 0), now);
      this.queue(dataPacket(), now);
    }
    const cts = bFrames ? Math.round([2, 3, 1, 0][place % 4]! * frameMs) : 0;
    this.frames += 1;
    const payload = Buffer.from([keyframe ? 0x17 : 0x27, 1, 0, 0, 0, 0, 0, 0, 3, 0x65, 1, 2]);
    payload.writeIntBE(cts, 2, 3);
    this.send('video', due, { keyframe, cts, ctsOffset: 2, payload }, now);
  }

  private captureAudio(due: number, now: number): void {
    this.audioFrames += 1;
    this.send(
      'audio',
      due,
      { keyframe: false, cts: 0, ctsOffset: -1, payload: Buffer.from([0xaf, 1, 9]) },
      now,
    );
  }

  private send(
    track: 'video' | 'audio',
    due: number,
    rest: Pick<MediaPacket, 'keyframe' | 'cts' | 'ctsOffset' | 'payload'>,
    now: number,
  ): void {
    const timestamp = wrapTimestamp(Math.round(due + this.timestampShift));
    const packet: MediaPacket = { track, timestamp, config: null, ...rest };
    const capturedAt = this.startedAt + due / (1 + this.model.driftPpm / 1e6);
    this.onSent({ encoder: this.model.name, track, capturedAt, packet });
    this.queue(packet, now);
    // With a payload of its own, by which it is known.
    if (this.model.hasExtraTracks === true) {
      this.queue(asExtra({ ...packet, payload: Buffer.from(packet.payload) }, 1), now);
    }
  }

  private queue(packet: MediaPacket, now: number): void {
    const { networkMs, jitterMs } = this.model;
    this.lastArrival = Math.max(this.lastArrival, now + networkMs + jitterMs());
    this.inFlight.push({ arrival: this.lastArrival, packet });
  }
}

function videoConfig(name: string): VideoConfig {
  return {
    track: 'video',
    codec: 'avc',
    identity: `avc:${name}`,
    payload: Buffer.from([0x17, 0, 0, 0, 0, 1, 100, 0, 30, 0xff]),
    width: 1280,
    height: 720,
    profile: 'High 3.1',
    nalLengthBytes: 4,
    parameterSets: [Buffer.from([0x67, 100, 0, 30]), Buffer.from([0x68, 1])],
  };
}

function audioConfig(name: string): AudioConfig {
  return {
    track: 'audio',
    codec: 'aac',
    identity: `aac:${name}`,
    payload: Buffer.from([0xaf, 0, 0x12, 0x10]),
    sampleRate: 44_100,
    channels: 2,
    profile: 'LC',
  };
}

function dataPacket(): MediaPacket {
  return {
    track: 'data',
    timestamp: 0,
    cts: 0,
    ctsOffset: -1,
    keyframe: false,
    config: null,
    payload: Buffer.from([2, 0, 0]),
  };
}

function headerPacket(config: VideoConfig | AudioConfig, timestamp: number): MediaPacket {
  return {
    track: config.track,
    timestamp: wrapTimestamp(timestamp),
    cts: 0,
    ctsOffset: -1,
    keyframe: false,
    config,
    payload: config.payload,
  };
}
