import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { FLV_TAG_OVERHEAD, FlvTagType, flvFileHeader, writeFlvTag } from '../../runtime/codec/flv-writer.ts';
import { asExtra } from '../../runtime/codec/media-header.ts';
import { wholeBody } from '../../runtime/codec/media-message.ts';
import { type Clip, playClip } from '../../runtime/media/clip.ts';
import { isHeader, type MediaPacket, messageKind } from '../../runtime/media/packet.ts';
import { playRtmp, publishRtmp, type RtmpPublisher } from '../../runtime/rtmp/client.ts';
import { systemClock } from '../../runtime/system-clock.ts';
import { makeTestClip } from '../support/clip-maker.ts';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { FfmpegPublisher, FfmpegViewer } from '../support/ffmpeg-peers.ts';
import { until } from '../support/until.ts';

// An encoder of ours publishes HEVC and Opus with nanoseconds, and both again on tracks of their own; the backup is FFmpeg
// with H.264 and AAC alone. A viewer that can take everything writes it down, and FFmpeg decodes that file: our messages of
// several tracks are what it takes them for. FFmpeg also plays the program, and says nothing of what it can.

const TEST_MS = 120_000;
const WAIT_MS = 30_000;
/** 999,999 ns. */
const NANOSECONDS = Buffer.from('020f423f01', 'hex');

describe('an encoder of several tracks', () => {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-multitrack-'));
  const masterClip = join(directory, 'master.flv');
  const backupClip = join(directory, 'backup.flv');
  let test: TestHost;
  let master: RtmpPublisher;
  let stopClip: () => void = () => {};
  let backup: FfmpegPublisher;
  let viewer: FfmpegViewer;
  const seen: MediaPacket[] = [];
  const framesOn = (track: MediaPacket['track']) =>
    seen.filter((packet) => packet.track === track && !isHeader(packet)).length;

  beforeAll(async () => {
    await Promise.all([
      makeTestClip(masterClip, { videoCodec: 'hevc', audioCodec: 'opus', gopSeconds: 1 }),
      makeTestClip(backupClip, { gopSeconds: 1 }),
    ]);
    test = await startTestHost({
      masters: [{ name: 'camera1' }],
      backups: [{ name: 'spare' }],
      failover: { failbackHoldMs: 1_000 },
    });
    backup = new FfmpegPublisher(backupClip, test.publishUrl('backup/spare'));
    await backup.begun;
    master = await publishRtmp(test.publishUrl('master/camera1'), { clock: systemClock });
    stopClip = playClip(twice(readClip(readFileSync(masterClip))), systemClock, {
      packet: (packet) => master.send(packet),
      metadata: (metadata) => master.sendMetadata(metadata),
    });
    await until('the master on air', () => onAir() === 'master/camera1', WAIT_MS);
    const player = await playRtmp(
      test.rtmpUrl('camera1'),
      { clock: systemClock },
      { packet: (packet) => seen.push(packet), data: () => {} },
    );
    viewer = new FfmpegViewer(test.rtmpUrl('camera1'), join(directory, 'viewer.json'));
    await viewer.begun;
    // The whole way: several tracks, none but the default ones, and back.
    await until('frames of extra tracks', () => framesOn('extra') > 100, WAIT_MS);
    stopClip();
    master.close();
    await until('the backup on air', () => onAir() === 'backup/spare', WAIT_MS);
    const before = framesOn('video');
    await until('a second of the backup', () => framesOn('video') > before + 30, WAIT_MS);
    player.close();
  }, TEST_MS);

  afterAll(async () => {
    stopClip();
    await Promise.all([viewer, backup].map((peer) => peer?.kill()));
    await test.host.stop('the test is over');
    rmSync(directory, { recursive: true, force: true });
  }, TEST_MS);

  const onAir = () => test.host.control.programState('camera1')?.onAir;

  it('reaches viewers that said they can take it whole, as FFmpeg reads it', async () => {
    const file = join(directory, 'seen.flv');
    writeFileSync(file, toFlv(seen));
    const decoded = new FfmpegViewer(file, join(directory, 'seen.json'));
    await decoded.ended;
    const report = await decoded.leave();
    expect({ errors: report.errors, corrupt: report.corruptFrames }).toEqual({ errors: [], corrupt: 0 });
    for (const kind of ['video', 'audio'] as const) {
      const sent = seen.filter((packet) => messageKind(packet) === kind && !isHeader(packet)).length;
      const beside = seen.filter(({ extra }) => extra?.medium === kind && extra.config === null).length;
      expect(beside).toBeGreaterThan(0.3 * sent);
      // What a decoder keeps back at the end, and the pre-skip of Opus.
      expect(report.framesDecoded[kind]).toBeGreaterThanOrEqual(sent - 8);
    }
    expect(seen.some(({ modEx }) => modEx?.equals(NANOSECONDS))).toBe(true);
  });

  it('is the default tracks and nothing else to a player that said nothing', async () => {
    const { errors, corruptFrames, packets } = await viewer.leave();
    expect({ errors, corruptFrames }).toEqual({ errors: [], corruptFrames: 0 });
    for (const track of ['video', 'audio'] as const) {
      const times = packets.filter((packet) => packet.track === track).map(({ dts }) => dts);
      // With a second track of its kind in between, times would repeat.
      // It joined before a hundred frames of extra tracks and thirty of the backup.
      expect(times.length).toBeGreaterThan(50);
      expect(new Set(times).size).toBe(times.length);
    }
  });
});

/** The clip with all of its packets a second time on track 1, and nanoseconds on the sound. */
function twice(clip: Clip): Clip {
  const packets = clip.packets
    .filter(({ track }) => track !== 'extra')
    .flatMap((packet) => [
      packet.track === 'audio' && packet.config === null ? { ...packet, modEx: NANOSECONDS } : packet,
      asExtra(packet, 1),
    ]);
  return { ...clip, packets };
}

function toFlv(packets: readonly MediaPacket[]): Buffer {
  const tags = packets.flatMap((packet) => {
    const kind = messageKind(packet);
    if (kind === 'data') return [];
    const body = wholeBody(packet);
    const tag = Buffer.alloc(FLV_TAG_OVERHEAD + body.length);
    writeFlvTag(tag, 0, FlvTagType[kind], packet.timestamp, body);
    return [tag];
  });
  return Buffer.concat([flvFileHeader({ video: true, audio: true }), ...tags]);
}
