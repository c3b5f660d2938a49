import type { AudioConfig, VideoConfig } from '../media/packet.ts';
import { box, fullBox, u16, u32 } from './box.ts';
import { audioEntry, videoEntry } from './sample-entry.ts';

/** One frame as it stands in a fragment. Times are program time in ms; `data` is shared, nobody may change it. */
export interface Sample {
  readonly time: number;
  readonly cts: number;
  /** Decoding can start here (ISO 14496-12, 8.6.2). */
  readonly isSync: boolean;
  readonly data: Buffer;
}

export interface TimedSample extends Sample {
  readonly durationMs: number;
}

/** What an init segment describes: at least one of the two. */
export interface Tracks {
  readonly video: VideoConfig | null;
  readonly audio: AudioConfig | null;
}

const TRACK_IDS = { video: 1, audio: 2 };
/**
 * 90 kHz, for all tracks and configurations. Program time is whole ms, so no duration is rounded, and nothing drifts. Sound in
 * its sampling rate, as ISO 14496-12, 12.2.3 advises, would change its unit at a switch: FFmpeg goes on in the first one.
 */
const TIMESCALE = 90_000;
const TICKS_PER_MS = TIMESCALE / 1_000;

// ISO 14496-12, 8.8.3.1: sample_depends_on, sample_is_non_sync_sample.
const SYNC_FLAGS = 0x02000000;
const NON_SYNC_FLAGS = 0x01010000;
// 8.8.7.1 and 8.8.8.1
const DEFAULT_BASE_IS_MOOF = 0x020000;
const TRUN_FLAGS = 0x000001 | 0x000100 | 0x000200 | 0x000400 | 0x000800;
const TRUN_ENTRY_BYTES = 16;
/** 8.3.2.1: enabled, in the movie. */
const TKHD_FLAGS = 3;
const IDENTITY_MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/**
 * The initialization section of a media playlist (ISO 14496-12: ftyp and moov without samples). It holds no date and no
 * random number: the same tracks make the same bytes on every host.
 */
export function initSegment({ video, audio }: Tracks): Buffer {
  const traks = [
    ...(video === null ? [] : [videoTrak(video)]),
    ...(audio === null ? [] : [audioTrak(audio)]),
  ];
  const trexs = [
    ...(video === null ? [] : [trex(TRACK_IDS.video)]),
    ...(audio === null ? [] : [trex(TRACK_IDS.audio)]),
  ];
  // AV1 in ISOBMFF, 2.1
  const codecBrand = video?.codec === 'av1' ? 'av01' : '';
  return Buffer.concat([
    box('ftyp', Buffer.from(`iso6\0\0\0\0iso6mp41${codecBrand}`, 'latin1')),
    box('moov', mvhd(), ...traks, box('mvex', ...trexs)),
  ]);
}

/** One movie fragment with its data (ISO 14496-12, 8.8): a part. Samples of a track follow each other without a gap. */
export function fragment(
  samples: { readonly video: readonly TimedSample[]; readonly audio: readonly TimedSample[] },
  sequenceNumber: number,
): Buffer {
  const runs = (['video', 'audio'] as const)
    .filter((track) => samples[track].length > 0)
    .map((track) => ({
      id: TRACK_IDS[track],
      samples: samples[track],
    }));
  const mfhd = fullBox('mfhd', 0, 0, u32(sequenceNumber));
  const moofBytes =
    8 + mfhd.length + runs.reduce((sum, run) => sum + TRAF_BYTES + TRUN_ENTRY_BYTES * run.samples.length, 0);
  let dataOffset = moofBytes + 8;
  const trafs = runs.map((run) => {
    const bytes = traf(run, dataOffset);
    dataOffset += run.samples.reduce((sum, { data }) => sum + data.length, 0);
    return bytes;
  });
  return Buffer.concat([
    box('moof', mfhd, ...trafs),
    u32(dataOffset - moofBytes),
    Buffer.from('mdat', 'latin1'),
    ...runs.flatMap((run) => run.samples.map(({ data }) => data)),
  ]);
}

interface Run {
  readonly id: number;
  readonly samples: readonly TimedSample[];
}

/** traf, tfhd, tfdt and trun without its entries. */
const TRAF_BYTES = 8 + 16 + 20 + 20;

/** 8.8.6 */
function traf({ id, samples }: Run, dataOffset: number): Buffer {
  const entries = Buffer.alloc(TRUN_ENTRY_BYTES * samples.length);
  for (const [index, { durationMs, cts, isSync, data }] of samples.entries()) {
    const at = TRUN_ENTRY_BYTES * index;
    entries.writeUInt32BE(durationMs * TICKS_PER_MS, at);
    entries.writeUInt32BE(data.length, at + 4);
    entries.writeUInt32BE(isSync ? SYNC_FLAGS : NON_SYNC_FLAGS, at + 8);
    entries.writeUInt32BE(Math.round(Math.max(0, cts) * TICKS_PER_MS), at + 12);
  }
  const base = Buffer.alloc(8);
  base.writeBigUInt64BE(BigInt((samples[0]?.time ?? 0) * TICKS_PER_MS));
  return box(
    'traf',
    fullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF, u32(id)),
    fullBox('tfdt', 1, 0, base),
    fullBox('trun', 0, TRUN_FLAGS, u32(samples.length, dataOffset), entries),
  );
}

/** 8.2.2. No duration: that of the fragments is not known. */
function mvhd(): Buffer {
  return fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, TIMESCALE, 0, 0x10000),
    u16(0x0100, 0),
    u32(0, 0),
    IDENTITY_MATRIX,
    u32(0, 0, 0, 0, 0, 0),
    u32(3), // next_track_ID
  );
}

function videoTrak(video: VideoConfig): Buffer {
  const { width, height } = video;
  return trak({
    id: TRACK_IDS.video,
    volume: 0,
    width,
    height,
    handler: 'vide',
    mediaHeader: fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)),
    entry: videoEntry(video),
  });
}

function audioTrak(audio: AudioConfig): Buffer {
  return trak({
    id: TRACK_IDS.audio,
    volume: 0x0100,
    width: 0,
    height: 0,
    handler: 'soun',
    mediaHeader: fullBox('smhd', 0, 0, u16(0, 0)),
    entry: audioEntry(audio),
  });
}

/** 8.3.1 */
function trak(options: {
  readonly id: number;
  readonly volume: number;
  readonly width: number;
  readonly height: number;
  readonly handler: 'vide' | 'soun';
  readonly mediaHeader: Buffer;
  readonly entry: Buffer;
}): Buffer {
  const { id, volume, width, height, handler, mediaHeader, entry } = options;
  const LANGUAGE_UND = 0x55c4;
  const tkhd = fullBox(
    'tkhd',
    0,
    TKHD_FLAGS,
    u32(0, 0, id, 0, 0, 0, 0),
    u16(0, 0, volume, 0),
    IDENTITY_MATRIX,
    u32(width * 2 ** 16, height * 2 ** 16),
  );
  const stbl = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), entry),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );
  const dinf = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const mdia = box(
    'mdia',
    fullBox('mdhd', 0, 0, u32(0, 0, TIMESCALE, 0), u16(LANGUAGE_UND, 0)),
    fullBox('hdlr', 0, 0, u32(0), Buffer.from(handler, 'latin1'), u32(0, 0, 0), Buffer.from([0])),
    box('minf', mediaHeader, dinf, stbl),
  );
  return box('trak', tkhd, mdia);
}

/** 8.8.3. Every sample says all of itself in its trun. */
function trex(id: number): Buffer {
  return fullBox('trex', 0, 0, u32(id, 1, 0, 0, 0));
}
