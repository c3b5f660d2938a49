import type { ViewerReport } from '../support/ffmpeg-viewer.ts';

/** What a player must have got of the program. */
export interface Expected {
  /** From when all players were there to when the last switch was over. */
  readonly atLeastMs: number;
  /** The longest distance of two frames, ms. */
  readonly frameMs: { readonly video: number; readonly audio: number };
}

/** What the clocks of two inputs may differ by at a splice, and the rounding of timestamps, ms. */
const ROUNDING_MS = 6;

/** What is wrong with what a player got, as FFmpeg decodes it; empty where nothing is. */
export function recordingFaults(report: ViewerReport, { atLeastMs, frameMs }: Expected): string[] {
  const faults = report.errors.slice(0, 3).map((error) => `FFmpeg: ${error}`);
  if (report.corruptFrames > 0) faults.push(`${report.corruptFrames} damaged frames`);
  for (const track of ['video', 'audio'] as const) {
    // VLC gives the first frame the time 0 and only the next one its clock's.
    const packets = report.packets.filter((packet) => packet.track === track).slice(1);
    const times = packets.map(({ dts }) => dts);
    const lengthMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
    if (lengthMs < atLeastMs) faults.push(`${track}: ${lengthMs} ms of ${Math.round(atLeastMs)}`);
    const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    const backwards = steps.filter((step) => step <= 0).length;
    if (backwards > 0) faults.push(`${track}: ${backwards} frames out of order`);
    const hole = Math.max(0, ...steps) - frameMs[track];
    if (hole > ROUNDING_MS) faults.push(`${track}: a hole of ${Math.round(hole)} ms`);
    const early = packets.filter(({ pts, dts }) => pts < dts).length;
    if (early > 0) faults.push(`${track}: ${early} frames with PTS < DTS`);
    if (report.framesDecoded[track] < 0.95 * packets.length) {
      faults.push(`${track}: ${report.framesDecoded[track]} frames of ${packets.length} decoded`);
    }
  }
  return faults;
}
