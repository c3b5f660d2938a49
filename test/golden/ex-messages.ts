import { bytes } from './bytes.ts';

export interface ExMessageCase {
  readonly name: string;
  readonly medium: 'video' | 'audio';
  readonly bytes: Buffer;
  /** Its tracks, in order: the id, and the message as it would be of that track alone. */
  readonly message: ReadonlyArray<{ readonly trackId: number; readonly plain: Buffer }>;
  readonly modEx?: Buffer;
}

/** A timestamp offset of three bytes, 999,999 ns, and the packet type behind it. */
const nano = (next: number): string => `02 0f423f 0${next}`;

/** Messages with modifiers and of several tracks (E-RTMP v2). */
export const exMessages: readonly ExMessageCase[] = [
  {
    name: 'one track without anything',
    medium: 'video',
    bytes: bytes("91 'hvc1' 000021 00000001 26"),
    message: [{ trackId: 0, plain: bytes("91 'hvc1' 000021 00000001 26") }],
  },
  {
    name: 'nanoseconds in front of coded frames',
    medium: 'video',
    bytes: bytes(`97 ${nano(1)} 'hvc1' 000021 00000001 26`),
    message: [{ trackId: 0, plain: bytes("91 'hvc1' 000021 00000001 26") }],
    modEx: bytes(`${nano(1)}`),
  },
  {
    name: 'two modifiers, one of an unknown type',
    medium: 'audio',
    bytes: bytes(`97 00 aa 57 ${nano(1)} 'Opus' fc`),
    message: [{ trackId: 0, plain: bytes("91 'Opus' fc") }],
    modEx: bytes(`00 aa 57 ${nano(1)}`),
  },
  {
    name: 'a modifier with a size of 16 bits, which is too long to be kept',
    medium: 'audio',
    bytes: bytes("97 ff 00ff 00*256 01 'Opus' fc"),
    message: [{ trackId: 0, plain: bytes("91 'Opus' fc") }],
  },
  {
    name: 'one track with an id',
    medium: 'video',
    bytes: bytes("96 01 'avc1' 02 000005 00000001 65"),
    message: [{ trackId: 2, plain: bytes("91 'avc1' 000005 00000001 65") }],
  },
  {
    name: 'the default track with its id',
    medium: 'audio',
    bytes: bytes("95 01 'mp4a' 00 2110"),
    message: [{ trackId: 0, plain: bytes("91 'mp4a' 2110") }],
  },
  {
    name: 'many tracks of a codec',
    medium: 'video',
    bytes: bytes("a6 13 'av01' 00 000002 3200 01 000003 320100"),
    message: [
      { trackId: 0, plain: bytes("a3 'av01' 3200") },
      { trackId: 1, plain: bytes("a3 'av01' 320100") },
    ],
  },
  {
    name: 'many tracks of many codecs, with nanoseconds',
    medium: 'audio',
    bytes: bytes(`97 ${nano(5)} 21 'mp4a' 00 000002 2110 'Opus' 07 000001 fc`),
    message: [
      { trackId: 0, plain: bytes("91 'mp4a' 2110") },
      { trackId: 7, plain: bytes("91 'Opus' fc") },
    ],
    modEx: bytes(`${nano(5)}`),
  },
  {
    name: 'a multitrack type of the future',
    medium: 'video',
    bytes: bytes("96 31 'avc1' 00 00"),
    message: [],
  },
  { name: 'multitrack in multitrack', medium: 'audio', bytes: bytes("95 05 'mp4a' 00 00"), message: [] },
  { name: 'a modifier that is cut short', medium: 'video', bytes: bytes('97 02 0f42'), message: [] },
  { name: 'a modifier without a size', medium: 'video', bytes: bytes('97'), message: [] },
  { name: 'multitrack without more', medium: 'video', bytes: bytes('96'), message: [] },
];
