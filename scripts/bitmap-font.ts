/**
 * A 5x7 pixel font of capitals, digits and a little punctuation: the clips must not depend on the fonts of a
 * machine. Neighbouring pixels are joined by strokes with round ends, so that large text looks drawn with a pen.
 */

export const glyphHeight = 7;

/** A grey-scale stencil: how much of each pixel is covered, 0 to 255. */
export interface Stencil {
  width: number;
  height: number;
  coverage: Uint8Array;
}

interface Stroke {
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
}

interface Glyph {
  width: number;
  strokes: Stroke[];
}

/** Where strokes may lead from a cell; the other half of the directions comes from the cells at their ends. */
const neighbours = [
  [1, 0],
  [0, 1],
  [1, 1],
  [-1, 1],
] as const;

/** Half the width of a stroke and the free space beside a glyph, in font pixels. */
const penRadius = 0.5;
const margin = 0.5;
const blankWidth = 2;

/** Rows of each glyph from the top, separated by blanks. `#` is ink; `\` and `/` are ink of slanting strokes only. */
const glyphRows: Record<string, string> = {
  A: '.###. #...# #...# ##### #...# #...# #...#',
  B: '####. #...# #...# ####. #...# #...# ####.',
  C: '.###. #...# #.... #.... #.... #...# .###.',
  D: '####. #...# #...# #...# #...# #...# ####.',
  E: '##### #.... #.... ####. #.... #.... #####',
  F: '##### #.... #.... ####. #.... #.... #....',
  G: '.###. #...# #.... #.### #...# #...# .###.',
  H: '#...# #...# #...# ##### #...# #...# #...#',
  I: '.###. ..#.. ..#.. ..#.. ..#.. ..#.. .###.',
  J: '..### ...#. ...#. ...#. ...#. #..#. .##..',
  K: '#...# #..#. #.#.. ##... #.#.. #..#. #...#',
  L: '#.... #.... #.... #.... #.... #.... #####',
  M: '#...# #\\./# #.#.# #...# #...# #...# #...#',
  N: '#...# #...# #\\..# #.\\.# #..\\# #...# #...#',
  O: '.###. #...# #...# #...# #...# #...# .###.',
  P: '####. #...# #...# ####. #.... #.... #....',
  Q: '.###. #...# #...# #...# #.\\.# #..\\# .###\\',
  R: '####. #...# #...# ####. #.#.. #..#. #...#',
  S: '.###. #...# #.... .###. ....# #...# .###.',
  T: '##### ..#.. ..#.. ..#.. ..#.. ..#.. ..#..',
  U: '#...# #...# #...# #...# #...# #...# .###.',
  V: '#...# #...# #...# #...# #...# .#.#. ..#..',
  W: '#...# #...# #...# #...# #.#.# #/.\\# #...#',
  X: '#...# #...# .#.#. ..#.. .#.#. #...# #...#',
  Y: '#...# #...# .#.#. ..#.. ..#.. ..#.. ..#..',
  Z: '##### ....# ...#. ..#.. .#... #.... #####',
  '0': '.###. #...# #...# #...# #...# #...# .###.',
  '1': '..#.. ./#.. ..#.. ..#.. ..#.. ..#.. .###.',
  '2': '.###. #...# ....# ..##. .#... #.... #####',
  '3': '.###. #...# ....# ..##. ....# #...# .###.',
  '4': '...#. ../#. ./.#. #..#. ##### ...#. ...#.',
  '5': '##### #.... ####. ....# ....# #...# .###.',
  '6': '.###. #.... #.... ####. #...# #...# .###.',
  '7': '##### ....# ...#. ..#.. .#... .#... .#...',
  '8': '.###. #...# #...# .###. #...# #...# .###.',
  '9': '.###. #...# #...# .#### ....# ....# .###.',
  '.': '..... ..... ..... ..... ..... ..... ..#..',
  ':': '..... ..... ..#.. ..... ..#.. ..... .....',
  '-': '..... ..... ..... .###. ..... ..... .....',
};

