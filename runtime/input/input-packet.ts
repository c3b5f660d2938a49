import type { AudioConfig, MediaPacket, VideoConfig } from '../media/packet.ts';
import type { Anchor } from './packet-clock.ts';

/** A packet as an input holds it: where it stands on the input's clock. Shared by all programs that list the input. */
export interface InputPacket {
  readonly packet: MediaPacket;
  /** ms, unwrapped. */
  readonly dts: number;
  readonly anchor: Anchor;
  /** Counts the frames and data of a publication, from 1; a header has the number of what came before it. */
  readonly sequence: number;
}

/** M(dts): ms since the epoch. */
export function programTime(p: InputPacket): number {
  return p.dts + p.anchor.offset;
}

/** The codec configurations that the packets behind them need. */
export interface Headers {
  readonly video: VideoConfig | null;
  readonly audio: AudioConfig | null;
  /** Those of extra tracks, and what goes with the default ones; one of a kind. */
  readonly extras: readonly MediaPacket[];
}

export const NO_HEADERS: Headers = { video: null, audio: null, extras: [] };
