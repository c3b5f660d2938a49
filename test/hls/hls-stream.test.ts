/** What of a program is listed and held, the playlist that says so, and who waits for it. */
import { describe, expect, it } from '@jest/globals';
import { HlsStream, type HlsStreamOptions } from '../../runtime/hls/hls-stream.ts';
import type { ProgramListener } from '../../runtime/program/program.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { audio, header, otherVideoConfig, START, splice, video } from '../output/stage.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type Playlist, PlaylistValidator, parsePlaylist } from '../support/hls-validator.ts';

const FIRST = START / 2_000;

/** A stream whose program is played by the test, with pictures each 40 ms and a keyframe each second. */
class Bench {
  readonly clock = new FakeClock();
  readonly validator = new PlaylistValidator();
  readonly stream: HlsStream;
  audiences: number[] = [];
  private at = 0;
  private listener: ProgramListener | null = null;

  constructor(options: Partial<HlsStreamOptions> = {}) {
    const subscribe = (listener: ProgramListener) => {
      this.listener = listener;
      return () => {};
    };
    this.stream = new HlsStream(
      { subscribe },
      {
        segmentMs: 2_000,
        partMs: 500,
        segments: 6,
        limitBytes: 1_000_000,
        maxWaiting: 3,
        clock: this.clock,
        onAudience: () => this.audiences.push(this.stream.viewers),
        ...options,
      },
    );
    this.send(header(VIDEO_CONFIG, 0), header(AUDIO_CONFIG, 0));
  }

  send(...packets: readonly ProgramPacket[]): void {
    for (const packet of packets) this.listener?.packet(packet);
  }

  /** Plays up to this time, ms, and checks the playlist with each frame. */
  playTo(ms: number): this {
    for (; this.at < ms; this.at += 40) {
      this.send(video(this.at, this.at % 1_000 === 0), audio(this.at + 1));
      this.clock.advance(40);
      if (this.stream.isReady) this.validator.take(this.stream.playlist('plain').toString());
    }
    return this;
  }

  /** Goes on at this time, with nothing in between. */
  skipTo(ms: number): this {
    this.clock.advance(ms - this.at);
    this.at = ms;
    return this;
  }

  /** Another encoder, of another configuration. */
  change(last: number): this {
    this.send(splice(this.at), header(otherVideoConfig(last), this.at));
    return this;
  }

  get playlist(): Playlist {
    return parsePlaylist(this.stream.playlist('plain').toString());
  }

  get numbers(): number[] {
    return this.playlist.segments.map(({ number }) => number - FIRST);
  }

  /** Waits as a request does; what became of it. */
  wait(number: number, part: number | null) {
    const outcome: { isThere: boolean | null; at: number } = { isThere: null, at: Number.NaN };
    const cancel = this.stream.wait(
      () => this.stream.reaches(FIRST + number, part),
      (isThere) => Object.assign(outcome, { isThere, at: this.clock.now() - START }),
    );
    return Object.assign(outcome, { cancel });
  }
}

