import type { InputState } from '../../contract/control-api.ts';

/** GET /v1/history: a figure a second, the last one at `end`; null where there was none. */
export interface History {
  readonly intervalMs: number;
  /** ms since the epoch, by the host's clock. */
  readonly end: number;
  readonly inputs: Readonly<Record<string, InputHistory>>;
}

export interface InputHistory {
  readonly kbps: ReadonlyArray<number | null>;
  readonly frameRate: ReadonlyArray<number | null>;
}

/** Five minutes. */
export const MAX_SAMPLES = 300;
/** An answer that was slow is no hole in what an encoder sends: its rates are measured over seconds. */
const SLOW_ANSWERS = 2;
const NOTHING: InputHistory = { kbps: [], frameRate: [] };

/**
 * The history with what the inputs send now at its end. Seconds that were missed in between have no figure, but for a few; a second that has
 * one already gets no other.
 */
export function withSample(history: History, now: number, inputs: readonly InputState[]): History {
  const { intervalMs, end } = history;
  const missed = Math.min(MAX_SAMPLES, Math.round((now - end) / intervalMs) - 1);
  if (missed < 0) return history;
  const extended = inputs.map((input): [string, InputHistory] => {
    const { kbps, frameRate } = history.inputs[input.name] ?? NOTHING;
    return [
      input.name,
      {
        kbps: continued(kbps, missed, bitRateOf(input)),
        frameRate: continued(frameRate, missed, input.video?.frameRate ?? null),
      },
    ];
  });
  return { intervalMs, end: end + (missed + 1) * intervalMs, inputs: Object.fromEntries(extended) };
}

/** Whether the host knows more of the last seconds than can be added to this history. */
export function isBehind(history: History | null, now: number): boolean {
  return history !== null && now - history.end > (SLOW_ANSWERS + 1) * history.intervalMs;
}

function continued(samples: ReadonlyArray<number | null>, missed: number, sample: number | null) {
  const between = new Array<number | null>(missed).fill(missed <= SLOW_ANSWERS ? sample : null);
  return [...samples, ...between, sample].slice(-MAX_SAMPLES);
}

/** Of pictures and sound together, in kbit/s. */
export function bitRateOf({ video, audio }: Pick<InputState, 'video' | 'audio'>): number | null {
  const rates = [video?.kbps ?? null, audio?.kbps ?? null].filter((rate) => rate !== null);
  return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0);
}

/** What a plot draws: as many places as there can be samples, so that all plots have one time axis. Times in s. */
export function plotData(
  history: History,
  input: string,
): [number[], Array<number | null>, Array<number | null>] {
  const { kbps, frameRate } = history.inputs[input] ?? NOTHING;
  const first = history.end - (MAX_SAMPLES - 1) * history.intervalMs;
  const times = Array.from({ length: MAX_SAMPLES }, (_, i) => (first + i * history.intervalMs) / 1_000);
  return [times, padded(kbps), padded(frameRate)];
}

function padded(samples: ReadonlyArray<number | null>): Array<number | null> {
  const kept = samples.slice(-MAX_SAMPLES);
  return [...new Array<null>(MAX_SAMPLES - kept.length).fill(null), ...kept];
}

/** The least and the most of the samples; null where there are none. */
export function rangeOf(samples: ReadonlyArray<number | null>): { least: number; most: number } | null {
  const known = samples.filter((sample) => sample !== null);
  return known.length === 0 ? null : { least: Math.min(...known), most: Math.max(...known) };
}
