import { describe, expect, it } from '@jest/globals';
import { type Clip, playClip } from '../../runtime/media/clip.ts';
import type { AudioConfig, MediaPacket, VideoConfig } from '../../runtime/media/packet.ts';
import { FakeClock } from '../support/fake-clock.ts';

const NO_CONFIG = { codec: 'avc', identity: 'a', payload: Buffer.alloc(0), profile: '' };
const VIDEO: VideoConfig = {
  ...NO_CONFIG,
  track: 'video',
  width: 0,
  height: 0,
  nalLengthBytes: 0,
  parameterSets: [],
};
const AUDIO: AudioConfig = { ...NO_CONFIG, track: 'audio', sampleRate: 0, channels: 0 };

function packet(
  track: 'video' | 'audio',
  timestamp: number,
  config: VideoConfig | AudioConfig | null = null,
): MediaPacket {
  return { track, timestamp, cts: 0, ctsOffset: -1, keyframe: false, config, payload: Buffer.alloc(1) };
}

/** Video every 40 ms and audio every 30, over 120 ms. */
const CLIP: Clip = {
  metadata: { width: 640 },
  durationMs: 120,
  packets: [
    packet('video', 0, VIDEO),
    packet('audio', 0, AUDIO),
    packet('video', 0),
    packet('audio', 0),
    packet('audio', 30),
    packet('video', 40),
    packet('audio', 60),
    packet('video', 80),
    packet('audio', 90),
  ],
};

function play(clip: Clip) {
  const clock = new FakeClock(1_700_000_000_000.25);
  const packets: MediaPacket[] = [];
  const metadata: unknown[] = [];
  const stop = playClip(clip, clock, {
    packet: (p) => packets.push(p),
    metadata: (m) => metadata.push(m),
  });
  return { clock, packets, metadata, stop };
}

/** As when the process stood still. */
function jump(clock: FakeClock, ms: number): void {
  clock.freeze(ms);
  clock.advance(0);
}

describe('playClip', () => {
  it('begins at once, with metadata, headers and the first frames', () => {
    const { packets, metadata } = play(CLIP);
    expect(metadata).toEqual([{ width: 640 }]);
    expect(packets.map(({ track, config }) => [track, config !== null])).toEqual([
      ['video', true],
      ['audio', true],
      ['video', false],
      ['audio', false],
    ]);
  });

  it('sends a frame when it is due, and not before', () => {
    const { clock, packets } = play(CLIP);
    clock.advance(19);
    expect(packets).toHaveLength(4);
    clock.advance(21);
    expect(packets.slice(4).map(({ track, timestamp }) => `${track} ${timestamp}`)).toEqual([
      'audio 30',
      'video 40',
    ]);
  });

  it('goes round with times that rise by the distances within, and headers once', () => {
    const { clock, packets, metadata } = play(CLIP);
    clock.advance(1_200);
    for (const [track, distance] of [
      ['video', 40],
      ['audio', 30],
    ] as const) {
      const times = packets.filter((p) => p.track === track && p.config === null).map((p) => p.timestamp);
      expect(times).toEqual(times.map((_, i) => i * distance));
      expect(times.at(-1)).toBe(1_200);
    }
    expect(packets.filter(({ config }) => config !== null)).toHaveLength(2);
    expect(metadata).toHaveLength(1);
  });

  it('catches up with a clock that jumps', () => {
    const smooth = play(CLIP);
    smooth.clock.advance(1_200);
    const jumping = play(CLIP);
    for (const ms of [50, 650, 500]) jump(jumping.clock, ms);
    expect(jumping.packets).toEqual(smooth.packets);
  });

  it('wraps its times at 32 bits', () => {
    const half = 2 ** 31;
    const packets = [packet('video', 0), packet('video', half)];
    const long = play({ packets, metadata: null, durationMs: 2 * half - 20 });
    for (let i = 0; i < 3; i += 1) jump(long.clock, half);
    expect(long.packets.map(({ timestamp }) => timestamp)).toEqual([0, half, 2 * half - 20, half - 20]);
  });

  it('leaves the clip as it is', () => {
    const before = CLIP.packets.map(({ timestamp }) => timestamp);
    const { clock, packets } = play(CLIP);
    clock.advance(1_000);
    expect(CLIP.packets.map(({ timestamp }) => timestamp)).toEqual(before);
    expect(packets[4]?.payload).toBe(CLIP.packets[4]?.payload);
  });

  it('stops', () => {
    const { clock, packets, stop } = play(CLIP);
    clock.advance(50);
    const count = packets.length;
    stop();
    stop();
    clock.advance(1_000);
    expect(packets).toHaveLength(count);
    expect(clock.pendingTimers).toBe(0);
  });
});