describe('the window of a stream', () => {
  it('lists six segments, and holds as many that have left', () => {
    const { stream, numbers, validator } = new Bench().playTo(60_100);
    expect(numbers).toEqual([24, 25, 26, 27, 28, 29, 30].slice(0, numbers.length));
    expect(stream.window.segment(FIRST + 18)?.isComplete).toBe(true);
    expect(stream.window.segment(FIRST + 17)).toBeUndefined();
    expect(validator.violations).toEqual([]);
  });

  it('lists more where they are short: three target durations', () => {
    const bench = new Bench();
    for (let count = 1; count <= 30; count += 1) bench.playTo(10_000 + count * 400).change(count);
    const { segments, targetMs } = bench.playlist;
    const complete = segments.filter(({ uri }) => uri !== null);
    expect(complete.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBeGreaterThanOrEqual(
      3 * targetMs,
    );
    expect(complete.length).toBeGreaterThan(20);
    expect(bench.validator.violations).toEqual([]);
  });

  it('keeps the numbers of what was not there, as gaps', () => {
    const bench = new Bench().playTo(9_000).skipTo(15_000).playTo(20_100);
    expect(bench.playlist.segments.filter(({ isGap }) => isGap).map(({ number }) => number - FIRST)).toEqual([
      5, 6,
    ]);
    expect(bench.playlist.segments.find(({ number }) => number === FIRST + 7)).toMatchObject({
      isDiscontinuity: true,
    });
    expect(bench.validator.violations).toEqual([]);
  });

  it('begins a new list after a long silence', () => {
    const bench = new Bench().playTo(9_000).skipTo(99_000).playTo(102_100);
    expect(bench.numbers[0]).toBe(49);
    expect(bench.playlist.segments[0]?.isDiscontinuity).toBe(true);
    expect(bench.stream.window.segment(FIRST + 3)).toBeUndefined();
  });

  it('counts the discontinuities that leave', () => {
    const bench = new Bench().playTo(5_000).skipTo(6_000).playTo(9_000).skipTo(10_000).playTo(40_000);
    expect(bench.playlist.discontinuitySequence).toBe(2);
    expect(bench.validator.violations).toEqual([]);
  });

  it('goes on where only the configuration changes: players keep their timeline', () => {
    const bench = new Bench().playTo(5_000).change(1).playTo(9_000).change(2).playTo(12_000);
    const { segments } = bench.playlist;
    expect(new Set(segments.map(({ map }) => map)).size).toBe(3);
    expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
    expect(bench.validator.violations).toEqual([]);
  });

  it('holds no more bytes than it may: the oldest segments go', () => {
    const bench = new Bench({ limitBytes: 5_000 }).playTo(60_000);
    expect(bench.stream.window.heldBytes).toBeLessThanOrEqual(5_000);
    expect(bench.numbers.length).toBeLessThan(6);
    expect(bench.numbers.at(-1)).toBe(29);
  });

  it('begins anew where a segment alone is more than may be held', () => {
    const bench = new Bench({ limitBytes: 4_000 });
    const large = (ms: number) => video(ms, ms % 1_000 === 0, { bytes: ms < 20_000 ? 1_000 : 20 });
    let mostBytes = 0;
    for (let ms = 0; ms < 30_000; ms += 40) {
      bench.send(large(ms));
      mostBytes = Math.max(mostBytes, bench.stream.window.heldBytes);
      if (ms === 19_960) expect(bench.stream.isReady).toBe(false);
    }
    expect(mostBytes).toBeLessThanOrEqual(4_000);
    expect(bench.numbers.at(-1)).toBe(14);
  });

  it('is empty after a reset, and goes on with the numbers of the time', () => {
    const bench = new Bench().playTo(9_000);
    bench.stream.reset();
    expect(bench.stream.isReady).toBe(false);
    expect(bench.stream.window.heldBytes).toBe(0);
    bench.send(header(VIDEO_CONFIG, 9_000));
    bench.playTo(13_100);
    expect(bench.numbers).toEqual([5, 6]);
  });
});

describe('requests that wait', () => {
  it('for a part are answered when it is there', () => {
    const bench = new Bench().playTo(4_100);
    const first = bench.wait(2, 0);
    const second = bench.wait(2, 1);
    bench.playTo(4_600);
    expect(first.isThere).toBe(true);
    expect(second.isThere).toBe(null);
    bench.playTo(5_200);
    expect(second.isThere).toBe(true);
    expect(bench.wait(1, 3).isThere).toBe(true);
  });

  it('for a segment are answered when it is whole', () => {
    const bench = new Bench().playTo(4_100);
    const whole = bench.wait(2, null);
    bench.playTo(5_990);
    expect(whole.isThere).toBe(null);
    bench.playTo(6_100);
    expect(whole.isThere).toBe(true);
  });

  it('for a part behind the last one of a segment wait for the first one of the next', () => {
    const bench = new Bench().playTo(6_100);
    const behind = bench.wait(2, 9);
    expect(behind.isThere).toBe(null);
    bench.playTo(6_600);
    expect(behind.isThere).toBe(true);
  });

  it('are given up after three target durations', () => {
    const bench = new Bench().playTo(4_100);
    const asked = bench.clock.now() - START;
    const late = bench.wait(2, null);
    bench.clock.advance(11_990);
    expect(late.isThere).toBe(null);
    bench.clock.advance(20);
    expect(late).toMatchObject({ isThere: false, at: asked + 12_000 });
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('are no more than they may be, and leave nothing behind when they are cancelled', () => {
    const bench = new Bench().playTo(4_100);
    const waiting = [bench.wait(2, 0), bench.wait(2, 0), bench.wait(2, 0)];
    expect(bench.wait(2, 0).isThere).toBe(false);
    for (const { cancel } of waiting) cancel();
    expect(bench.clock.pendingTimers).toBe(0);
    const next = bench.wait(2, 0);
    bench.stream.close();
    expect(next.isThere).toBe(false);
    expect(waiting.map(({ isThere }) => isThere)).toEqual([null, null, null]);
  });
});

describe('the audience of a stream', () => {
  it('is those who came lately, by address', () => {
    const { stream, clock, audiences } = new Bench();
    stream.audience.seen('192.0.2.1', clock.now());
    stream.audience.seen('192.0.2.2', clock.now());
    clock.advance(8_000);
    stream.audience.seen('192.0.2.1', clock.now());
    clock.advance(8_000);
    stream.audience.check(clock.now());
    expect(stream.viewers).toBe(1);
    clock.advance(8_000);
    stream.audience.check(clock.now());
    expect(audiences).toEqual([1, 2, 1, 0]);
  });

  it('has a bound', () => {
    const { stream, clock } = new Bench();
    for (let count = 0; count < 10_100; count += 1) stream.audience.seen(`address ${count}`, clock.now());
    expect(stream.viewers).toBe(10_000);
  });
});
