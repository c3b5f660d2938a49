/** What a MediaLive channel encodes: the renditions of a ladder, as HLS. */
import type { CfnChannel } from 'aws-cdk-lib/aws-medialive';
import type { AwsConfig } from '../../runtime/contract/config.ts';

type ChannelConfig = AwsConfig['mediaLive'][number];
type Encoder = CfnChannel.EncoderSettingsProperty;
type Video = CfnChannel.VideoDescriptionProperty;

interface Rendition {
  readonly width: number;
  readonly height: number;
  /** The highest bit rate, in kbit/s, at up to 30 frames a second. */
  readonly kbps: number;
  readonly profile: 'MAIN' | 'HIGH';
}

const SD: readonly Rendition[] = [
  { width: 854, height: 480, kbps: 1_400, profile: 'MAIN' },
  { width: 640, height: 360, kbps: 800, profile: 'MAIN' },
];
const HD: readonly Rendition[] = [
  { width: 1280, height: 720, kbps: 3_000, profile: 'HIGH' },
  { width: 960, height: 540, kbps: 2_000, profile: 'HIGH' },
  ...SD,
];
const LADDERS: Readonly<Record<ChannelConfig['ladder'], readonly Rendition[]>> = {
  sd: SD,
  hd: HD,
  'full-hd': [{ width: 1920, height: 1080, kbps: 5_500, profile: 'HIGH' }, ...HD],
};

/** Twice the frames take about half as much again. */
const FAST_FACTOR = 1.5;
const FAST_FRAME_RATE = 50;
const GOP_SECONDS = 2;
/** Three GOPs: a player has its first picture after one segment. */
const SEGMENT_SECONDS = 6;
/** In a playlist: a minute to go back. Ten more stay for players that have an older one. */
const PLAYLIST_SEGMENTS = 10;
const KEPT_SEGMENTS = 20;
const AUDIO = 'audio';
/** The one destination and the one audio selector of a channel. */
export const DESTINATION_ID = 'destination';
export const AUDIO_SELECTOR = 'default';

/**
 * While nothing comes in, viewers see the last picture, in silence: until the channel has been switched, which takes the
 * alarm of a lost host up to a minute. After that a grey picture says that something is wrong.
 */
const REPEATED_FRAME_MS = 60_000;
const GREY = '404040';

export function channelEncoder(config: ChannelConfig): Encoder {
  const isPackaged = config.destination.mediaPackage !== undefined;
  const videos = LADDERS[config.ladder].map((rendition) => videoDescription(rendition, config.frameRate));
  return {
    // RTMP has no time code.
    timecodeConfig: { source: 'SYSTEMCLOCK' },
    globalConfiguration: {
      inputEndAction: 'NONE',
      outputTimingSource: 'SYSTEM_CLOCK',
      inputLossBehavior: {
        repeatFrameMsec: REPEATED_FRAME_MS,
        blackFrameMsec: 0,
        inputLossImageType: 'COLOR',
        inputLossImageColor: GREY,
      },
    },
    audioDescriptions: [
      {
        name: AUDIO,
        audioSelectorName: AUDIO_SELECTOR,
        audioTypeControl: 'FOLLOW_INPUT',
        languageCodeControl: 'FOLLOW_INPUT',
        codecSettings: {
          aacSettings: {
            bitrate: 128_000,
            codingMode: 'CODING_MODE_2_0',
            inputType: 'NORMAL',
            profile: 'LC',
            rateControlMode: 'CBR',
            rawFormat: 'NONE',
            sampleRate: 48_000,
            spec: 'MPEG4',
          },
        },
      },
    ],
    videoDescriptions: videos,
    outputGroups: [isPackaged ? packageGroup(videos) : hlsGroup(videos)],
  };
}

function videoDescription({ width, height, kbps, profile }: Rendition, frameRate: number): Video {
  const bitrate = kbps * 1_000 * (frameRate >= FAST_FRAME_RATE ? FAST_FACTOR : 1);
  return {
    name: `${height}p`,
    width,
    height,
    respondToAfd: 'NONE',
    scalingBehavior: 'DEFAULT',
    codecSettings: {
      h264Settings: {
        profile,
        level: 'H264_LEVEL_AUTO',
        entropyEncoding: 'CABAC',
        adaptiveQuantization: 'AUTO',
        scanType: 'PROGRESSIVE',
        parControl: 'SPECIFIED',
        parNumerator: 1,
        parDenominator: 1,
        framerateControl: 'SPECIFIED',
        framerateNumerator: frameRate,
        framerateDenominator: 1,
        rateControlMode: 'QVBR',
        maxBitrate: bitrate,
        bufSize: 2 * bitrate,
        // All renditions have their keyframes at the same places: players change between them there.
        gopSize: GOP_SECONDS,
        gopSizeUnits: 'SECONDS',
        gopClosedCadence: 1,
        gopNumBFrames: 2,
        sceneChangeDetect: 'DISABLED',
        afdSignaling: 'NONE',
        colorMetadata: 'INSERT',
        timecodeInsertion: 'DISABLED',
      },
    },
  };
}

function hlsGroup(videos: readonly Video[]): CfnChannel.OutputGroupProperty {
  return {
    name: 'hls',
    outputGroupSettings: {
      hlsGroupSettings: {
        destination: { destinationRefId: DESTINATION_ID },
        hlsCdnSettings: { hlsS3Settings: {} },
        mode: 'LIVE',
        segmentLength: SEGMENT_SECONDS,
        indexNSegments: PLAYLIST_SEGMENTS,
        keepSegments: KEPT_SEGMENTS,
        // A playlist that ends, or stops, ends players.
        inputLossAction: 'EMIT_OUTPUT',
        manifestDurationFormat: 'FLOATING_POINT',
        programDateTime: 'INCLUDE',
        programDateTimePeriod: 600,
        streamInfResolution: 'INCLUDE',
        codecSpecification: 'RFC_4281',
        redundantManifest: 'DISABLED',
        directoryStructure: 'SINGLE_DIRECTORY',
        outputSelection: 'MANIFESTS_AND_SEGMENTS',
        tsFileMode: 'SEGMENTED_FILES',
      },
    },
    outputs: videos.map((video) =>
      output(video, {
        hlsOutputSettings: {
          nameModifier: `_${video.name}`,
          hlsSettings: { standardHlsSettings: { m3U8Settings: {}, audioRenditionSets: 'program_audio' } },
        },
      }),
    ),
  };
}

function packageGroup(videos: readonly Video[]): CfnChannel.OutputGroupProperty {
  return {
    name: 'mediapackage',
    outputGroupSettings: { mediaPackageGroupSettings: { destination: { destinationRefId: DESTINATION_ID } } },
    outputs: videos.map((video) => output(video, { mediaPackageOutputSettings: {} })),
  };
}

function output(
  { name = '' }: Video,
  outputSettings: CfnChannel.OutputSettingsProperty,
): CfnChannel.OutputProperty {
  return { outputName: name, videoDescriptionName: name, audioDescriptionNames: [AUDIO], outputSettings };
}
