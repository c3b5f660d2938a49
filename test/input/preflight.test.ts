/** The preflight names every mismatch between a master and its backup, before a failover needs them to match. */
import { describe, expect, it } from '@jest/globals';
import { asExtra } from '../../runtime/codec/media-header.ts';
import {
  findClockTrouble,
  findMismatches,
  type Mismatch,
  type StreamProfile,
} from '../../runtime/input/preflight.ts';
import type { StreamRates } from '../../runtime/input/stream-meter.ts';
import type { AudioConfig, VideoConfig } from '../../runtime/media/packet.ts';
import { headerPacket } from './sample-packets.ts';

const VIDEO: VideoConfig = {
  track: 'video',
  codec: 'avc',
  identity: 'avc:1',
  payload: Buffer.alloc(0),
  width: 1920,
  height: 1080,
  profile: 'High 4.0',
  nalLengthBytes: 4,
  parameterSets: [],
};
const AUDIO: AudioConfig = {
  track: 'audio',
  codec: 'aac',
  identity: 'aac:1',
  payload: Buffer.alloc(0),
  sampleRate: 48_000,
  channels: 2,
  profile: 'LC',
};
const RATES: StreamRates = { videoKbps: 4_000, audioKbps: 128, frameRate: 30, gopMs: 2_000 };

interface Changes {
  readonly video?: Partial<VideoConfig> | null;
  readonly audio?: Partial<AudioConfig> | null;
  readonly rates?: Partial<StreamRates> | null;
}

function profile(name: string, { video = {}, audio = {}, rates = {} }: Changes = {}): StreamProfile {
  return {
    name,
    headers: { video: video && { ...VIDEO, ...video }, audio: audio && { ...AUDIO, ...audio }, extras: [] },
    rates: rates && { ...RATES, ...rates },
  };
}

interface Case {
  readonly name: string;
  readonly backup: Changes;
  readonly what: Mismatch['what'];
  /** What the text must hold: both values. */
  readonly says: readonly string[];
}

const cases: Case[] = [
  { name: 'video codec', backup: { video: { codec: 'hevc' } }, what: 'video-codec', says: ['avc', 'hevc'] },
  {
    name: 'profile',
    backup: { video: { profile: 'Main 4.0' } },
    what: 'video-profile',
    says: ['High 4.0', 'Main 4.0'],
  },
  { name: 'width', backup: { video: { width: 1280 } }, what: 'size', says: ['1920x1080', '1280x1080'] },
  { name: 'height', backup: { video: { height: 1088 } }, what: 'size', says: ['1920x1080', '1920x1088'] },
  { name: 'frame rate', backup: { rates: { frameRate: 25 } }, what: 'frame-rate', says: ['30', '25'] },
  { name: 'GOP', backup: { rates: { gopMs: 4_000 } }, what: 'gop', says: ['2000 ms', '4000 ms'] },
  { name: 'audio codec', backup: { audio: { codec: 'mp3' } }, what: 'audio-codec', says: ['aac', 'mp3'] },
  {
    name: 'audio profile',
    backup: { audio: { profile: 'HE' } },
    what: 'audio-codec',
    says: ['aac LC', 'aac HE'],
  },
  {
    name: 'audio rate',
    backup: { audio: { sampleRate: 44_100 } },
    what: 'audio-rate',
    says: ['48000 Hz', '44100 Hz'],
  },
  { name: 'channels', backup: { audio: { channels: 1 } }, what: 'channels', says: ['2', '1'] },
  { name: 'no video', backup: { video: null }, what: 'missing-track', says: ['no video'] },
  { name: 'no audio', backup: { audio: null }, what: 'missing-track', says: ['no audio'] },
];

const MASTER = 'master/camera1';
const BACKUP = 'backup/spare';

