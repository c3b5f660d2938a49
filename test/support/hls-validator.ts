/**
 * What a live media playlist must be, written from draft-pantos-hls-rfc8216bis and from nothing of the code under test.
 * Each rule has a name and a section; `PlaylistValidator` holds what a player sees, one playlist after the other.
 */

export interface ListedPart {
  readonly line: string;
  readonly uri: string;
  readonly durationMs: number;
  readonly isIndependent: boolean;
}

export interface ListedSegment {
  readonly number: number;
  /** Null while its parts are all that there is of it. */
  readonly uri: string | null;
  readonly durationMs: number;
  readonly dateTime: string | null;
  readonly isDiscontinuity: boolean;
  readonly isGap: boolean;
  /** In force for it. */
  readonly map: string | null;
  readonly parts: readonly ListedPart[];
}

export interface Playlist {
  readonly text: string;
  readonly lines: readonly string[];
  readonly targetMs: number;
  readonly partTargetMs: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** The last one may have parts alone. */
  readonly segments: readonly ListedSegment[];
  readonly hint: string | null;
}

export interface Violation {
  readonly rule: string;
  readonly section: string;
  readonly detail: string;
}

const SEGMENT_TAGS = [
  'EXTINF',
  'EXT-X-DISCONTINUITY',
  'EXT-X-MAP',
  'EXT-X-PROGRAM-DATE-TIME',
  'EXT-X-GAP',
  'EXT-X-PART',
];
const HEADER_TAGS = [
  'EXT-X-VERSION',
  'EXT-X-TARGETDURATION',
  'EXT-X-SERVER-CONTROL',
  'EXT-X-PART-INF',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
];
const ROUNDING_MS = 1;

/** Attribute lists (4.2). */
export function attributes(line: string): Map<string, string> {
  const list = line.slice(line.indexOf(':') + 1);
  return new Map(
    [...list.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)].map(([, name, value]) => [
      name ?? '',
      (value ?? '').replaceAll('"', ''),
    ]),
  );
}

function tagOf(line: string): string {
  return /^#(EXT[A-Z0-9-]*)/.exec(line)?.[1] ?? '';
}

