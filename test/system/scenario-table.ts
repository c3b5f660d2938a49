import type { TrackReport } from '../../runtime/cli/viewer-report.ts';
import type { WatchedReport } from './viewer-protocol.ts';

/** What the clocks of two inputs may differ by at a splice, and the rounding of timestamps, ms. */
const ROUNDING_MS = 6;

/** What a viewer could notice, beyond a hole of one frame; empty where that is nothing. */
export function noticed({ ended, report }: WatchedReport): string[] {
  const found = ended === null ? [] : [`disconnected: ${ended}`];
  for (const name of ['video', 'audio'] as const) {
    const track = report[name];
    if (track.frames === 0) found.push(`no ${name}`);
    if (track.holeMs > track.frameMs + ROUNDING_MS) found.push(`${name}: a hole of ${track.holeMs} ms`);
    if (track.outOfOrder > 0) found.push(`${name}: ${track.outOfOrder} frames out of order`);
    if (track.ptsBeforeDts > 0) found.push(`${name}: ${track.ptsBeforeDts} frames with PTS < DTS`);
  }
  if (report.splicesWithoutKeyframe > 0) {
    found.push(`${report.splicesWithoutKeyframe} splices without a keyframe`);
  }
  if (report.framesBeforeHeaders > 0) {
    found.push(`${report.framesBeforeHeaders} frames before their headers`);
  }
  return found;
}

/** One row a viewer, for people who read the log of a run. */
export function scenarioTable(title: string, viewers: Iterable<WatchedReport>): string {
  const rows = [...viewers].map(({ viewer, ended, report }) => [
    viewer,
    ended ?? 'no',
    hole(report.video),
    hole(report.audio),
    `${report.video.outOfOrder + report.audio.outOfOrder}`,
    `${report.largestGapMs} ms`,
    report.switches.map(({ source }) => source.split('/')[0]).join(', ') || '-',
  ]);
  const head = [
    'viewer',
    'disconnected',
    'hole in video',
    'in sound',
    'out of order',
    'longest gap',
    'switches',
  ];
  return `\n${title}\n${alignedRows([head, ...rows])}\n`;
}

export function alignedRows(rows: ReadonlyArray<readonly string[]>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

function hole({ holeMs, frameMs, frames }: TrackReport): string {
  return frames === 0 ? 'nothing came' : `${holeMs} ms (${frameMs})`;
}
