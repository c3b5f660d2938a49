/** Extra tracks ride along: an input's clock, health and buffer are those of its default tracks. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { impliedConfig } from '../../runtime/codec/audio-configs.ts';
import { asExtra } from '../../runtime/codec/media-header.ts';
import { Input } from '../../runtime/input/input.ts';
import { type InputPacket, programTime } from '../../runtime/input/input-packet.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { AUDIO_CONFIG, audioPacket, headerPacket, VIDEO_CONFIG, videoPacket } from './sample-packets.ts';

let clock: FakeClock;
let input: Input;
let got: InputPacket[];
beforeEach(() => {
  clock = new FakeClock();
  got = [];
  input = new Input({
    name: 'master/camera1',
    kind: 'master',
    policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
    warmBuffer: { limitBytes: 1_000_000, limitMs: 10_000 },
    events: { health: () => {}, reanchored: () => {} },
  });
  input.subscribe({ packet: (p) => got.push(p), metadata: () => {} });
  input.attach({ address: 'encoder', close: () => {} }, clock.now());
});

/** Video of 25 frames a second with a GOP of one, and on track 1 the same again. */
function run(ms: number, tracks: { video?: boolean; extra?: boolean }): void {
  for (let passed = 0; passed < ms; passed += 40) {
    clock.advance(40);
    const now = clock.now();
    const timestamp = now % 1_000_000;
    const frame = videoPacket(timestamp, (now / 40) % 25 === 0);
    if (tracks.video) input.receive(frame, now);
    if (tracks.extra) input.receive(asExtra(frame, 1), now);
    input.evaluate(now);
  }
}

describe('an extra track', () => {
  it('makes no input live', () => {
    run(3_000, { extra: true });
    expect(input.health).toBe('starting');
    expect(input.buffer.gops).toEqual([]);
    expect(input.rates(clock.now())).toBeNull();
  });

  it('is no reason to lose one, and keeps none from stalling', () => {
    run(3_000, { video: true, extra: true });
    expect(input.health).toBe('live');
    run(2_500, { video: true });
    expect(input.health).toBe('live');
    run(600, { extra: true });
    expect(input.health).toBe('stalled');
  });

  it('stands where the clock of the default tracks puts it, in the same GOPs', () => {
    run(3_000, { video: true, extra: true });
    const times = (track: string) => got.filter(({ packet }) => packet.track === track).map(programTime);
    expect(times('extra')).toEqual(times('video'));
    for (const { packets } of input.buffer.gops) expect(packets[0]?.packet.track).toBe('video');
    expect(input.rates(clock.now())?.frameRate).toBe(25);
  });

  it('with a clock of its own stands where the last default frame does', () => {
    run(2_000, { video: true });
    const last = got.at(-1);
    input.receive(asExtra(audioPacket(3_000_000_000), 1), clock.now());
    expect(got.at(-1)).toMatchObject({ dts: last?.dts, anchor: last?.anchor, sequence: 51 });
  });

  it('has its header kept, one for each, and not without end', () => {
    const [first, again] = [
      headerPacket(VIDEO_CONFIG),
      headerPacket({ ...VIDEO_CONFIG, identity: 'avc:new' }),
    ];
    for (const packet of [first, again]) input.receive(asExtra(packet, 1), clock.now());
    expect(input.headers).toMatchObject({ video: null, audio: null, extras: [asExtra(again, 1)] });
    for (let trackId = 2; trackId < 256; trackId += 1) input.receive(asExtra(first, trackId), clock.now());
    expect(input.headers.extras).toHaveLength(16);
    expect(got).toHaveLength(17);
    input.receive(asExtra(headerPacket({ ...VIDEO_CONFIG, payload: Buffer.alloc(65_537) }), 1), clock.now());
    expect(got).toHaveLength(17);
    input.attach({ address: 'another', close: () => {} }, clock.now());
    expect(input.headers.extras).toEqual([]);
  });
});

describe('a codec without sequence headers', () => {
  it('is known from its frames', () => {
    const frame = { ...audioPacket(0), implied: impliedConfig('ac3', 48_000, 6) };
    input.receive(headerPacket(AUDIO_CONFIG), clock.now());
    input.receive(frame, clock.now());
    expect(input.headers.audio).toMatchObject({ codec: 'ac3', channels: 6 });
    const { headers } = input;
    input.receive({ ...frame, implied: impliedConfig('ac3', 48_000, 6) }, clock.now());
    expect(input.headers).toBe(headers);
  });
});
