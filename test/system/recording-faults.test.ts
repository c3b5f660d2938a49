/** The judge of test/system/interop.test.ts: what it must find, and let pass. */
import { describe, expect, it } from '@jest/globals';
import type { ViewerPacket, ViewerReport } from '../support/ffmpeg-viewer.ts';
import { recordingFaults } from './recording-faults.ts';

const EXPECTED = { atLeastMs: 3_000, frameMs: { video: 40, audio: 20 } };

/** Four seconds of both tracks, as they should be. */
function recording(change: (packet: ViewerPacket) => ViewerPacket | null = (packet) => packet): ViewerReport {
  const track = (name: 'video' | 'audio', stepMs: number): ViewerPacket[] =>
    Array.from({ length: 4_000 / stepMs }, (_, index) => {
      const dts = index * stepMs;
      return { track: name, dts, pts: dts, keyframe: index === 0, size: 100, wall: dts };
    });
  const packets = [...track('video', 40), ...track('audio', 20)]
    .map(change)
    .filter((packet) => packet !== null);
  const count = (name: string): number => packets.filter((packet) => packet.track === name).length;
  return {
    url: '',
    endedBy: 'eof',
    packets,
    framesDecoded: { video: count('video'), audio: count('audio') },
    resolutions: [],
    sampleRates: [],
    errors: [],
    errorCount: 0,
    corruptFrames: 0,
  };
}

describe('recordingFaults', () => {
  it('finds none where there is none', () => {
    expect(recordingFaults(recording(), EXPECTED)).toEqual([]);
  });

  it('lets the first frame stand where it will', () => {
    const late = recording((packet) =>
      packet.dts === 0 ? packet : { ...packet, dts: packet.dts + 9e6, pts: packet.pts + 9e6 },
    );
    expect(recordingFaults(late, EXPECTED)).toEqual([]);
  });

  it.each([
    [
      'a hole',
      recording(({ ...packet }) => (packet.track === 'video' && packet.dts === 2_000 ? null : packet)),
      ['video: a hole of 40 ms'],
    ],
    [
      'an end before the last switch',
      recording((packet) => (packet.track === 'audio' && packet.dts > 2_900 ? null : packet)),
      ['audio: 2880 ms of 3000'],
    ],
    [
      'time that goes back',
      recording((packet) =>
        packet.track === 'audio' && packet.dts === 2_000 ? { ...packet, dts: 1_970, pts: 1_970 } : packet,
      ),
      ['audio: 1 frames out of order', 'audio: a hole of 30 ms'],
    ],
    [
      'PTS < DTS',
      recording((packet) =>
        packet.track === 'video' && packet.dts === 2_000 ? { ...packet, pts: 1_999 } : packet,
      ),
      ['video: 1 frames with PTS < DTS'],
    ],
    ['damaged frames', { ...recording(), corruptFrames: 2 }, ['2 damaged frames']],
    [
      'what FFmpeg complains about',
      { ...recording(), errors: ['no frame!'], errorCount: 1 },
      ['FFmpeg: no frame!'],
    ],
    [
      'frames that no decoder takes',
      { ...recording(), framesDecoded: { video: 50, audio: 200 } },
      ['video: 50 frames of 99 decoded'],
    ],
    ['nothing at all', recording(() => null), ['video: 0 ms of 3000', 'audio: 0 ms of 3000']],
  ])('finds %s', (_, report, faults) => {
    expect(recordingFaults(report, EXPECTED)).toEqual(faults);
  });
});
