import { glyphHeight, renderText, type Stencil, textWidth } from './bitmap-font.ts';

/** A colour as red, green and blue, 0 to 255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

export interface PictureOptions {
  width: number;
  height: number;
  label: string;
  colour: Colour;
}

type Yuv = readonly [y: number, u: number, v: number];

const white: Colour = [255, 255, 255];

/**
 * Paints the frames of a clip in YUV 4:2:0 (BT.709, limited range): the clip's name, a clock, a bar that sweeps
 * once a second, and a lamp that lights up with the beep at each full second. A frozen or skipping picture shows.
 */
export class ClipPainter {
  readonly width: number;
  readonly height: number;
  private readonly background: YuvImage;
  private readonly frame: YuvImage;
  private readonly digits: ReadonlyMap<string, Stencil>;
  private readonly clockScale: number;
  private readonly clockTop: number;
  private readonly bar: { left: number; top: number; width: number; height: number };

  constructor(options: PictureOptions) {
    this.width = options.width;
    this.height = options.height;
    if (this.width % 2 !== 0 || this.height % 2 !== 0) throw new Error('Width and height must be even');
    const labelBottom = 0.57 * this.height;
    this.clockScale = Math.max(1, Math.round(this.height / 72));
    this.clockTop = even(0.645 * this.height);
    const margin = even(this.width * 0.1);
    this.bar = {
      left: margin,
      top: even(0.84 * this.height),
      width: this.width - 2 * margin,
      height: Math.max(2, even(this.height / 45)),
    };
    this.digits = new Map([...'0123456789.'].map((digit) => [digit, renderText(digit, this.clockScale)]));
    this.background = this.paintBackground(options, labelBottom);
    this.frame = new YuvImage(this.width, this.height);
  }

  /** The picture at a time of the clip, as one buffer that the next call overwrites. */
  paint(seconds: number): Buffer {
    this.frame.copyFrom(this.background);
    this.paintClock(seconds);
    this.paintBar(seconds % 1);
    this.paintLamp(seconds % 1);
    return this.frame.buffer;
  }

  private paintBackground(options: PictureOptions, labelBottom: number): YuvImage {
    const image = new YuvImage(this.width, this.height);
    image.fillGradient(lighten(options.colour, 0.12), darken(options.colour, 0.3));
    const lines = splitLabel(options.label);
    const longest = Math.max(...lines.map(textWidth));
    const rows = lines.length * glyphHeight + (lines.length - 1) * 3;
    const scale = Math.max(
      1,
      Math.min((this.width * 0.8) / longest, (this.height * 0.25) / glyphHeight, (this.height * 0.36) / rows),
    );
    const middle = (0.13 * this.height + labelBottom) / 2;
    const shadow = Math.max(1, scale / 4);
    for (const [index, line] of lines.entries()) {
      const stencil = renderText(line, scale);
      const left = (this.width - stencil.width) / 2;
      const top = middle + (index * (glyphHeight + 3) - rows / 2 - 0.5) * scale;
      image.stamp(stencil, left + shadow, top + shadow, darken(options.colour, 0.6), 0.55);
      image.stamp(stencil, left, top, white, 1);
    }
    const { left, top, width, height } = this.bar;
    image.stamp(pill(width, height), left, top, darken(options.colour, 0.6), 0.6);
    return image;
  }

  private paintClock(seconds: number): void {
    const text = seconds.toFixed(2).padStart(5, '0');
    // Every digit has the same room, so that the clock does not jitter; the point takes half of it.
    const room = (character: string) => (character === '.' ? 3 : 6) * this.clockScale;
    let left = (this.width - [...text].reduce((width, character) => width + room(character), 0)) / 2;
    for (const character of text) {
      const stencil = this.digits.get(character);
      const indent = stencil ? (room(character) - stencil.width) / 2 : 0;
      if (stencil) this.frame.stamp(stencil, left + indent, this.clockTop, white, 0.9);
      left += room(character);
    }
  }

  private paintBar(phase: number): void {
    const { left, top, width, height } = this.bar;
    const segment = even(width * 0.16);
    this.frame.stamp(pill(segment, height), left + phase * (width - segment), top, white, 0.95);
  }

  private paintLamp(phase: number): void {
    const size = even(this.height / 15);
    const brightness = Math.max(0, 1 - phase / 0.25);
    const inset = even(this.height / 15);
    this.frame.stamp(pill(size, size), this.width - inset - size, inset, white, 0.15 + 0.85 * brightness);
  }
}

