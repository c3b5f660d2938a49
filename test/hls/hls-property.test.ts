/** Whatever a program puts out, in whatever order: nothing throws, bounds hold, and every playlist is valid. */
import { describe, expect, it } from '@jest/globals';
import { HlsStream } from '../../runtime/hls/hls-stream.ts';
import type { CodecConfig } from '../../runtime/media/packet.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { audio, header, otherVideoConfig, splice, video } from '../output/stage.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { PlaylistValidator } from '../support/hls-validator.ts';
import { Random } from '../support/random.ts';

const SEEDS = 20;
const NARROW_SEEDS = 5;
const STEPS = 1_500;
/** What none of these streams reaches, and what all of them do. */
const WIDE = { limitBytes: 100_000_000, longestHoleMs: 15_000 };
const NARROW = { limitBytes: 200_000, longestHoleMs: 600_000 };

/** Each track's time rises, as a splicer has it, by less than 75 ms (docs/hls.md) or by a hole; all else is by chance. */
function* anything(random: Random, longestHoleMs: number): Generator<ProgramPacket> {
  const last = { video: 0, audio: 0 };
  const frameMs = random.pick([17, 33, 40, 70]);
  const gop = random.pick([10, 30, 60, 300]);
  let configs: CodecConfig[] = [VIDEO_CONFIG, AUDIO_CONFIG];
  for (let step = 0; step < STEPS; step += 1) {
    const now = Math.max(last.video + 1, last.audio);
    if (step === 0 || random.chance(0.01)) {
      if (step > 0) yield splice(now);
      configs = random.pick([
        [VIDEO_CONFIG, AUDIO_CONFIG],
        [otherVideoConfig(random.whole(0, 3))],
        [{ ...AUDIO_CONFIG, identity: `aac:${random.whole(0, 3)}` }],
        [{ ...VIDEO_CONFIG, codec: 'vp09', identity: 'vp09' }],
      ]);
      for (const config of configs) if (step === 0 || random.chance(0.5)) yield header(config, now);
    }
    const skip = random.chance(0.004) ? random.whole(700, random.chance(0.1) ? longestHoleMs : 5_000) : 0;
    const squeeze = random.chance(0.1);
    last.video = Math.max(last.video + 1, squeeze ? 0 : last.video + frameMs + skip);
    if (frameMs > 35 || !random.chance(0.02))
      yield video(last.video, step % gop === 0, { bytes: random.whole(9, 900) });
    if (skip > 0 && random.chance(0.5)) last.audio = Math.max(last.audio, last.video - 41);
    while (last.audio < last.video - 20) {
      last.audio += 21;
      yield audio(last.audio);
    }
  }
}

/** Plays a stream, and looks at the playlist after each packet. Returns the rules that it broke. */
function play(seed: number, { limitBytes, longestHoleMs }: typeof WIDE) {
  const stream = new HlsStream(
    { subscribe: () => () => {} },
    {
      segmentMs: 2_000,
      partMs: 500,
      segments: 6,
      limitBytes,
      maxWaiting: 1,
      clock: new FakeClock(),
      onAudience: () => {},
    },
  );
  const validator = new PlaylistValidator();
  let mostBytes = 0;
  for (const packet of anything(new Random(seed), longestHoleMs)) {
    stream.packet(packet);
    mostBytes = Math.max(mostBytes, stream.window.heldBytes);
    if (stream.isReady) validator.take(stream.playlist('plain').toString());
  }
  return { mostBytes, playlists: validator.playlists, violations: validator.violations };
}

describe('a stream of anything', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('is valid HLS (seed %i)', (seed) => {
    const { playlists, violations } = play(seed, WIDE);
    expect(violations.slice(0, 3)).toEqual([]);
    expect(playlists).toBeGreaterThan(10);
  });

  it('holds no more than it may', () => {
    const held = Array.from({ length: NARROW_SEEDS }, (_, seed) => play(seed, NARROW).mostBytes);
    expect(Math.max(...held)).toBeGreaterThan(NARROW.limitBytes / 2);
    expect(Math.max(...held)).toBeLessThanOrEqual(NARROW.limitBytes);
  });
});
