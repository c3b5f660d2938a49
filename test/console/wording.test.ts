import { describe, expect, it } from '@jest/globals';
import { announcementsBetween } from '../../runtime/console/model/announcements.ts';
import { backOffMs } from '../../runtime/console/model/back-off.ts';
import {
  channelsName,
  codecName,
  formatAge,
  formatBitRate,
  formatBytes,
  formatCount,
  formatFrameRate,
  formatLeft,
  formatLength,
  formatMoment,
} from '../../runtime/console/model/format.ts';
import { hostState, NOW, programState } from './states.ts';

describe('figures', () => {
  it.each([
    [formatAge(7_400), '0:07'],
    [formatAge(86_399_999), '23:59:59'],
    [formatAge(100 * 3_600_000), '4 d 4 h'],
    [formatLeft(9_001), '0:10'],
    [formatLeft(-5), '0:00'],
    [formatBitRate(null), '–'],
    [formatBitRate(840.4), '840 kbit/s'],
    [formatBitRate(2_480), '2.48 Mbit/s'],
    [formatBitRate(12_480), '12.5 Mbit/s'],
    [formatFrameRate(29.97), '29.97 fps'],
    [formatFrameRate(30), '30 fps'],
    [formatFrameRate(null), '–'],
    [formatCount(1, 'viewer'), '1 viewer'],
    [formatCount(12_345, 'viewer'), '12,345 viewers'],
    [formatBytes(12_345), '12 kB'],
    [formatBytes(146_300_000), '146.3 MB'],
    [formatBytes(2_500_000_000), '2.50 GB'],
    [formatLength(10_000), '10 s'],
    [formatLength(600_000), '10 min'],
    [formatLength(28_800_000), '8 h'],
    [codecName('avc'), 'H.264'],
    [codecName('.mp3'), 'MP3'],
    [codecName('vvc1'), 'vvc1'],
    [channelsName(2), 'stereo'],
    [channelsName(3), '3 channels'],
  ])('%s', (given, expected) => {
    expect(given).toBe(expected);
  });

  it('name the day where it is another one', () => {
    expect(formatMoment(NOW, NOW)).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(formatMoment(NOW - 48 * 3_600_000, NOW)).toMatch(/^1[23] Nov \d\d:\d\d:\d\d$/);
  });
});

describe('announcements', () => {
  const before = hostState();
  it('say what went on air, and what began and ended', () => {
    const pin = { source: 'backup/spare', by: 'Mira', reason: '', automatic: false, expiresAt: NOW };
    const after = hostState({ programs: [programState({ onAir: 'backup/spare', pin })], state: 'draining' });
    expect(announcementsBetween(before, after)).toEqual([
      'camera1: backup/spare is on air',
      'camera1: pinned to backup/spare by Mira',
      'The host is draining',
    ]);
    expect(announcementsBetween(after, { ...before, state: 'draining' })).toEqual([
      'camera1: master/camera1 is on air',
      'camera1: the pin has ended',
    ]);
    expect(announcementsBetween(before, hostState({ programs: [programState({ onAir: null })] }))).toEqual([
      'camera1: off air',
    ]);
  });

  it('do not repeat what is as it was, and do not begin with it', () => {
    expect(announcementsBetween(before, hostState({ now: NOW + 1_000 }))).toEqual([]);
    expect(announcementsBetween(null, before)).toEqual([]);
  });
});

describe('the back-off of previews', () => {
  it('doubles up to a bound, and takes off up to a half', () => {
    expect([1, 2, 3, 4, 5, 6, 100].map((failures) => backOffMs(failures, 0))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
    expect(backOffMs(1, 1)).toBe(500);
  });
});
