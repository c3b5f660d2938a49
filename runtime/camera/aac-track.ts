import { parseAudio } from '../codec/media-header.ts';
import type { MediaPacket } from '../media/packet.ts';

/**
 * The audio of an RTSP camera as FLV wants it. node-media-server never sends the AAC configuration, without which
 * nobody can decode, and gives all frames of an RTP packet the same time. Both are put right here. What is not AAC
 * (cameras speak G.711 by default) is left out: browsers play none of it over FLV.
 */

const SOUND_FORMAT_AAC = 10;
/** AAC, and what the three other fields of the first byte must be for AAC (FLV 10.1, E.4.2.1). */
const AAC_HEADER = Buffer.from([0xaf, 0]);
const SAMPLES_PER_FRAME = 1_024; // ISO 14496-3, 4.5.1.1
/** SBR doubles the rate, and so what a frame has of it (4.6.18.1). */
const SAMPLES_PER_SBR_FRAME = 2_048;
const SOUND_FORMATS = new Map([
  [7, 'G.711 A-law'],
  [8, 'G.711 mu-law'],
]);

export interface AacTrackOptions {
  /** The AudioSpecificConfig that the camera's SDP names; null where it names none. */
  readonly specificConfig: () => Buffer | null;
  readonly out: (packet: MediaPacket) => void;
  /** What the operator should know. Called once. */
  readonly note: (text: string) => void;
}

export class AacTrack {
  private readonly options: AacTrackOptions;
  private state: 'new' | 'playing' | 'left out' = 'new';
  private frameMs = 0;
  private lastTimestamp = -1;
  /** Frames that have had `lastTimestamp`. */
  private repeats = 0;

  constructor(options: AacTrackOptions) {
    this.options = options;
  }

  /** Takes audio packets, in order. */
  push(packet: MediaPacket): void {
    if (this.state === 'new') this.begin(packet);
    if (this.state === 'left out' || packet.config !== null) return;
    this.repeats = packet.timestamp === this.lastTimestamp ? this.repeats + 1 : 0;
    this.lastTimestamp = packet.timestamp;
    const timestamp = packet.timestamp + Math.round(this.repeats * this.frameMs);
    this.options.out(this.repeats === 0 ? packet : { ...packet, timestamp });
  }

  private begin(packet: MediaPacket): void {
    const format = (packet.payload[0] ?? 0) >> 4;
    if (format !== SOUND_FORMAT_AAC) {
      const name = SOUND_FORMATS.get(format) ?? `sound format ${format}`;
      this.leaveOut(`the camera's ${name} audio is left out: set the camera to AAC`);
      return;
    }
    const config = this.options.specificConfig();
    const header = config === null ? null : parseAudio(Buffer.concat([AAC_HEADER, config]), packet.timestamp);
    if (header?.config?.track !== 'audio') {
      this.leaveOut("the camera's AAC audio is left out: its SDP has no configuration of it");
      return;
    }
    const { sampleRate, profile } = header.config;
    const samples = profile.startsWith('HE-AAC') ? SAMPLES_PER_SBR_FRAME : SAMPLES_PER_FRAME;
    this.frameMs = sampleRate === 0 ? 0 : (samples * 1_000) / sampleRate;
    this.state = 'playing';
    this.options.out(header);
  }

  private leaveOut(why: string): void {
    this.state = 'left out';
    this.options.note(why);
  }
}
