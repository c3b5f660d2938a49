import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { AudioCodec, ClipOptions, H264Profile, VideoCodec } from '../../scripts/clip-encoder.ts';
import type { Colour } from '../../scripts/clip-picture.ts';

export interface TestClipOptions {
  width?: number;
  height?: number;
  frameRate?: number;
  gopSeconds?: number;
  bFrames?: number;
  videoCodec?: VideoCodec;
  audioCodec?: AudioCodec;
  profile?: H264Profile;
  audioRate?: number;
  channels?: 1 | 2;
  durationSeconds?: number;
  label?: string;
  colour?: Colour;
}

const defaults: ClipOptions = {
  width: 320,
  height: 180,
  frameRate: 30,
  gopSeconds: 1,
  bFrames: 2,
  profile: 'main',
  preset: 'ultrafast',
  quality: 23,
  audioRate: 48_000,
  channels: 2,
  audioBitRate: 96_000,
  durationSeconds: 12.8,
  label: 'TEST',
  colour: [120, 60, 60],
  tone: { hertz: 330, volume: 0.03, beepVolume: 0.15 },
};

/**
 * Makes an FLV clip for looping, in a process of its own: jest cannot load node-av.
 * Also runs by itself: `node --import tsx test/support/clip-maker.ts OUT.flv '{"width":640}'`.
 */
export async function makeTestClip(path: string, options: TestClipOptions = {}): Promise<void> {
  const script = [import.meta.filename, path, JSON.stringify(options)];
  await promisify(execFile)(process.execPath, ['--import', 'tsx', ...script]);
}

async function main(path: string | undefined, optionsJson = '{}'): Promise<void> {
  if (path === undefined) throw new Error('Usage: clip-maker.ts OUT.flv [OPTIONS-AS-JSON]');
  const { encodeClip } = await import('../../scripts/clip-encoder.ts');
  const options: TestClipOptions = JSON.parse(optionsJson);
  const bFrames = options.profile === 'baseline' ? 0 : defaults.bFrames;
  await encodeClip(path, { ...defaults, bFrames, ...options });
}

if (process.argv[1] === import.meta.filename) {
  main(process.argv[2], process.argv[3]).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
