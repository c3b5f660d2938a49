/** Each rule of the playlist validator finds the playlist that breaks it. */
import { describe, expect, it } from '@jest/globals';
import { PlaylistValidator, RULE_NAMES } from '../support/hls-validator.ts';

const HEAD = [
  '#EXTM3U',
  '#EXT-X-VERSION:6',
  '#EXT-X-TARGETDURATION:4',
  '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.500',
  '#EXT-X-PART-INF:PART-TARGET=0.5',
];

function part(number: number, index: number, seconds = '0.500'): string {
  return `#EXT-X-PART:DURATION=${seconds},URI="part-${number}-${index}.m4s"`;
}

function segment(number: number, hasParts = true): string[] {
  return [
    `#EXT-X-PROGRAM-DATE-TIME:${new Date(Date.UTC(2026, 0, 1) + number * 2_000).toISOString()}`,
    ...(hasParts ? [0, 1, 2, 3].map((index) => part(number, index)) : []),
    '#EXTINF:2.000,',
    `segment-${number}.m4s`,
  ];
}

/** Segments from `first` to `last`, and two parts of the next one. Segment 12 is a discontinuity. */
function playlist(first: number, last: number): string[] {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const open = last + 1;
  return [
    ...HEAD,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first > 12 ? 1 : 0}`,
    '#EXT-X-MAP:URI="init-a.mp4"',
    ...numbers.flatMap((number) => [
      ...(number === 12 ? ['#EXT-X-DISCONTINUITY'] : []),
      ...segment(number, number > last - 5),
    ]),
    ...segment(open).slice(0, 3),
    `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-${open}-2.m4s"`,
  ];
}

const BEFORE = playlist(10, 17);
const replaced = (from: string | RegExp, to: string) => (lines: string[]) =>
  lines.join('\n').replace(from, to).split('\n');
const without = (text: string) => (lines: string[]) => lines.filter((line) => !line.includes(text));

type Change = (lines: string[]) => string[];

const ONE: ReadonlyArray<readonly [rule: string, change: Change]> = [
  ['no control characters', replaced('segment-14.m4s', 'segment-14\t.m4s')],
  ['EXTM3U is the first line', (lines) => ['#EXT-X-VERSION:6', '#EXTM3U', ...lines.slice(2)]],
  [
    'only tags that a media playlist has',
    (lines) => [...lines.slice(0, 5), '#EXT-X-STREAM-INF:X', ...lines.slice(5)],
  ],
  ['header tags stand once', (lines) => [...lines.slice(0, 2), ...lines.slice(1)]],
  [
    'header tags stand before the first segment',
    (lines) => [
      ...lines.filter((l) => !/DISCONTINUITY-S/.test(l)).slice(0, -1),
      '#EXT-X-DISCONTINUITY-SEQUENCE:0',
      lines.at(-1) ?? '',
    ],
  ],
  ['EXT-X-MAP needs version 6', replaced('VERSION:6', 'VERSION:5')],
  ['TARGETDURATION is whole seconds', replaced('DURATION:4', 'DURATION:4.0')],
  [
    'EXTINF, rounded, is no more than TARGETDURATION',
    replaced('#EXTINF:2.000,\nsegment-17', '#EXTINF:4.500,\nsegment-17'),
  ],
  [
    'every segment has an EXTINF, and its media lasts',
    replaced('#EXTINF:2.000,\nsegment-17', '#EXTINF:0.000,\nsegment-17'),
  ],
  ['every segment with media has an EXT-X-MAP in force', without('EXT-X-MAP')],
  ['EXT-X-PROGRAM-DATE-TIME is an ISO 8601 time with a zone and ms', replaced('.000Z', '.000')],
  ['dates go on by EXTINF, but for discontinuities and gaps', replaced(/(00:00:34\.)000/, '$1100')],
  ['no part is longer than PART-TARGET', replaced(part(17, 1), part(17, 1, '0.501'))],
  [
    'no part but the last one of its segment is shorter than 85 % of PART-TARGET',
    replaced(part(17, 1), part(17, 1, '0.420')),
  ],
  ['the parts of a segment last as long as the segment', without('part-17-3')],
  ['no URI stands twice', replaced('part-17-3', 'part-17-2')],
  ['the server blocks, and players hold back by two parts or more', replaced('BACK=1.500', 'BACK=0.900')],
  [
    'the hint is the last line, and of a part that is not there yet',
    replaced('URI="part-18-2', 'URI="part-18-1'),
  ],
  [
    'parts stand only up to three target durations from the end',
    replaced(
      '#EXTINF:2.000,\nsegment-11',
      `${[0, 1, 2, 3].map((index) => part(11, index)).join('\n')}\n#EXTINF:2.000,\nsegment-11`,
    ),
  ],
];

const TWO: ReadonlyArray<readonly [rule: string, after: string[]]> = [
  ['header tags do not change', replaced('TARGETDURATION:4', 'TARGETDURATION:5')(BEFORE)],
  ['segments leave at the front only, and MEDIA-SEQUENCE counts them', playlist(10, 16)],
  ['a segment that stays does not change', replaced('segment-14.m4s', 'segment-x.m4s')(BEFORE)],
  [
    'parts that stay do not change, and parts are added behind them',
    replaced('part-14-1', 'part-14-x')(BEFORE),
  ],
  [
    'DISCONTINUITY-SEQUENCE rises by the discontinuities that leave',
    replaced('SEQUENCE:1\n', 'SEQUENCE:0\n')(playlist(13, 18)),
  ],
  ['segments leave only while the list lasts three target durations', playlist(14, 18)],
  [
    'the part that was hinted at comes next, or the segment has ended',
    replaced('part-18-2', 'part-18-x')(playlist(11, 18)),
  ],
];

function rulesBrokenBy(...playlists: ReadonlyArray<readonly string[]>): string[] {
  const validator = new PlaylistValidator();
  for (const lines of playlists) validator.take(`${lines.join('\n')}\n`);
  return [...new Set(validator.violations.map(({ rule }) => rule))];
}

describe('the playlist validator', () => {
  it('finds nothing in playlists that are right', () => {
    expect(rulesBrokenBy(BEFORE, playlist(11, 18), playlist(13, 20))).toEqual([]);
  });

  it.each(ONE)('finds: %s', (rule, change) => {
    expect(rulesBrokenBy(change(BEFORE))).toContain(rule);
  });

  it.each(TWO)('finds: %s', (rule, after) => {
    expect(rulesBrokenBy(BEFORE, after)).toContain(rule);
  });

  it('has a case here for every rule', () => {
    expect([...ONE, ...TWO].map(([rule]) => rule)).toEqual(RULE_NAMES);
  });
});