/** A planar YUV 4:2:0 image in one buffer, as the encoder wants it. */
class YuvImage {
  readonly buffer: Buffer;
  private readonly width: number;
  private readonly height: number;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.buffer = Buffer.alloc((width * height * 3) / 2);
  }

  copyFrom(other: YuvImage): void {
    other.buffer.copy(this.buffer);
  }

  fillGradient(from: Colour, to: Colour): void {
    for (let row = 0; row < this.height; row++) {
      const [y, u, v] = toYuv(mix(from, to, row / (this.height - 1)));
      this.buffer.fill(Math.round(y), row * this.width, (row + 1) * this.width);
      if (row % 2 !== 0) continue;
      for (const [plane, value] of [u, v].entries()) {
        const start = this.chromaStart(plane) + (row / 2) * (this.width / 2);
        this.buffer.fill(Math.round(value), start, start + this.width / 2);
      }
    }
  }

  /** Paints a colour through a stencil; positions are rounded to even pixels, where colour and light meet. */
  stamp(stencil: Stencil, left: number, top: number, colour: Colour, opacity: number): void {
    const [y, u, v] = toYuv(colour);
    const x0 = even(left);
    const y0 = even(top);
    for (let row = 0; row < stencil.height; row++) {
      for (let column = 0; column < stencil.width; column++) {
        const coverage = stencil.coverage[row * stencil.width + column] ?? 0;
        if (coverage > 0) this.blend((y0 + row) * this.width + x0 + column, y, (coverage / 255) * opacity);
      }
    }
    for (let row = 0; row < stencil.height; row += 2) {
      for (let column = 0; column < stencil.width; column += 2) {
        const amount = (squareCoverage(stencil, column, row) / 255) * opacity;
        if (amount === 0) continue;
        const offset = (((y0 + row) / 2) * this.width) / 2 + (x0 + column) / 2;
        this.blend(this.chromaStart(0) + offset, u, amount);
        this.blend(this.chromaStart(1) + offset, v, amount);
      }
    }
  }

  private blend(offset: number, value: number, amount: number): void {
    const old = this.buffer[offset] ?? 0;
    this.buffer[offset] = Math.round(old + (value - old) * amount);
  }

  private chromaStart(plane: number): number {
    const pixels = this.width * this.height;
    return pixels + (plane * pixels) / 4;
  }
}

/** The coverage of the four pixels that share a colour sample. */
function squareCoverage({ width, coverage }: Stencil, column: number, row: number): number {
  const at = row * width + column;
  const upper = (coverage[at] ?? 0) + (coverage[at + 1] ?? 0);
  const lower = (coverage[at + width] ?? 0) + (coverage[at + width + 1] ?? 0);
  return (upper + lower) / 4;
}

const pills = new Map<string, Stencil>();

/** A lying bar with round ends; a circle where width and height are equal. */
function pill(width: number, height: number): Stencil {
  const key = `${width}x${height}`;
  const known = pills.get(key);
  if (known) return known;
  const radius = height / 2;
  const coverage = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = Math.max(radius - (x + 0.5), x + 0.5 - (width - radius), 0);
      const distance = Math.hypot(dx, y + 0.5 - radius);
      coverage[y * width + x] = 255 * Math.min(1, Math.max(0, radius - distance + 0.5));
    }
  }
  const stencil = { width, height, coverage };
  pills.set(key, stencil);
  return stencil;
}

/** A long label goes on two lines, broken at the blank nearest to its middle. */
function splitLabel(label: string): string[] {
  if (label.length <= 12) return [label];
  const blanks = [...label.matchAll(/ /g)].map((match) => match.index);
  const middle = (label.length - 1) / 2;
  const best = blanks.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0];
  return best === undefined ? [label] : [label.slice(0, best), label.slice(best + 1)];
}

function even(length: number): number {
  return Math.round(length / 2) * 2;
}

function mix(from: Colour, to: Colour, amount: number): Colour {
  const channel = (index: 0 | 1 | 2) => from[index] + (to[index] - from[index]) * amount;
  return [channel(0), channel(1), channel(2)];
}

function lighten(colour: Colour, amount: number): Colour {
  return mix(colour, white, amount);
}

function darken(colour: Colour, amount: number): Colour {
  return mix(colour, [0, 0, 0], amount);
}

/** BT.709, limited range. */
function toYuv([red, green, blue]: Colour): Yuv {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return [
    16 + (luma * 219) / 255,
    128 + ((blue - luma) / 1.8556) * (224 / 255),
    128 + ((red - luma) / 1.5748) * (224 / 255),
  ];
}
