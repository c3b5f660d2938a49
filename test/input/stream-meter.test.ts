/** What a stream measures: whole seconds, the last three of them. */
import { describe, expect, it } from '@jest/globals';
import { StreamMeter } from '../../runtime/input/stream-meter.ts';
import { EPOCH } from '../support/fake-clock.ts';

/** Video of 25 frames/s and 5,000 bytes a frame (1,000 kbit/s), a keyframe each 2 s; sound of 96 kbit/s. */
function feed(meter: StreamMeter, from: number, toMs: number): void {
  for (let ms = from; ms < toMs; ms += 40) {
    meter.note('video', 5_000, ms % 2_000 === 0, ms, EPOCH + ms);
    meter.note('audio', 480, false, ms, EPOCH + ms);
  }
}

describe('the stream meter', () => {
  it('says nothing until a whole second has been measured', () => {
    const meter = new StreamMeter();
    expect(meter.rates(EPOCH)).toBeNull();
    // The second in which it began is not a whole one.
    feed(meter, 400, 1_999);
    expect(meter.rates(EPOCH + 1_999)).toBeNull();
    feed(meter, 2_000, 2_040);
    expect(meter.rates(EPOCH + 2_000)).not.toBeNull();
  });

  it('measures bit rates, frame rate and GOP', () => {
    const meter = new StreamMeter();
    feed(meter, 0, 6_000);
    expect(meter.rates(EPOCH + 6_000)).toEqual({
      videoKbps: 1_000,
      audioKbps: 96,
      frameRate: 25,
      gopMs: 2_000,
    });
  });

  it('does not count the second that is still filling', () => {
    const meter = new StreamMeter();
    feed(meter, 0, 5_000);
    const before = meter.rates(EPOCH + 5_000);
    meter.note('video', 10_000_000, false, 5_000, EPOCH + 5_000);
    expect(meter.rates(EPOCH + 5_999)).toEqual(before);
  });

  it('forgets what is older than three seconds', () => {
    const meter = new StreamMeter();
    feed(meter, 0, 4_000);
    expect(meter.rates(EPOCH + 5_000)?.frameRate).toBeCloseTo(25 * (2 / 3), 1);
    expect(meter.rates(EPOCH + 60_000)).toEqual({ videoKbps: 0, audioKbps: 0, frameRate: 0, gopMs: 2_000 });
  });

  it('goes on after a long silence', () => {
    const meter = new StreamMeter();
    feed(meter, 0, 4_000);
    feed(meter, 60_000, 64_000);
    expect(meter.rates(EPOCH + 64_000)).toMatchObject({ videoKbps: 1_000, frameRate: 25 });
  });

  it('knows no GOP before the second keyframe, nor from a timestamp that goes back', () => {
    const meter = new StreamMeter();
    meter.note('video', 1, true, 5_000, EPOCH);
    expect(meter.rates(EPOCH + 3_000)?.gopMs).toBe(0);
    meter.note('video', 1, true, 1_000, EPOCH + 3_000);
    expect(meter.rates(EPOCH + 5_000)?.gopMs).toBe(0);
    meter.note('video', 1, true, 2_500, EPOCH + 5_000);
    expect(meter.rates(EPOCH + 7_000)?.gopMs).toBe(1_500);
  });

  it('does not take one GOP that was cut short for what the encoder is set to', () => {
    const meter = new StreamMeter();
    const gopAfter = (...keyframes: readonly number[]): number | undefined => {
      for (const dts of keyframes) meter.note('video', 1, true, dts, EPOCH + dts);
      return meter.rates(EPOCH + 60_000)?.gopMs;
    };
    expect(gopAfter(0, 2_000, 4_000, 4_800)).toBe(2_000);
    // An encoder that is set anew is followed.
    expect(gopAfter(5_800, 6_800, 7_800)).toBe(1_000);
  });

  it('counts data messages as neither track', () => {
    const meter = new StreamMeter();
    for (let ms = 0; ms < 4_000; ms += 100) meter.note('data', 10_000, false, ms, EPOCH + ms);
    expect(meter.rates(EPOCH + 4_000)).toMatchObject({ videoKbps: 0, audioKbps: 0, frameRate: 0 });
  });
});
