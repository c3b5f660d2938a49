import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { formatAge, formatBitRate, formatFrameRate } from '../model/format.ts';
import { type History, plotData, rangeOf } from '../model/history.ts';

export interface RatePlotProps {
  readonly history: History | null;
  readonly input: string;
  /** Plots of one group have one cursor. */
  readonly group: string;
}

const HEIGHT_PX = 40;
/** What is steady should look steady: scales begin at 0. The frame rate runs well below the bit rate, so that both are seen. */
const RATE_ROOM = 1.15;
const FRAMES_ROOM = 2;

/** Bit rate (filled) and frame rate (dashed) of the last five minutes. Where there was nothing, there is no line. */
export function RatePlot({ history, input, group }: RatePlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<uPlot | null>(null);
  const [readout, setReadout] = useState('');
  const data = history === null ? null : plotData(history, input);

  useEffect(() => {
    const place = element.current;
    if (place === null) return;
    let created: uPlot | null = null;
    let isGone = false;
    loadPlots().then(
      ({ default: Plot }) => {
        if (isGone) return;
        created = new Plot(optionsFor(place, group, setReadout), [[], [], []], place);
        setPlot(created);
      },
      // uPlot does not start in a browser without a proper locale. Without plots, the console is a console still.
      () => setReadout('no plot in this browser'),
    );
    const resized = new ResizeObserver(() =>
      created?.setSize({ width: place.clientWidth, height: HEIGHT_PX }),
    );
    resized.observe(place);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const repaint = (): void => created?.redraw(false);
    scheme.addEventListener('change', repaint);
    return () => {
      isGone = true;
      scheme.removeEventListener('change', repaint);
      resized.disconnect();
      created?.destroy();
    };
  }, [group]);
  useEffect(() => {
    if (data !== null) plot?.setData(data);
  }, [plot, history, input]);

  return (
    <div class="plot" title="The last 5 minutes: bit rate filled, frame rate dashed">
      <div ref={element} class="plot-canvas" role="img" aria-label={describe(input, data)} />
      <span class="plot-readout" aria-hidden="true">
        {readout}
      </span>
    </div>
  );
}

/** Nearly half of the console's code, and not what it is looked at for first. */
function loadPlots() {
  return import('uplot');
}

function describe(input: string, data: ReturnType<typeof plotData> | null): string {
  const kbps = data && rangeOf(data[1]);
  const frameRate = data && rangeOf(data[2]);
  const what = [
    kbps && `${formatBitRate(kbps.least)} to ${formatBitRate(kbps.most)}`,
    frameRate && `${formatFrameRate(frameRate.least)} to ${formatFrameRate(frameRate.most)}`,
  ].filter((part) => part !== null);
  return `${input}, last 5 minutes: ${what.length === 0 ? 'nothing' : what.join(', ')}`;
}

function optionsFor(place: HTMLElement, group: string, setReadout: (text: string) => void): uPlot.Options {
  // The canvas takes its colours from the style sheet, by way of properties that are not drawn.
  const rate = (): string => getComputedStyle(place).color;
  const frames = (): string => getComputedStyle(place).outlineColor;
  const upTo = (room: number): uPlot.Scale => ({
    auto: true,
    range: (_plot, _least, most) => [0, Math.max(1, most) * room],
  });
  return {
    width: Math.max(1, place.clientWidth),
    height: HEIGHT_PX,
    padding: [2, 0, 2, 0],
    legend: { show: false },
    axes: [{ show: false }, { show: false }, { show: false }],
    scales: { x: { time: false }, kbps: upTo(RATE_ROOM), frameRate: upTo(FRAMES_ROOM) },
    series: [
      {},
      {
        scale: 'kbps',
        stroke: rate,
        width: 1.5,
        fill: () => `color-mix(in srgb, ${rate()} 16%, transparent)`,
        points: { show: false },
      },
      { scale: 'frameRate', stroke: frames, width: 1, dash: [3, 3], points: { show: false } },
    ],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: group } },
    hooks: { setCursor: [(plot) => setReadout(readoutAt(plot))] },
  };
}

function readoutAt({ cursor, data }: uPlot): string {
  const { idx } = cursor;
  const [times, kbps, frameRate] = data;
  const at = idx === null || idx === undefined ? undefined : times[idx];
  if (idx === null || idx === undefined || at === undefined) return '';
  const ago = formatAge(((times.at(-1) ?? at) - at) * 1_000);
  return `−${ago}  ${formatBitRate(kbps?.[idx] ?? null)}  ${formatFrameRate(frameRate?.[idx] ?? null)}`;
}
