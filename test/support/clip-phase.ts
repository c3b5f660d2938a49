import type { VideoElement } from './playback-watch.ts';

// Runs in a page.

interface Canvas {
  width: number;
  height: number;
  getContext(kind: '2d'): {
    drawImage(video: VideoElement, left: number, top: number): void;
    getImageData(
      left: number,
      top: number,
      width: number,
      height: number,
    ): { readonly data: Uint8ClampedArray };
  };
}

declare const document: { createElement(name: 'canvas'): Canvas };

/** The bar is white on a dark ground; half way between them in green, of 255. */
const BRIGHT = 160;
const PIXEL_BYTES = 4;
const GREEN = 1;

/**
 * Where the bar of a clip (scripts/clip-picture.ts) stands in the picture that a video shows: it sweeps once a second of the
 * clip, and 0 is its start. Null where no bar is to be seen.
 */
export function barPhase(video: VideoElement): number | null {
  const { videoWidth: width, videoHeight: height } = video;
  const left = even(0.1 * width);
  const barWidth = width - 2 * left;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const middle = even(0.84 * height) + Math.round(height / 90);
  const { data } = context.getImageData(left, middle, barWidth, 1);
  for (let x = 0; x < barWidth; x += 1) {
    if ((data[PIXEL_BYTES * x + GREEN] ?? 0) > BRIGHT) return x / (barWidth - even(0.16 * barWidth));
  }
  return null;
}

function even(length: number): number {
  return Math.round(length / 2) * 2;
}
