import { formatElapsed } from '../contract/wording.ts';
import type { WaitingClock } from '../media/clock.ts';
import { ExitCode } from './exit-codes.ts';
import { playStream } from './stream-source.ts';
import type { Terminal } from './terminal.ts';
import { breaches, SWITCH_BUDGET_MS, type ViewerReport, ViewerReporter } from './viewer-report.ts';

export interface WatchOptions {
  readonly url: string;
  readonly durationMs: number | null;
  /** The host's stall time-out: a stall may cost a viewer that much, and SWITCH_BUDGET_MS. */
  readonly stallTimeoutMs: number;
  readonly json: boolean;
  readonly clock: WaitingClock;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

const STATUS_MS = 250;

/** `understudy watch URL`: plays a stream and reports what a viewer could notice. */
export async function watch(options: WatchOptions): Promise<number> {
  const { url, clock, terminal, signal } = options;
  const reporter = new ViewerReporter(clock.now());
  const stream = await playStream(url, clock, {
    packet: (packet) => reporter.packet(packet, clock.now()),
    data: (name, value) => {
      const switches = reporter.report.switches.length;
      reporter.data(name, value, clock.now());
      const last = reporter.report.switches.at(-1);
      if (reporter.report.switches.length > switches && last && !options.json) {
        terminal.line(`${formatElapsed(last.atMs)}  switch to ${last.source}`);
      }
    },
  });
  if (!options.json) terminal.line(`watching ${url.split('?')[0]}; stop with Ctrl-C`);
  const stopStatus = clock.every(STATUS_MS, () => terminal.status(statusLine(reporter, clock.now())));
  const endedEarly = await Promise.race([
    stream.closed,
    clock.sleep(options.durationMs ?? Number.POSITIVE_INFINITY, signal).then(() => null),
  ]);
  stopStatus();
  const report = reporter.summary(clock.now());
  stream.close();
  const found = breaches(report, options.stallTimeoutMs + SWITCH_BUDGET_MS);
  if (endedEarly !== null) found.unshift(`the stream ended: ${endedEarly}`);
  if (options.json) terminal.line(JSON.stringify({ url: url.split('?')[0], ...report, breaches: found }));
  else for (const line of [...describeReport(report), verdict(found)]) terminal.line(line);
  return found.length === 0 ? ExitCode.ok : ExitCode.failed;
}

function statusLine(reporter: ViewerReporter, now: number): string {
  const report = reporter.summary(now);
  return [
    formatElapsed(report.elapsedMs),
    `${report.kbps} kbit/s`,
    `${report.frameRate} frames/s`,
    reporter.source ?? 'source not announced yet',
    `${report.switches.length} switches`,
    `hole ${report.video.holeMs}/${report.audio.holeMs} ms`,
    `gap ${report.largestGapMs} ms`,
  ].join('  ');
}

/** The report for people. */
export function describeReport(report: ViewerReport): string[] {
  const { video, audio, switches } = report;
  return [
    `${formatElapsed(report.elapsedMs)}  ${report.kbps} kbit/s, ${report.frameRate} frames/s, ` +
      `first keyframe after ${report.firstKeyframeMs ?? '-'} ms`,
    `switches seen: ${switches.length}${switches.map(({ source, atMs }) => `, ${source} at ${formatElapsed(atMs)}`).join('')}`,
    ...(['video', 'audio'] as const).map((name) => {
      const track = name === 'video' ? video : audio;
      return (
        `${name}: ${track.frames} frames of ${track.frameMs} ms, largest hole ${track.holeMs} ms, ` +
        `${track.outOfOrder} out of order; ${track.codecs.join(' ▸ ') || 'no header'}`
      );
    }),
    ...Object.entries(report.extraTracks).map(
      ([name, codec]) => `${name}: beside the rest; ${codec || 'no header'}`,
    ),
    `largest gap on the wall clock: ${report.largestGapMs} ms`,
  ];
}

function verdict(found: readonly string[]): string {
  return found.length === 0
    ? 'a viewer noticed nothing'
    : found.map((text) => `NOTICEABLE: ${text}`).join('\n');
}
