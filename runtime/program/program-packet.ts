import type { CodecConfig, Extra, Metadata, VideoConfig } from '../media/packet.ts';

/**
 * What a program puts out, in order. `time` is its DTS in ms of program time. A frame's `payload` is the input's own
 * bytes, by reference; `cts` is what goes to viewers and may differ from the one that stands in it.
 */
export type ProgramPacket =
  | {
      readonly kind: 'frame';
      readonly track: 'video' | 'audio';
      readonly time: number;
      readonly cts: number;
      readonly ctsOffset: number;
      readonly keyframe: boolean;
      readonly payload: Buffer;
      readonly modEx?: Buffer;
      /** What a keyframe is decoded with; not where its payload has that in-band already. */
      readonly config?: VideoConfig;
    }
  | {
      readonly kind: 'header';
      readonly track: 'video' | 'audio';
      readonly time: number;
      readonly config: CodecConfig;
    }
  /** A frame or header of an extra track: for viewers that said they can take it. */
  | {
      readonly kind: 'extra';
      readonly time: number;
      readonly cts: number;
      readonly ctsOffset: number;
      readonly payload: Buffer;
      readonly modEx?: Buffer;
      readonly extra: Extra;
    }
  | { readonly kind: 'data'; readonly time: number; readonly payload: Buffer }
  | { readonly kind: 'metadata'; readonly time: number; readonly metadata: Metadata }
  /** The source changes here: a splice. */
  | { readonly kind: 'splice'; readonly time: number; readonly source: string };