describe('the preflight', () => {
  it.each(cases)('reports a backup with another $name, and nothing else', ({ backup, what, says }) => {
    const found = findMismatches(profile(MASTER), profile(BACKUP, backup));
    expect(found.map((mismatch) => mismatch.what)).toEqual([what]);
    for (const part of [...says, MASTER, BACKUP]) expect(found[0]?.text).toContain(part);
  });

  it.each(cases)('reports the same of a master with another $name', ({ backup, what, says }) => {
    const found = findMismatches(profile(MASTER, backup), profile(BACKUP));
    expect(found.map((mismatch) => mismatch.what)).toEqual([what]);
    for (const part of [...says, MASTER, BACKUP]) expect(found[0]?.text).toContain(part);
  });

  it('says nothing of equal streams', () => {
    expect(findMismatches(profile(MASTER), profile(BACKUP))).toEqual([]);
  });

  it.each<[name: string, backup: Changes]>([
    ['figures that were measured a little differently', { rates: { frameRate: 29.97, gopMs: 2_002 } }],
    ['another bit rate', { rates: { videoKbps: 500, audioKbps: 64 } }],
    ['a size that is not known', { video: { width: 0, height: 0 } }],
    ['another identity of the same codec', { video: { identity: 'avc:2' } }],
    ['rates that are not known yet', { rates: null }],
    ['a GOP that is not known yet', { rates: { gopMs: 0 } }],
    ['a frame rate that is not known yet', { rates: { frameRate: 0 } }],
  ])('says nothing of %s', (_name, backup) => {
    expect(findMismatches(profile(MASTER), profile(BACKUP, backup))).toEqual([]);
  });

  it('reports extra tracks that only one has, by their number', () => {
    const header = headerPacket(VIDEO);
    const withTrack = (name: string, trackId: number): StreamProfile => {
      const { headers, rates } = profile(name);
      return { name, headers: { ...headers, extras: [asExtra(header, trackId)] }, rates };
    };
    const found = findMismatches(withTrack(MASTER, 1), withTrack(BACKUP, 2));
    expect(found.map(({ what, text }) => [what, text.split(' and ')[0]])).toEqual([
      ['missing-track', `${BACKUP} has no video 1`],
      ['missing-track', `${MASTER} has no video 2`],
    ]);
    // What goes with the default track is none.
    expect(findMismatches(withTrack(MASTER, 0), profile(BACKUP))).toEqual([]);
  });

  it('warns of a long GOP even where both have it, naming each', () => {
    const long = { rates: { gopMs: 10_000 } };
    const found = findMismatches(profile(MASTER, long), profile(BACKUP, long));
    expect(found.map(({ what }) => what)).toEqual(['long-gop', 'long-gop']);
    expect(found.map(({ text }) => text)).toEqual([
      expect.stringContaining(MASTER),
      expect.stringContaining(BACKUP),
    ]);
    expect(found[0]?.text).toContain('keyframe interval of 2 s');
  });

  it('reports all mismatches at once', () => {
    const backup = profile(BACKUP, {
      video: { codec: 'hevc', width: 1280, height: 720 },
      audio: { sampleRate: 44_100, channels: 1 },
      rates: { frameRate: 50, gopMs: 8_000 },
    });
    expect(findMismatches(profile(MASTER), backup).map(({ what }) => what)).toEqual([
      'video-codec',
      'size',
      'audio-rate',
      'channels',
      'frame-rate',
      'gop',
      'long-gop',
    ]);
  });
});

describe('the time at which an input comes from another host', () => {
  it.each([
    ['is not known', null, null],
    ['is what a way takes', 3, null],
    ['is early by what a clock may differ', -50, null],
    ['is early by more', -51, /comes 51 ms before its time: .*NTP/],
    ['is that of a long way', 1_000, null],
    ['is later', 1_001, /comes 1001 ms late from its host/],
  ])('%s', (_name, latenessMs, text) => {
    const found = findClockTrouble('master/camera1', latenessMs);
    if (text === null) expect(found).toBeNull();
    else expect(found).toMatch(text);
  });
});
