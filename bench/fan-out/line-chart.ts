/** A line chart as SVG: a logarithmic x axis with a mark at each value, labels at the ends of the lines, for light and dark pages. */

export interface LineChart {
  readonly title: string;
  /** Lines of small text below the title. */
  readonly notes: readonly string[];
  readonly xUnit: string;
  readonly yUnit: string;
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  /** Ours stand out, a floor stands back. */
  readonly role: 'own' | 'peer' | 'floor';
  readonly points: ReadonlyArray<{ readonly x: number; readonly y: number }>;
}

const WIDTH = 760;
const HEIGHT = 450;
const PLOT = { left: 56, right: 520, top: 108, bottom: 388 };
const LABEL_GAP = 10;
const LABEL_HEIGHT = 17;
const NOTE_HEIGHT = 17;
/** About so many steps on the y axis. */
const Y_STEPS = 5;
/** How many tones there are for each role; further lines begin again. */
const TONES = { own: 2, peer: 3, floor: 1 };
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .page { fill: #fff } .title { font-size: 16px; font-weight: 600 } .note, .tick { font-size: 12px; fill: #666 }
  .grid { stroke: #ddd } .line { fill: none; stroke: var(--tone); stroke-width: 2 } .own .line { stroke-width: 3 } .own text { font-weight: 600 }
  .floor .line { stroke-dasharray: 5 4 }
  .own0 { --tone: #0b63c5 } .own1 { --tone: #00766c } .peer0 { --tone: #b3400e } .peer1 { --tone: #8a5a00 } .peer2 { --tone: #9c2b83 }
  .floor0 { --tone: #6b6b6b }
  .dot, .label { fill: var(--tone) }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .page { fill: #16181c } .note, .tick { fill: #a0a4ab } .grid { stroke: #353941 }
    .own0 { --tone: #6db3ff } .own1 { --tone: #4fd1c0 } .peer0 { --tone: #ff9466 } .peer1 { --tone: #e6b450 } .peer2 { --tone: #ee8fd8 }
    .floor0 { --tone: #a0a0a0 }
  }`;

export function lineChart({ title, notes, xUnit, yUnit, series }: LineChart): string {
  const points = series.flatMap((one) => one.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const step = niceStep(Math.max(...points.map(({ y }) => y)) / Y_STEPS);
  const top = step * Math.ceil(Math.max(...points.map(({ y }) => y)) / step);
  const scale = { x: logScale(xs), y: (y: number) => PLOT.bottom - (y / top) * (PLOT.bottom - PLOT.top) };
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    `<text class="title" x="16" y="28">${escaped(title)}</text>`,
    ...notes.map(
      (note, at) => `<text class="note" x="16" y="${48 + at * NOTE_HEIGHT}">${escaped(note)}</text>`,
    ),
    ...ticks.map((y) => yTick(scale.y(y), `${Number(y.toPrecision(3))}`)),
    ...xs.map((x) => xTick(scale.x(x), x.toLocaleString('en'))),
    `<text class="tick" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 42}" text-anchor="middle">${escaped(xUnit)}</text>`,
    `<text class="tick" x="16" y="${PLOT.top - 16}">${escaped(yUnit)}</text>`,
    ...drawn(series, scale),
    '</svg>\n',
  ].join('\n');
}

interface Scale {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** From the lowest label up, each is moved out of the way of the one below it. */
function drawn(series: readonly Series[], scale: Scale): string[] {
  const counts = { own: 0, peer: 0, floor: 0 };
  const toned = series.map((one) => ({
    ...one,
    tone: `${one.role} ${one.role}${counts[one.role]++ % TONES[one.role]}`,
  }));
  const endOf = ({ points }: Series): number => scale.y(points.at(-1)?.y ?? 0);
  let below = PLOT.bottom + LABEL_HEIGHT;
  return toned
    .toSorted((a, b) => endOf(b) - endOf(a))
    .map((one) => {
      below = Math.min(endOf(one), below - LABEL_HEIGHT);
      return line(one, one.tone, scale, below);
    });
}

function line({ name, points }: Series, tone: string, scale: Scale, labelY: number): string {
  const places = points.map(({ x, y }) => [scale.x(x).toFixed(1), scale.y(y).toFixed(1)] as const);
  const path = places.map((place) => place.join(',')).join(' ');
  const dots = places.map(([x, y]) => `<circle class="dot" cx="${x}" cy="${y}" r="3"/>`).join('');
  const end = places.at(-1)?.[0] ?? PLOT.right;
  const label = `<text class="label" x="${Number(end) + LABEL_GAP}" y="${(labelY + 4).toFixed(1)}">${escaped(name)}</text>`;
  return `<g class="${tone}"><polyline class="line" points="${path}"/>${dots}${label}</g>`;
}

function yTick(y: number, text: string): string {
  const grid = `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`;
  return `${grid}<text class="tick" x="${PLOT.left - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end">${text}</text>`;
}

function xTick(x: number, text: string): string {
  return `<text class="tick" x="${x.toFixed(1)}" y="${PLOT.bottom + 20}" text-anchor="middle">${text}</text>`;
}

function logScale(values: readonly number[]): (value: number) => number {
  const [least = 1, most = least] = [values[0], values.at(-1)];
  const width = Math.log(most / least) || 1;
  return (value) => PLOT.left + (Math.log(value / least) / width) * (PLOT.right - PLOT.left);
}

/** The next greater of 1, 2 and 5 times a power of ten. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