export function parsePlaylist(text: string): Playlist {
  const lines = text.split('\n').filter((line) => line !== '');
  const value = (tag: string): string => {
    const line = lines.find((one) => tagOf(one) === tag);
    return line?.slice(tag.length + 2) ?? '';
  };
  const mediaSequence = Number(value('EXT-X-MEDIA-SEQUENCE') || 0);
  const segments: ListedSegment[] = [];
  let map: string | null = null;
  const fresh = () => ({
    durationMs: Number.NaN,
    dateTime: null as string | null,
    isDiscontinuity: false,
    isGap: false,
    parts: [] as ListedPart[],
  });
  let next = fresh();
  const add = (uri: string | null): void => {
    segments.push({ ...next, uri, map, number: mediaSequence + segments.length });
    next = fresh();
  };
  for (const line of lines) {
    const tag = tagOf(line);
    if (tag === 'EXTINF') next.durationMs = ms(/^#EXTINF:([\d.]+),/.exec(line)?.[1]);
    else if (tag === 'EXT-X-DISCONTINUITY') next.isDiscontinuity = true;
    else if (tag === 'EXT-X-GAP') next.isGap = true;
    else if (tag === 'EXT-X-MAP') map = attributes(line).get('URI') ?? null;
    else if (tag === 'EXT-X-PROGRAM-DATE-TIME') next.dateTime = line.slice(line.indexOf(':') + 1);
    else if (tag === 'EXT-X-PART') next.parts.push(parsePart(line));
    else if (!line.startsWith('#')) add(line);
  }
  if (next.parts.length > 0) add(null);
  const hint = lines.find((line) => tagOf(line) === 'EXT-X-PRELOAD-HINT');
  return {
    text,
    lines,
    targetMs: ms(value('EXT-X-TARGETDURATION')),
    partTargetMs: ms(attributes(`:${value('EXT-X-PART-INF')}`).get('PART-TARGET')),
    mediaSequence,
    discontinuitySequence: Number(value('EXT-X-DISCONTINUITY-SEQUENCE') || 0),
    segments,
    hint: hint === undefined ? null : (attributes(hint).get('URI') ?? null),
  };
}

function parsePart(line: string): ListedPart {
  const list = attributes(line);
  return {
    line,
    uri: list.get('URI') ?? '',
    durationMs: ms(list.get('DURATION')),
    isIndependent: list.get('INDEPENDENT') === 'YES',
  };
}

function ms(seconds: string | undefined): number {
  return Math.round(Number(seconds ?? Number.NaN) * 1_000);
}

/** What one playlist must be. Each returns what is wrong. */
type Rule = (playlist: Playlist) => readonly string[];

const RULES: ReadonlyArray<readonly [name: string, section: string, rule: Rule]> = [
  ['no control characters', '4.1', ({ text }) => (/[^\n\x20-\x7e]/.test(text) ? ['one is there'] : [])],
  ['EXTM3U is the first line', '4.4.1.1', ({ lines }) => (lines[0] === '#EXTM3U' ? [] : [lines[0] ?? ''])],
  [
    'only tags that a media playlist has',
    '4.1',
    ({ lines }) => {
      const known = [...SEGMENT_TAGS, ...HEADER_TAGS, 'EXTM3U', 'EXT-X-PRELOAD-HINT'];
      return lines.filter((line) => line.startsWith('#') && !known.includes(tagOf(line)));
    },
  ],
  [
    'header tags stand once',
    '4.4.1, 4.4.3',
    ({ lines }) => HEADER_TAGS.filter((tag) => lines.filter((line) => tagOf(line) === tag).length !== 1),
  ],
  [
    'header tags stand before the first segment',
    '4.4.3.2, 4.4.3.3',
    ({ lines }) => {
      const first = lines.findIndex((line) => SEGMENT_TAGS.includes(tagOf(line)) || !line.startsWith('#'));
      return lines
        .slice(first === -1 ? lines.length : first)
        .filter((line) => HEADER_TAGS.includes(tagOf(line)));
    },
  ],
  [
    'EXT-X-MAP needs version 6',
    '8',
    ({ lines }) => (lines.includes('#EXT-X-VERSION:6') ? [] : [lines[1] ?? '']),
  ],
  [
    'TARGETDURATION is whole seconds',
    '4.4.3.1',
    ({ lines }) => lines.filter((line) => tagOf(line) === 'EXT-X-TARGETDURATION' && !/:[1-9]\d*$/.test(line)),
  ],
  [
    'EXTINF, rounded, is no more than TARGETDURATION',
    '4.4.3.1',
    ({ segments, targetMs }) =>
      whole(segments)
        .filter(({ durationMs }) => !(Math.round(durationMs / 1_000) * 1_000 <= targetMs))
        .map(({ number, durationMs }) => `${number}: ${durationMs} ms`),
  ],
  [
    'every segment has an EXTINF, and its media lasts',
    '4.4.4.1',
    ({ segments }) =>
      whole(segments)
        .filter(({ durationMs }) => !(durationMs > 0))
        .map(describe),
  ],
  [
    'every segment with media has an EXT-X-MAP in force',
    '4.4.4.5',
    ({ segments }) => segments.filter(({ map, isGap }) => map === null && !isGap).map(describe),
  ],
  [
    'EXT-X-PROGRAM-DATE-TIME is an ISO 8601 time with a zone and ms',
    '4.4.4.6',
    ({ segments }) =>
      segments
        .filter(({ dateTime }) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(dateTime ?? ''))
        .map(describe),
  ],
  [
    'dates go on by EXTINF, but for discontinuities and gaps',
    '4.4.4.6',
    ({ segments }) =>
      segments.flatMap((segment, index) => {
        const before = segments[index - 1];
        if (before === undefined || before.isGap || segment.isGap) return [];
        const missing = startOf(segment) - startOf(before) - before.durationMs;
        const isOn = segment.isDiscontinuity ? missing >= -50 : Math.abs(missing) <= ROUNDING_MS;
        return isOn ? [] : [`${describe(segment)} begins ${missing} ms after the end of the one before it`];
      }),
  ],
  [
    'no part is longer than PART-TARGET',
    '4.4.4.9',
    ({ segments, partTargetMs }) =>
      segments.flatMap(({ parts }) =>
        parts.filter(({ durationMs }) => !(durationMs <= partTargetMs)).map(({ line }) => line),
      ),
  ],
  [
    'no part but the last one of its segment is shorter than 85 % of PART-TARGET',
    '4.4.3.7',
    ({ segments, partTargetMs }) =>
      segments.flatMap(({ parts, uri }) =>
        (uri === null ? parts : parts.slice(0, -1))
          // The last one of a segment that is not complete may turn out to be its last.
          .slice(0, uri === null ? -1 : undefined)
          .filter(({ durationMs }) => durationMs < 0.85 * partTargetMs)
          .map(({ line }) => line),
      ),
  ],
  [
    'the parts of a segment last as long as the segment',
    '4.4.4.9',
    ({ segments }) =>
      whole(segments)
        .filter(({ parts }) => parts.length > 0)
        .filter(({ parts, durationMs }) => Math.abs(partsMs(parts) - durationMs) > parts.length * ROUNDING_MS)
        .map(describe),
  ],
  [
    'no URI stands twice',
    '4.4.4.9',
    ({ segments }) => {
      const uris = segments.flatMap(({ uri, parts }) => [
        ...(uri === null ? [] : [uri]),
        ...parts.map((part) => part.uri),
      ]);
      return uris.filter((uri, index) => uris.indexOf(uri) !== index);
    },
  ],
  [
    'the server blocks, and players hold back by two parts or more',
    '4.4.3.8',
    ({ lines, partTargetMs }) => {
      const list = attributes(lines.find((line) => tagOf(line) === 'EXT-X-SERVER-CONTROL') ?? '');
      const isBlocking = list.get('CAN-BLOCK-RELOAD') === 'YES';
      return isBlocking && ms(list.get('PART-HOLD-BACK')) >= 2 * partTargetMs ? [] : [[...list].join()];
    },
  ],
  [
    'the hint is the last line, and of a part that is not there yet',
    '4.4.5.3',
    ({ lines, hint, segments }) => {
      if (hint === null) return [];
      const isThere = segments.some(({ parts }) => parts.some(({ uri }) => uri === hint));
      const last = lines.at(-1) ?? '';
      return tagOf(last) === 'EXT-X-PRELOAD-HINT' && last.includes('TYPE=PART') && !isThere ? [] : [last];
    },
  ],
  [
    'parts stand only up to three target durations from the end',
    '4.4.4.9',
    ({ segments, targetMs }) => {
      const end = endOf(segments);
      return segments
        .filter((segment) => segment.parts.length > 0 && end - startOf(segment) > 3 * targetMs + ROUNDING_MS)
        .map(describe);
    },
  ],
];

/** What a playlist must be after another one of the same stream. */
type SequenceRule = (before: Playlist, after: Playlist) => readonly string[];

const SEQUENCE_RULES: ReadonlyArray<readonly [name: string, section: string, rule: SequenceRule]> = [
  [
    'header tags do not change',
    '6.2.1',
    (before, after) => {
      const fixed = ({ lines }: Playlist): string[] =>
        lines.filter((line) => HEADER_TAGS.includes(tagOf(line)) && !/-SEQUENCE:/.test(line));
      return fixed(before).join() === fixed(after).join() ? [] : [fixed(after).join()];
    },
  ],
  [
    'segments leave at the front only, and MEDIA-SEQUENCE counts them',
    '6.2.2',
    (before, after) => {
      const lastBefore = before.segments.at(-1)?.number ?? 0;
      const lastAfter = after.segments.at(-1)?.number ?? 0;
      const isForward = after.mediaSequence >= before.mediaSequence && lastAfter >= lastBefore;
      return isForward
        ? []
        : [`${before.mediaSequence}–${lastBefore}, then ${after.mediaSequence}–${lastAfter}`];
    },
  ],
  [
    'a segment that stays does not change',
    '6.2.1',
    (before, after) =>
      pairs(before, after).flatMap(([old, now]) => {
        const isSame =
          (old.uri === null || (old.uri === now.uri && old.durationMs === now.durationMs)) &&
          old.dateTime === now.dateTime &&
          old.map === now.map &&
          old.isDiscontinuity === now.isDiscontinuity &&
          old.isGap === now.isGap;
        return isSame ? [] : [`${JSON.stringify(old)}, then ${JSON.stringify(now)}`];
      }),
  ],
  [
    'parts that stay do not change, and parts are added behind them',
    '6.2.1',
    (before, after) =>
      pairs(before, after).flatMap(([old, now]) => {
        if (now.parts.length === 0) return [];
        const kept = now.parts.slice(0, old.parts.length).map(({ line }) => line);
        return kept.join() === old.parts.map(({ line }) => line).join() ? [] : [describe(now)];
      }),
  ],
  [
    'DISCONTINUITY-SEQUENCE rises by the discontinuities that leave',
    '4.4.3.3, 6.2.2',
    (before, after) => {
      const left = before.segments.filter(
        ({ number, isDiscontinuity }) => number < after.mediaSequence && isDiscontinuity,
      ).length;
      const rise = after.discontinuitySequence - before.discontinuitySequence;
      return rise === left ? [] : [`it rises by ${rise}, and ${left} left`];
    },
  ],
  [
    'segments leave only while the list lasts three target durations',
    '6.2.2',
    (before, after) => {
      if (after.mediaSequence === before.mediaSequence) return [];
      const lasts = whole(after.segments).reduce((sum, { durationMs }) => sum + durationMs, 0);
      return lasts >= 3 * after.targetMs ? [] : [`${lasts} ms`];
    },
  ],
  [
    'the part that was hinted at comes next, or the segment has ended',
    '4.4.5.3',
    (before, after) => {
      const open = before.segments.find(({ uri }) => uri === null);
      const now = after.segments.find(({ number }) => number === open?.number);
      const next = now?.parts[open?.parts.length ?? 0];
      return open === undefined || next === undefined || next.uri === before.hint ? [] : [next.line];
    },
  ],
];

export const RULE_NAMES = [...RULES, ...SEQUENCE_RULES].map(([name]) => name);

/** Takes the playlists of one stream in the order in which a player gets them. */
export class PlaylistValidator {
  readonly violations: Violation[] = [];
  playlists = 0;
  last: Playlist | null = null;

  take(text: string): Playlist {
    if (text === this.last?.text) return this.last;
    const playlist = parsePlaylist(text);
    this.playlists += 1;
    for (const [rule, section, check] of RULES) {
      for (const detail of check(playlist)) this.violations.push({ rule, section, detail });
    }
    for (const [rule, section, check] of this.last === null ? [] : SEQUENCE_RULES) {
      for (const detail of check(this.last as Playlist, playlist)) {
        this.violations.push({ rule, section, detail });
      }
    }
    this.last = playlist;
    return playlist;
  }
}

function whole(segments: readonly ListedSegment[]): ListedSegment[] {
  return segments.filter(({ uri }) => uri !== null);
}

function pairs(before: Playlist, after: Playlist): Array<[ListedSegment, ListedSegment]> {
  return before.segments.flatMap((old): Array<[ListedSegment, ListedSegment]> => {
    const now = after.segments.find(({ number }) => number === old.number);
    return now === undefined ? [] : [[old, now]];
  });
}

function partsMs(parts: readonly ListedPart[]): number {
  return parts.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function startOf({ dateTime }: ListedSegment): number {
  return Date.parse(dateTime ?? '');
}

function endOf(segments: readonly ListedSegment[]): number {
  const last = segments.at(-1);
  if (last === undefined) return 0;
  return startOf(last) + (last.uri === null ? partsMs(last.parts) : last.durationMs);
}

function describe({ number }: ListedSegment): string {
  return `segment ${number}`;
}