const glyphs = new Map(
  Object.entries(glyphRows).map(([character, rows]) => [character, traceGlyph(rows.split(' '))]),
);
glyphs.set(' ', { width: blankWidth, strokes: [] });

/** The width of a text in font pixels: glyphs are as wide as their ink, and stand one pixel apart. */
export function textWidth(text: string): number {
  return glyphsOf(text).reduce((width, glyph) => width + glyph.width + 2 * margin, 0);
}

/** Draws a text at `scale` picture pixels per font pixel, with half a font pixel of room around it. */
export function renderText(text: string, scale: number): Stencil {
  const width = evenCeiling(textWidth(text) * scale);
  const height = evenCeiling((glyphHeight + 2 * margin) * scale);
  const coverage = new Uint8Array(width * height);
  let left = 0;
  for (const glyph of glyphsOf(text)) {
    const right = left + glyph.width + 2 * margin;
    for (let y = 0; y < height; y++) {
      for (let x = Math.round(left * scale); x < Math.round(right * scale); x++) {
        const distance = distanceToInk(glyph, (x + 0.5) / scale - left - margin, (y + 0.5) / scale - margin);
        coverage[y * width + x] = 255 * Math.min(1, Math.max(0, (penRadius - distance) * scale + 0.5));
      }
    }
    left = right;
  }
  return { width, height, coverage };
}

function glyphsOf(text: string): Glyph[] {
  return [...text.toUpperCase()].map((character) => {
    const glyph = glyphs.get(character);
    if (!glyph) throw new Error(`The bitmap font has no glyph for "${character}"`);
    return glyph;
  });
}

function traceGlyph(rows: string[]): Glyph {
  const cellAt = (x: number, y: number) => rows[y]?.[x] ?? '.';
  const columns = [0, 1, 2, 3, 4].filter((x) => rows.some((_, y) => cellAt(x, y) !== '.'));
  const first = Math.min(...columns);
  const strokes: Stroke[] = [];
  for (const x of columns) {
    for (let y = 0; y < glyphHeight; y++) {
      if (cellAt(x, y) === '.') continue;
      const from = { fromX: x - first + 0.5, fromY: y + 0.5 };
      for (const [dx, dy] of [
        [0, 0] as const,
        ...neighbours.filter(([dx, dy]) => areJoined(cellAt, x, y, dx, dy)),
      ]) {
        strokes.push({ ...from, toX: from.fromX + dx, toY: from.fromY + dy });
      }
    }
  }
  return { width: Math.max(...columns) - first + 1, strokes };
}

function areJoined(
  cellAt: (x: number, y: number) => string,
  x: number,
  y: number,
  dx: number,
  dy: number,
): boolean {
  const ends = [cellAt(x, y), cellAt(x + dx, y + dy)];
  if (ends.every((cell) => cell === '#')) {
    // Where a corner is inked, the way round it is the stroke.
    const isSlanting = dx !== 0 && dy !== 0;
    return !isSlanting || (cellAt(x + dx, y) !== '#' && cellAt(x, y + dy) !== '#');
  }
  const slant = dx === dy ? '\\' : '/';
  return dx !== 0 && dy !== 0 && ends.every((cell) => cell === '#' || cell === slant);
}

function distanceToInk({ strokes }: Glyph, x: number, y: number): number {
  return Math.min(...strokes.map((stroke) => distanceToStroke(stroke, x, y)));
}

function distanceToStroke({ fromX, fromY, toX, toY }: Stroke, x: number, y: number): number {
  const alongX = toX - fromX;
  const alongY = toY - fromY;
  const length2 = alongX ** 2 + alongY ** 2;
  const along = length2 === 0 ? 0 : ((x - fromX) * alongX + (y - fromY) * alongY) / length2;
  const nearest = Math.min(1, Math.max(0, along));
  return Math.hypot(x - fromX - nearest * alongX, y - fromY - nearest * alongY);
}

function evenCeiling(length: number): number {
  return Math.ceil(length / 2) * 2;
}
