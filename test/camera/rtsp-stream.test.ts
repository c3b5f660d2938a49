import { beforeEach, describe, expect, it } from '@jest/globals';
import { RtspStream } from '../../runtime/camera/rtsp-stream.ts';
import { SETTLE_MS } from '../../runtime/camera/track-alignment.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { audioMessage, avc, avcMessage } from './video.ts';

/** AAC LC, 48 kHz, stereo. */
const ASC = Buffer.from([0x11, 0x90]);
const AAC = [0xaf, 1, 9, 9];

let clock: FakeClock;
let out: MediaPacket[];
let notes: string[];
let specificConfig: Buffer | null;
let stream: RtspStream;
beforeEach(() => {
  clock = new FakeClock();
  out = [];
  notes = [];
  specificConfig = ASC;
  stream = new RtspStream({
    clock,
    specificConfig: () => specificConfig,
    out: (packet) => out.push(packet),
    note: (text) => notes.push(text),
  });
});

const times = (track: string) =>
  out.filter((packet) => packet.track === track && packet.config === null).map(({ timestamp }) => timestamp);

/** Frames of 40 ms as they come, both tracks from now on. */
function playVideo(from: number, to: number): void {
  for (let at = from; at <= to; at += 40) {
    stream.push(avcMessage(at, at === 0 ? avc.idr : avc.slice));
    clock.advance(40);
  }
}

describe('the stream of an RTSP camera', () => {
  it('gets the AAC configuration in front of its first sound', () => {
    stream.push(audioMessage(0, ...AAC));
    stream.push(audioMessage(21, ...AAC));
    clock.advance(SETTLE_MS);
    expect(out.map(({ config }) => config?.codec)).toEqual(['aac', undefined, undefined]);
    expect(out[0]?.payload).toEqual(Buffer.concat([Buffer.from([0xaf, 0]), ASC]));
    expect(out[0]?.config).toMatchObject({ sampleRate: 48_000, channels: 2 });
    expect(notes).toEqual([]);
  });

  it('spaces the frames of one RTP packet', () => {
    for (const timestamp of [0, 0, 0, 64, 64, 64]) stream.push(audioMessage(timestamp, ...AAC));
    clock.advance(SETTLE_MS);
    expect(times('audio')).toEqual([0, 21, 43, 64, 85, 107]);
  });

  it.each([
    ['G.711 A-law', 0x72],
    ['G.711 mu-law', 0x82],
  ])('leaves %s out, and says so once', (name, first) => {
    for (let at = 0; at < 5; at += 1) stream.push(audioMessage(20 * at, first, 1, 2));
    playVideo(0, 600);
    expect(times('audio')).toEqual([]);
    expect(times('video').length).toBeGreaterThan(10);
    expect(notes).toEqual([expect.stringContaining(name)]);
  });

  it('leaves AAC without a configuration out, and says so once', () => {
    specificConfig = null;
    stream.push(audioMessage(0, ...AAC));
    stream.push(audioMessage(21, ...AAC));
    clock.advance(SETTLE_MS);
    expect(out).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('no configuration')]);
  });

  it('puts back the time between the first sound and the first picture', () => {
    stream.push(audioMessage(0, ...AAC));
    clock.advance(300);
    // The picture that came 300 ms later is at 0 too.
    playVideo(0, 400);
    expect(times('audio')).toEqual([0]);
    expect(times('video').slice(0, 3)).toEqual([300, 340, 380]);
  });

  it('is not misled by a burst: a camera that sends its last GOP at once', () => {
    // 400 ms of pictures at once, and sound from now on.
    for (let at = 0; at <= 400; at += 40) stream.push(avcMessage(at, at === 0 ? avc.idr : avc.slice));
    stream.push(audioMessage(0, ...AAC));
    clock.advance(40);
    playVideo(440, 900);
    expect(times('audio')).toEqual([400]);
    expect(times('video').slice(0, 2)).toEqual([0, 40]);
  });

  it('holds nothing back once the tracks are settled but one frame', () => {
    playVideo(0, 1_000);
    const before = out.length;
    stream.push(avcMessage(1_040, avc.slice));
    expect(out.length).toBe(before + 1);
    expect(out.at(-1)?.timestamp).toBe(1_000);
  });

  it('says once that B-frames are not carried', () => {
    for (const at of [0, 120, 120, 120, 240, 240, 240, 360]) {
      stream.push(avcMessage(at, at === 0 ? avc.idr : avc.slice));
    }
    clock.advance(SETTLE_MS);
    expect(notes).toEqual([expect.stringContaining('B-frames')]);
  });
});
