import type { Clock } from '../media/clock.ts';
import type { MediaPacket } from '../media/packet.ts';
import { AacTrack } from './aac-track.ts';
import { AccessUnits } from './access-units.ts';
import { TrackAlignment } from './track-alignment.ts';

export interface RtspStreamOptions {
  readonly clock: Clock;
  /** The AudioSpecificConfig of the camera's SDP. */
  readonly specificConfig: () => Buffer | null;
  readonly out: (packet: MediaPacket) => void;
  /** What the operator should know: each thing once. */
  readonly note: (text: string) => void;
}

/** Turns what node-media-server makes of RTP into what an encoder would publish. */
export class RtspStream {
  private readonly alignment: TrackAlignment;
  private readonly audio: AacTrack;

  constructor({ clock, specificConfig, out, note }: RtspStreamOptions) {
    let hasNoted = false;
    const units = new AccessUnits(out, () => {
      if (!hasNoted) note('the camera sends B-frames, whose times RTSP does not carry here: turn them off');
      hasNoted = true;
    });
    this.alignment = new TrackAlignment(clock, (packet) => {
      if (packet.track === 'video') units.push(packet);
      else out(packet);
    });
    this.audio = new AacTrack({ specificConfig, note, out: (packet) => this.alignment.push(packet) });
  }

  push(packet: MediaPacket): void {
    if (packet.track === 'audio') this.audio.push(packet);
    else this.alignment.push(packet);
  }
}
