/** Init segments, and where the media of a frame begins. FFmpeg reads the whole of it in test/e2e/hls.test.ts. */
import { describe, expect, it } from '@jest/globals';
import { initSegment } from '../../runtime/hls/fmp4.ts';
import { isPackaged, mediaOf } from '../../runtime/hls/sample-entry.ts';
import type { AudioConfig, VideoConfig } from '../../runtime/media/packet.ts';
import { AUDIO_CONFIG, VIDEO_CONFIG } from '../input/sample-packets.ts';
import { realConfigs } from '../output/stage.ts';
import { boxAt, boxes } from './fragment-reader.ts';

const STBL = ['mdia', 'minf', 'stbl'];
const SAMPLE_ENTRY_BYTES = { video: 78, audio: 28 };

/** The sample entry of each track, with its content behind the fields that all entries have. */
function entriesOf(init: Buffer): Array<{ type: string; rest: Buffer }> {
  return boxes(boxAt(init, 'moov'))
    .filter(({ type }) => type === 'trak')
    .flatMap(({ content }) => {
      const [entry] = boxes(boxAt(content, ...STBL, 'stsd').subarray(8));
      if (entry === undefined) return [];
      const isVideo = boxAt(content, 'mdia', 'hdlr').toString('latin1', 8, 12) === 'vide';
      return [
        { type: entry.type, rest: entry.content.subarray(SAMPLE_ENTRY_BYTES[isVideo ? 'video' : 'audio']) },
      ];
    });
}

describe('an init segment', () => {
  const configs = realConfigs();
  const video = configs.find((config): config is VideoConfig => config.track === 'video') ?? VIDEO_CONFIG;
  const audio = configs.find((config): config is AudioConfig => config.track === 'audio') ?? AUDIO_CONFIG;

  it('holds the configurations as they came', () => {
    const init = initSegment({ video, audio });
    expect(boxes(init).map(({ type }) => type)).toEqual(['ftyp', 'moov']);
    const [picture, sound] = entriesOf(init);
    expect(picture?.type).toBe('avc1');
    expect(boxAt(picture?.rest ?? init, 'avcC')).toEqual(video.payload.subarray(5));
    expect(sound?.type).toBe('mp4a');
    const esds = boxAt(sound?.rest ?? init, 'esds');
    expect(esds.includes(audio.payload.subarray(2))).toBe(true);
    expect(esds.length).toBe(4 + 8 + 18 + 5 + audio.payload.length - 2 + 6);
  });

  it('has the tracks that there are, and each in mvex', () => {
    const tracksOf = (init: Buffer) => [
      entriesOf(init).map(({ type }) => type),
      boxes(boxAt(init, 'moov', 'mvex')).map(({ content }) => content.readUInt32BE(4)),
    ];
    expect(tracksOf(initSegment({ video, audio: null }))).toEqual([['avc1'], [1]]);
    expect(tracksOf(initSegment({ video: null, audio }))).toEqual([['mp4a'], [2]]);
    const hevc = { ...video, codec: 'hevc' };
    expect(tracksOf(initSegment({ video: hevc, audio }))).toEqual([
      ['hvc1', 'mp4a'],
      [1, 2],
    ]);
  });

  it('takes any size and rate that a configuration can name', () => {
    const largest = { ...video, width: 32_768, height: 32_768 };
    const fastest = { ...audio, sampleRate: 2 ** 24 - 1, channels: 8 };
    expect(() => initSegment({ video: largest, audio: fastest })).not.toThrow();
  });

  it('is the same for the same tracks', () => {
    expect(initSegment({ video, audio })).toEqual(initSegment({ video: { ...video }, audio: { ...audio } }));
  });
});

describe('the media of a frame', () => {
  const body = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

  it.each([
    ['AVC', 'video', 0x17, 2, 5],
    ['enhanced video with a CTS', 'video', 0x91, 5, 8],
    ['enhanced video without one', 'video', 0x93, -1, 5],
    ['AAC', 'audio', 0xaf, -1, 2],
    ['enhanced audio', 'audio', 0x91, -1, 5],
  ] as const)('of %s begins behind its head', (_, track, first, ctsOffset, at) => {
    const payload = Buffer.from([first, ...body.subarray(1)]);
    expect(mediaOf(track, payload, ctsOffset)).toEqual(payload.subarray(at));
  });

  it('is packaged for codecs that have a sample entry', () => {
    const codecs = ['avc', 'hevc', 'av01', '2', 'constructor'].map((codec) => ({ ...VIDEO_CONFIG, codec }));
    expect(codecs.map(isPackaged)).toEqual([true, true, false, false, false]);
    expect([AUDIO_CONFIG, { ...AUDIO_CONFIG, codec: 'Opus' }].map(isPackaged)).toEqual([true, false]);
  });
});
