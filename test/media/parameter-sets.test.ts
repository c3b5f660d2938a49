import { describe, expect, it } from '@jest/globals';
import { parseVideo } from '../../runtime/codec/media-header.ts';
import type { VideoConfig } from '../../runtime/media/packet.ts';
import { withParameterSets } from '../../runtime/media/parameter-sets.ts';
import { bytes } from '../golden/bytes.ts';
import { AV1_SEQUENCE_HEADER, avcRecord, hevcRecord } from '../golden/codec-configs.ts';

const SPS = bytes('67 64001e ac');
const PPS = bytes('68 eb');
const VPS = bytes('4001 0c');
const HEVC_SPS = bytes('4201 01');
const HEVC_PPS = bytes('4401 c1');

function configOf(payload: Buffer): VideoConfig {
  const config = parseVideo(payload, 0)?.config;
  if (config?.track !== 'video') throw new Error('no video configuration');
  return config;
}

function avc(nalLengthBytes = 4): VideoConfig {
  return configOf(Buffer.concat([bytes('17 00 000000'), avcRecord([SPS], [PPS], nalLengthBytes)]));
}

const HEVC = configOf(Buffer.concat([bytes("90 'hvc1'"), hevcRecord([VPS, HEVC_SPS, HEVC_PPS])]));

const AV1 = configOf(Buffer.concat([bytes("90 'av01' 81000c00"), AV1_SEQUENCE_HEADER]));

/** A configuration, a keyframe of it, and the keyframe as it goes out. The sets stand between the bars. */
const CASES: ReadonlyArray<{
  readonly name: string;
  readonly config: VideoConfig;
  readonly keyframe: Buffer;
  readonly expected: Buffer;
}> = [
  {
    name: 'AVC: in front of the first NAL unit',
    config: avc(),
    keyframe: bytes('17 01 000000 00000002 6588'),
    expected: bytes('17 01 000000 / 00000005 6764001eac 00000002 68eb / 00000002 6588'),
  },
  {
    name: 'AVC: in front of an SEI',
    config: avc(),
    keyframe: bytes('17 01 000028 00000002 0605 00000002 6588'),
    expected: bytes('17 01 000028 / 00000005 6764001eac 00000002 68eb / 00000002 0605 00000002 6588'),
  },
  {
    name: 'AVC: behind an access unit delimiter',
    config: avc(),
    keyframe: bytes('17 01 000000 00000002 09f0 00000002 6588'),
    expected: bytes('17 01 000000 00000002 09f0 / 00000005 6764001eac 00000002 68eb / 00000002 6588'),
  },
  {
    name: 'AVC: with lengths of 2 bytes',
    config: avc(2),
    keyframe: bytes('17 01 000000 0002 09f0 0002 6588'),
    expected: bytes('17 01 000000 0002 09f0 / 0005 6764001eac 0002 68eb / 0002 6588'),
  },
  {
    name: 'AVC: with lengths of 1 byte',
    config: avc(1),
    keyframe: bytes('17 01 000000 02 6588'),
    expected: bytes('17 01 000000 / 05 6764001eac 02 68eb / 02 6588'),
  },
  {
    name: 'AVC of Enhanced RTMP, behind its CTS',
    config: avc(),
    keyframe: bytes("91 'avc1' 000000 00000002 6588"),
    expected: bytes("91 'avc1' 000000 / 00000005 6764001eac 00000002 68eb / 00000002 6588"),
  },
  {
    name: 'legacy HEVC',
    config: HEVC,
    keyframe: bytes('1c 01 000000 00000003 2601af'),
    expected: bytes('1c 01 000000 / 00000003 40010c 00000003 420101 00000003 4401c1 / 00000003 2601af'),
  },
  {
    name: 'HEVC coded frames, behind a delimiter',
    config: HEVC,
    keyframe: bytes("91 'hvc1' 000021 00000003 460150 00000003 2601af"),
    expected: bytes(
      "91 'hvc1' 000021 00000003 460150 / 00000003 40010c 00000003 420101 00000003 4401c1 / 00000003 2601af",
    ),
  },
  {
    name: 'HEVC coded frames X, which have no CTS',
    config: HEVC,
    keyframe: bytes("93 'hvc1' 00000003 2601af"),
    expected: bytes("93 'hvc1' / 00000003 40010c 00000003 420101 00000003 4401c1 / 00000003 2601af"),
  },
  {
    name: 'AV1: in front of the first OBU',
    config: AV1,
    keyframe: bytes("91 'av01' 3201ff"),
    expected: Buffer.concat([bytes("91 'av01'"), AV1_SEQUENCE_HEADER, bytes('3201ff')]),
  },
  {
    name: 'AV1: behind a temporal delimiter',
    config: AV1,
    keyframe: bytes("91 'av01' 1200 3201ff"),
    expected: Buffer.concat([bytes("91 'av01' 1200"), AV1_SEQUENCE_HEADER, bytes('3201ff')]),
  },
];

