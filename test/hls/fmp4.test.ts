/** Init segments, and where the media of a frame begins. FFmpeg reads the whole of it in test/e2e/hls.test.ts. */
import { describe, expect, it } from '@jest/globals';
import { parseAudio, parseVideo } from '../../runtime/codec/media-header.ts';
import { initSegment } from '../../runtime/hls/fmp4.ts';
import { isPackaged, mediaOf } from '../../runtime/hls/sample-entry.ts';
import type { AudioConfig, VideoConfig } from '../../runtime/media/packet.ts';
import { bytes } from '../golden/bytes.ts';
import { av1Configs, opusConfigs } from '../golden/codec-configs.ts';
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

/** The sample entry of the only track. */
function entryOf(init: Buffer): { type: string; content: Buffer } {
  const [entry] = boxes(boxAt(init, 'moov', 'trak', ...STBL, 'stsd').subarray(8));
  if (entry === undefined) throw new Error('there is no sample entry');
  return entry;
}

/** As Enhanced RTMP brings it: the record behind the FourCC. */
function av1Config(record: Buffer): VideoConfig {
  const config = parseVideo(Buffer.concat([bytes("90 'av01'"), record]), 0)?.config;
  if (config?.track !== 'video') throw new Error('not read');
  return config;
}

function opusConfig(idHeader: Buffer): AudioConfig {
  const config = parseAudio(Buffer.concat([bytes("90 'Opus'"), idHeader]), 0)?.config;
  if (config?.track !== 'audio') throw new Error('not read');
  return config;
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

describe('the sample entry of AV1', () => {
  it.each(av1Configs)('holds the record as it came, and its size: $name', ({ bytes: record, message }) => {
    const video = av1Config(record);
    const init = initSegment({ video, audio: null });
    const { type, content } = entryOf(init);
    expect(type).toBe('av01');
    expect([content.readUInt16BE(24), content.readUInt16BE(26)]).toEqual([message.width, message.height]);
    expect(boxAt(content.subarray(SAMPLE_ENTRY_BYTES.video), 'av1C')).toEqual(record);
    expect(boxAt(init, 'ftyp').toString('latin1', 8)).toBe('iso6mp41av01');
  });
});

describe('the sample entry of Opus', () => {
  const dOpsOf = (idHeader: Buffer): Buffer => {
    const { type, content } = entryOf(initSegment({ video: null, audio: opusConfig(idHeader) }));
    expect(type).toBe('Opus');
    // samplerate
    expect(content.readUInt32BE(24)).toBe(48_000 * 2 ** 16);
    const dOps = boxAt(content.subarray(SAMPLE_ENTRY_BYTES.audio), 'dOps');
    // channelcount, OutputChannelCount
    expect(content.readUInt16BE(16)).toBe(dOps.readUInt8(1));
    return dOps;
  };

  it.each([
    ['stereo', "'OpusHead' 0102 3801 80bb0000 0000 00", '00 02 0138 0000bb80 0000 00'],
    [
      'a gain of -2 dB, from 44.1 kHz',
      "'OpusHead' 0101 0000 44ac0000 00fe 00",
      '00 01 0000 0000bb80 fe00 00',
    ],
    [
      '5.1 with a mapping, and bytes behind it',
      "'OpusHead' 0106 3801 80bb0000 0000 01 0402 000401020305 ffff",
      '00 06 0138 0000bb80 0000 01 0402 000401020305',
    ],
    ['an ID header that was left out', '', '00 02 0000 0000bb80 0000 00'],
  ])('says the same in its own order: %s', (_, idHeader, dOps) => {
    expect(dOpsOf(bytes(idHeader))).toEqual(bytes(dOps));
  });

  it('is there for whatever can be read', () => {
    const readable = opusConfigs.map(({ bytes: idHeader }) => isPackaged(opusConfig(idHeader)));
    expect(readable).toEqual([true, true, true, false]);
    const cutInMapping = bytes("'OpusHead' 0106 3801 80bb0000 0000 01 0402 0004010203");
    expect(isPackaged(opusConfig(cutInMapping))).toBe(false);
    expect(isPackaged(opusConfig(bytes("'OpusHead' 0102 3801 80bb")))).toBe(false);
  });
});

describe('the media of a frame', () => {
  const body = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

  it.each([
    ['AVC', VIDEO_CONFIG, 0x17, 2, 5],
    ['enhanced video with a CTS', VIDEO_CONFIG, 0x91, 5, 8],
    ['enhanced video without one', VIDEO_CONFIG, 0x93, -1, 5],
    ['AAC', AUDIO_CONFIG, 0xaf, -1, 2],
    ['enhanced audio', AUDIO_CONFIG, 0x91, -1, 5],
  ] as const)('of %s begins behind its head', (_, config, first, ctsOffset, at) => {
    const payload = Buffer.from([first, ...body.subarray(1)]);
    expect(mediaOf(config, payload, ctsOffset)).toEqual(payload.subarray(at));
  });

  it.each([
    ['a temporal delimiter in front', "91 'av01' 1200 0a01ff 3201aa", '0a01ff 3201aa'],
    ['none', "91 'av01' 0a01ff 3201aa", '0a01ff 3201aa'],
    ['something else of its first byte', "91 'av01' 1201 00", '1201 00'],
  ])('of AV1 begins behind the delimiter: %s', (_, payload, media) => {
    expect(mediaOf(av1Config(bytes('81000c00')), bytes(payload), -1)).toEqual(bytes(media));
  });

  it('of other video is not looked into', () => {
    const payload = bytes("93 'hvc1' 1200 26");
    expect(mediaOf({ ...VIDEO_CONFIG, codec: 'hevc' }, payload, -1)).toEqual(bytes('1200 26'));
  });

  it('is packaged for codecs that have a sample entry', () => {
    const codecs = ['avc', 'hevc', 'av1', 'vp9', '2', 'constructor'].map((codec) => ({
      ...VIDEO_CONFIG,
      codec,
    }));
    expect(codecs.map(isPackaged)).toEqual([true, true, true, false, false, false]);
    const sounds = ['aac', 'flac', 'constructor'].map((codec) => ({ ...AUDIO_CONFIG, codec }));
    expect(sounds.map(isPackaged)).toEqual([true, false, false]);
  });
});
