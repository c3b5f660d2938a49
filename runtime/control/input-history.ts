import type { HostHistory } from '../contract/control-api.ts';

/** What an input has just delivered; null where that is not known. */
export interface Sample {
  readonly kbps: number | null;
  readonly frameRate: number | null;
}

export const HISTORY_INTERVAL_MS = 1_000;
/** Five minutes. */
const MAX_SAMPLES = 300;

/** What every input has delivered in the last minutes, for whoever opens the console after something has happened. */
export class InputHistory {
  private readonly samples = new Map<string, Sample[]>();
  private end = 0;

  /** To be called once in `HISTORY_INTERVAL_MS`, with all inputs by name. `now` in ms since the epoch. */
  add(inputs: ReadonlyMap<string, Sample>, now: number): void {
    this.end = now;
    for (const [name, sample] of inputs) {
      const samples = this.samples.get(name) ?? [];
      this.samples.set(name, samples);
      samples.push(sample);
      if (samples.length > MAX_SAMPLES) samples.shift();
    }
  }

  answer(): HostHistory {
    return {
      intervalMs: HISTORY_INTERVAL_MS,
      end: Math.round(this.end),
      inputs: Object.fromEntries(
        [...this.samples].map(([name, samples]) => [
          name,
          { kbps: samples.map(({ kbps }) => kbps), frameRate: samples.map(({ frameRate }) => frameRate) },
        ]),
      ),
    };
  }
}