/** Keyframes that go out as they are. */
const UNCHANGED: ReadonlyArray<{
  readonly name: string;
  readonly config: VideoConfig;
  readonly keyframe: Buffer;
}> = [
  { name: 'an SPS is there', config: avc(), keyframe: bytes('17 01 000000 00000002 6764 00000002 6588') },
  {
    name: 'an SPS is there behind a delimiter',
    config: avc(),
    keyframe: bytes('17 01 000000 00000002 09f0 00000002 6764 00000002 6588'),
  },
  {
    name: 'an HEVC SPS is there',
    config: HEVC,
    keyframe: bytes("93 'hvc1' 00000003 420101 00000003 2601af"),
  },
  {
    name: 'the configuration has no parameter sets',
    config: configOf(Buffer.concat([bytes('17 00 000000'), avcRecord([], [])])),
    keyframe: bytes('17 01 000000 00000002 6588'),
  },
  {
    name: 'the codec has no parameter sets',
    config: configOf(bytes("90 'vp09' 000b820101010000")),
    keyframe: bytes("91 'vp09' 824983"),
  },
  {
    name: 'an AV1 configuration has no sequence header',
    config: configOf(bytes("90 'av01' 81050c00")),
    keyframe: bytes("91 'av01' 3201ff"),
  },
  {
    name: 'an AV1 sequence header is there behind a delimiter',
    config: AV1,
    keyframe: bytes("91 'av01' 1200 0a0b"),
  },
  { name: 'an AV1 sequence header is there', config: AV1, keyframe: bytes("91 'av01' 0a0b") },
  {
    name: 'the first NAL unit is longer than the frame',
    config: avc(),
    keyframe: bytes('17 01 000000 00000009 6588'),
  },
  { name: 'the frame ends inside a length', config: avc(), keyframe: bytes('17 01 000000 0000') },
  { name: 'a length of 4 GB', config: avc(), keyframe: bytes('17 01 000000 ffffffff 6588') },
];

describe('withParameterSets', () => {
  it.each(CASES)('$name', ({ config, keyframe, expected }) => {
    const packet = parseVideo(keyframe, 0);
    if (packet === null) throw new Error('no packet');
    const before = keyframe.toString('hex');
    expect(withParameterSets(packet, config).toString('hex')).toBe(expected.toString('hex'));
    // The payload is shared with others.
    expect(keyframe.toString('hex')).toBe(before);
  });

  it.each(UNCHANGED)('leaves the frame alone where $name', ({ config, keyframe }) => {
    const packet = parseVideo(keyframe, 0);
    if (packet === null) throw new Error('no packet');
    expect(withParameterSets(packet, config)).toBe(keyframe);
  });

  it.each(CASES.filter(({ config }) => config.codec === 'avc'))(
    '$name: once, not twice',
    ({ config, expected }) => {
      const packet = parseVideo(expected, 0);
      if (packet === null) throw new Error('no packet');
      expect(withParameterSets(packet, config)).toBe(expected);
    },
  );
});
