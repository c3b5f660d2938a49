import {
  type Init,
  type Segment,
  type SegmentWindow,
  targetSeconds,
  type WindowOptions,
} from './segment-window.ts';

/** EXT-X-MAP in a playlist of segments needs 6 (RFC 8216bis, 8). */
const VERSION = 6;

/** Names of what a playlist leads to, relative to it. hls-routes.ts answers to them. */
export const uris = {
  init: ({ id, tag }: Pick<Init, 'id' | 'tag'>): string => `init-${id}${ending(tag)}.mp4`,
  segment: ({ number, tag }: Named): string => `segment-${number}${ending(tag)}.m4s`,
  part: ({ number, tag }: Named, index: number): string => `part-${number}-${index}${ending(tag)}.m4s`,
};

type Named = Pick<Segment, 'number' | 'tag'>;

function ending(tag: string): string {
  return tag === '' ? '' : `-${tag}`;
}

/** The media playlist (RFC 8216bis, 4.4) of what the window holds now. */
export function playlistOf(
  window: Pick<SegmentWindow, 'listed' | 'discontinuitySequence'>,
  options: Pick<WindowOptions, 'segmentMs' | 'partMs'>,
): string {
  const { listed } = window;
  const partSeconds = options.partMs / 1_000;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${targetSeconds(options)}`,
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(3 * options.partMs)}`,
    `#EXT-X-PART-INF:PART-TARGET=${partSeconds}`,
    `#EXT-X-MEDIA-SEQUENCE:${listed[0]?.number ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${window.discontinuitySequence}`,
  ];
  const partsFromMs = partsFrom(listed, options);
  let mapId: string | null = null;
  for (const segment of listed) {
    if (segment.parts.length === 0 && !segment.isComplete) continue;
    lines.push(...segmentLines(segment, { mapId, hasParts: segment.startMs >= partsFromMs }));
    mapId = segment.init.id;
  }
  const open = listed.at(-1);
  if (open !== undefined && !open.isComplete) {
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${uris.part(open, open.parts.length)}"`);
  }
  return `${lines.join('\n')}\n`;
}

/** Parts are listed up to three target durations from the end (RFC 8216bis, 4.4.4.9). */
function partsFrom(listed: readonly Segment[], options: Pick<WindowOptions, 'segmentMs'>): number {
  const last = listed.at(-1);
  return last === undefined ? 0 : last.startMs + last.durationMs - 3_000 * targetSeconds(options);
}

function segmentLines(segment: Segment, options: { mapId: string | null; hasParts: boolean }): string[] {
  const { startMs, init, parts } = segment;
  const lines: string[] = [];
  if (segment.isDiscontinuity) lines.push('#EXT-X-DISCONTINUITY');
  if (init.id !== options.mapId) lines.push(`#EXT-X-MAP:URI="${uris.init(init)}"`);
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateTime(startMs)}`);
  if (options.hasParts) {
    for (const [index, { durationMs, isIndependent }] of parts.entries()) {
      const independent = isIndependent ? ',INDEPENDENT=YES' : '';
      lines.push(
        `#EXT-X-PART:DURATION=${seconds(durationMs)},URI="${uris.part(segment, index)}"${independent}`,
      );
    }
  }
  if (!segment.isComplete) return lines;
  if (segment.isGap) lines.push('#EXT-X-GAP');
  return [...lines, `#EXTINF:${seconds(segment.durationMs)},`, uris.segment(segment)];
}

function dateTime(programMs: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: a time is written here; no clock is read.
  return new Date(programMs).toISOString();
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
