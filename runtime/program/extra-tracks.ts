import { type InputPacket, programTime } from '../input/input-packet.ts';
import type { CodecConfig, Extra, MediaPacket, VideoConfig } from '../media/packet.ts';
import { withParameterSets } from '../media/parameter-sets.ts';
import type { ProgramPacket } from './program-packet.ts';

type ExtraPacket = Extract<ProgramPacket, { kind: 'extra' }>;

type Reached = Readonly<Record<Extra['medium'], number>>;

interface TrackState {
  readonly medium: Extra['medium'];
  /** Last time that was put out. */
  last: number;
  /** What it had reached when the current source was entered. */
  floor: number;
  awaitsKeyframe: boolean;
  sentIdentity: string | null;
  /** Header byte and FourCC of what was sent last of Metadata; null where there was none. */
  metadataHead: Buffer | null;
  /** The configuration that must stand in front of the next keyframe, because it differs from the one before. */
  inBandDue: VideoConfig | null;
}

/** `colorInfo` and undefined in AMF0: colours are again as the codec has them (E-RTMP v2, "Metadata Frame"). */
const NO_COLOUR_INFO = Buffer.from('\x02\x00\x09colorInfo\x06', 'latin1');
const EX_HEADER_BYTES = 5;
/** A track that is so little behind the default one goes on where it is: its next frame has just not come yet. */
const GOING_ON_MS = 1_000;

/**
 * Joins the extra tracks of a program's inputs by the same rule as the default ones (Splicer). A track goes on at a keyframe
 * of its own. What the new source does not have just ends; nothing is measured, and nothing waits.
 */
export class ExtraTracks {
  private readonly put: (packet: ExtraPacket) => void;
  private readonly tracks = new Map<string, TrackState>();
  private reached: Reached = { video: Number.NEGATIVE_INFINITY, audio: Number.NEGATIVE_INFINITY };

  constructor(put: (packet: ExtraPacket) => void) {
    this.put = put;
  }

  /** Another source begins, with these headers, at `time`. `reached`: what viewers have of the default tracks. */
  enter(headers: readonly MediaPacket[], time: number, reached: Reached): void {
    this.reached = reached;
    for (const state of this.tracks.values()) {
      if (reached[state.medium] - state.last > GOING_ON_MS) state.last = reached[state.medium];
      state.floor = state.last;
      state.awaitsKeyframe = true;
    }
    if (!headers.some(({ extra }) => extra !== undefined && isMetadata(extra))) this.resetColours(time);
    for (const packet of headers) if (packet.extra !== undefined) this.putHeader(packet, packet.extra, time);
  }

  /** One packet of the source that is on air. */
  packet(p: InputPacket): void {
    const { extra } = p.packet;
    if (extra === undefined) return;
    if (extra.config !== null) this.putHeader(p.packet, extra, programTime(p));
    else this.putFrame(p, extra);
  }

  private putFrame(p: InputPacket, extra: Extra): void {
    const state = this.state(extra);
    const own = programTime(p);
    if (extra.medium === 'video') {
      if (state.awaitsKeyframe && !extra.keyframe) return;
      state.awaitsKeyframe = false;
    } else if (own <= state.floor) return;
    const due = extra.keyframe ? state.inBandDue : null;
    if (due !== null) state.inBandDue = null;
    const time = Math.max(state.last + 1, own);
    state.last = time;
    const { cts, ctsOffset, payload, modEx } = p.packet;
    this.put({
      kind: 'extra',
      time,
      cts: extra.medium === 'video' ? Math.max(0, own + cts - time) : 0,
      ctsOffset,
      payload: due === null ? payload : withParameterSets(p.packet, due),
      ...(modEx && { modEx }),
      extra,
    });
  }

  private putHeader({ payload }: MediaPacket, extra: Extra, time: number): void {
    const state = this.state(extra);
    const config: CodecConfig | null = extra.config;
    if (config === null || config.identity === state.sentIdentity) return;
    if (config.track === 'video' && state.sentIdentity !== null) state.inBandDue = config;
    state.sentIdentity = config.identity;
    if (isMetadata(extra)) state.metadataHead = payload.subarray(0, EX_HEADER_BYTES);
    const placed = Math.max(time, state.last);
    this.put({ kind: 'extra', time: placed, cts: 0, ctsOffset: -1, payload, extra });
  }

  /** The new source says nothing of its colours: those of the old one must not stay. */
  private resetColours(time: number): void {
    for (const state of this.tracks.values()) {
      if (state.metadataHead === null) continue;
      const payload = Buffer.concat([state.metadataHead, NO_COLOUR_INFO]);
      state.metadataHead = null;
      state.sentIdentity = null;
      const extra: Extra = { medium: 'video', trackId: 0, keyframe: false, config: null };
      this.put({ kind: 'extra', time, cts: 0, ctsOffset: -1, payload, extra });
    }
  }

  private state({ medium, trackId }: Extra): TrackState {
    const key = `${medium} ${trackId}`;
    let state = this.tracks.get(key);
    if (state === undefined) {
      const reached = this.reached[medium];
      state = {
        medium,
        last: reached,
        floor: reached,
        awaitsKeyframe: true,
        sentIdentity: null,
        metadataHead: null,
        inBandDue: null,
      };
      this.tracks.set(key, state);
    }
    return state;
  }
}

function isMetadata({ medium, trackId }: Extra): boolean {
  return medium === 'video' && trackId === 0;
}
