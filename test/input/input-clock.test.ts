import { describe, expect, it } from '@jest/globals';
import { InputClock } from '../../runtime/input/input-clock.ts';

const EPOCH = 1_800_000_000_000;
const FRAME_MS = 40;

interface Sent {
  readonly clock?: InputClock;
  readonly fromMs?: number;
  readonly seconds: number;
  readonly timestamp: (elapsedMs: number) => number;
  readonly delayMs?: (elapsedMs: number) => number;
}

/** Sends 25 frames a second, a keyframe each second; returns M - capture of each frame, and the re-anchors. */
function send({ clock = new InputClock(), fromMs = 0, seconds, timestamp, delayMs = () => 0 }: Sent) {
  const lags: number[] = [];
  const causes: string[] = [];
  for (let elapsed = fromMs; elapsed < fromMs + seconds * 1_000; elapsed += FRAME_MS) {
    const now = EPOCH + elapsed + delayMs(elapsed);
    const { dts, anchor, reanchored } = clock.read(
      'video',
      timestamp(elapsed) >>> 0,
      elapsed % 1_000 === 0,
      now,
    );
    lags.push(dts + anchor.offset - (EPOCH + elapsed));
    if (reanchored !== null) causes.push(reanchored.cause);
  }
  return { clock, lags, causes };
}

describe('the clock of an input', () => {
  it('stands on the least delayed packet of its first second', () => {
    // The first packets are 300 ms late, as when an encoder empties its queue.
    const { clock, lags } = send({
      seconds: 2,
      timestamp: (t) => t + 5_000,
      delayMs: (t) => Math.max(20, 300 - t),
    });
    expect(lags.at(-1)).toBe(20);
    expect(clock.isSettled).toBe(true);
  });

  it('is not settled before a second of arrivals', () => {
    expect(send({ seconds: 0.9, timestamp: (t) => t }).clock.isSettled).toBe(false);
  });

  it.each([200, -200])('follows a drift of %d ppm', (ppm) => {
    const { lags, causes } = send({ seconds: 3_600, timestamp: (t) => Math.round(t * (1 + ppm / 1e6)) });
    // An hour of 200 ppm is 720 ms.
    expect(Math.max(...lags.slice(100).map(Math.abs))).toBeLessThanOrEqual(6);
    expect(causes).toEqual([]);
  });

  it('changes the offset by a few ms at a time, at keyframes only', () => {
    const { lags } = send({ seconds: 60, timestamp: (t) => t, delayMs: (t) => (t < 20_000 ? 0 : 100) });
    const steps = lags
      .slice(1)
      .map((lag, index) => ({ step: lag - (lags[index] as number), frame: index + 1 }));
    const changes = steps.filter(({ step }) => step !== 0);
    expect(changes.length).toBeGreaterThan(10);
    for (const { step, frame } of changes) {
      expect(step).toBeLessThanOrEqual(4);
      expect(frame % 25).toBe(0);
    }
    expect(lags.at(-1)).toBeGreaterThan(90);
  });

  it('does not follow jitter', () => {
    const { lags } = send({ seconds: 120, timestamp: (t) => t, delayMs: (t) => (t * 7919) % 300 });
    expect(Math.max(...lags.slice(25)) - Math.min(...lags.slice(25))).toBeLessThanOrEqual(8);
  });

  it.each([
    { name: 'the 24-bit border', first: 0xffffff - 5_000 },
    { name: 'the 32-bit wrap', first: 2 ** 32 - 5_000 },
  ])('goes on across $name', ({ first }) => {
    const { lags, causes } = send({ seconds: 10, timestamp: (t) => t + first });
    expect(new Set(lags)).toEqual(new Set([0]));
    expect(causes).toEqual([]);
  });

  it.each([
    { name: 'ahead by an hour', by: 3_600_000, cause: 'jumped-ahead' },
    { name: 'ahead by 300 ms', by: 300, cause: 'jumped-ahead' },
    { name: 'back by an hour', by: -3_600_000, cause: 'went-back' },
    { name: 'back by 300 ms', by: -300, cause: 'went-back' },
  ])('keeps its place, with a record, where timestamps jump $name', ({ by, cause }) => {
    const { lags, causes } = send({ seconds: 10, timestamp: (t) => 10_000_000 + t + (t >= 5_000 ? by : 0) });
    expect(causes).toEqual([cause]);
    expect(new Set(lags)).toEqual(new Set([0]));
  });

  it('takes the time of arrival where an encoder restarts after a pause', () => {
    const { clock } = send({ seconds: 5, timestamp: (t) => t + 900_000 });
    const { lags, causes } = send({ clock, fromMs: 15_000, seconds: 1, timestamp: (t) => t - 15_000 });
    expect(causes).toEqual(['went-back']);
    expect(lags[0]).toBe(0);
  });

  it('does not take a gap in the media for a jump', () => {
    const { clock } = send({ seconds: 5, timestamp: (t) => t });
    const { causes, lags } = send({ clock, fromMs: 12_000, seconds: 5, timestamp: (t) => t });
    expect(causes).toEqual([]);
    expect(new Set(lags)).toEqual(new Set([0]));
  });

  it('does not take a backlog that comes all at once for a jump', () => {
    const { causes, lags } = send({
      seconds: 20,
      timestamp: (t) => t,
      delayMs: (t) => (t >= 5_000 && t < 8_000 ? 8_000 - t : 0),
    });
    expect(causes).toEqual([]);
    expect(new Set(lags)).toEqual(new Set([0]));
  });

  it('settles anew after a stall in which the clock of the encoder stood still', () => {
    const { clock } = send({ seconds: 10, timestamp: (t) => t });
    clock.settle(EPOCH + 13_000);
    expect(clock.isSettled).toBe(false);
    const { causes, lags } = send({ clock, fromMs: 13_000, seconds: 3, timestamp: (t) => t - 3_000 });
    expect(causes).toEqual(['fell-behind']);
    expect(lags.at(-1)).toBe(0);
    expect(clock.isSettled).toBe(true);
  });

  it('keeps its place where a stall ends with the backlog', () => {
    const { clock } = send({ seconds: 10, timestamp: (t) => t });
    clock.settle(EPOCH + 13_000);
    for (let t = 10_000; t < 13_000; t += FRAME_MS) clock.read('video', t, false, EPOCH + 13_000);
    const { causes, lags } = send({ clock, fromMs: 13_000, seconds: 3, timestamp: (t) => t });
    expect(causes).toEqual([]);
    expect(lags.at(-1)).toBe(0);
  });

  it('says when timestamps run away', () => {
    const { clock } = send({ seconds: 10, timestamp: (t) => t * 3 });
    expect(clock.isRunningAway(EPOCH + 10_000)).toBe(true);
    expect(clock.isRunningAway(EPOCH + 30_000)).toBe(false);
  });
});
