import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ClipOptions, encodeClip } from './clip-encoder.ts';

const folder = fileURLToPath(new URL('../runtime/clips/', import.meta.url));

/** 384 video frames last exactly as long as 600 audio frames: the clips loop without a seam. */
const common = {
  width: 640,
  height: 360,
  frameRate: 30,
  gopSeconds: 2,
  bFrames: 2,
  profile: 'high',
  preset: 'medium',
  quality: 16,
  audioRate: 48_000,
  channels: 2,
  audioBitRate: 96_000,
  durationSeconds: 12.8,
} satisfies Partial<ClipOptions>;

const clips: Record<string, ClipOptions> = {
  camera1: { ...common, label: 'CAMERA 1', colour: [30, 100, 190], tone: cameraTone(220) },
  camera2: { ...common, label: 'CAMERA 2', colour: [22, 128, 92], tone: cameraTone(277.18) },
  camera3: { ...common, label: 'CAMERA 3', colour: [190, 84, 40], tone: cameraTone(329.63) },
  spare: { ...common, label: 'SPARE', colour: [122, 62, 168], tone: cameraTone(440) },
  slate: {
    ...common,
    // A viewer who is switched to the slate waits for its next keyframe.
    gopSeconds: 1,
    label: 'WE WILL BE RIGHT BACK',
    colour: [52, 62, 82],
    tone: { hertz: 110, volume: 0.004, beepVolume: 0 },
  },
};

function cameraTone(hertz: number) {
  return { hertz, volume: 0.03, beepVolume: 0.15 };
}

mkdirSync(folder, { recursive: true });
for (const [name, options] of Object.entries(clips)) {
  const path = `${folder}${name}.flv`;
  await encodeClip(path, options);
  console.log(`runtime/clips/${name}.flv  ${Math.round(statSync(path).size / 1000)} kB`);
}
