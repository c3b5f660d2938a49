import type { Tone } from '../model/condition.ts';

/** A shape for each meaning, so that colour is never the only carrier. 16 by 16, in the colour of the text around it. */
const SHAPES = {
  live: <circle cx="8" cy="8" r="5" />,
  starting: <path d="M8 2a6 6 0 0 1 0 12z M8 3.2a4.8 4.8 0 0 0 0 9.6z" fill-rule="evenodd" />,
  degraded: <path d="M8 2 15 14H1z" />,
  stalled: <path d="M3 2h4v12H3zM9 2h4v12H9z" />,
  absent: <path d="M4 1.8 8 5.8l4-4L14.2 4l-4 4 4 4-2.2 2.2-4-4-4 4L1.8 12l4-4-4-4z" />,
  good: <path d="M6.4 13.4 1.2 8.2l2-2 3.2 3.2 6.4-6.8 2 2z" />,
  watch: <path d="M8 1.5 15.5 14.5H.5zM7.2 6v4.2h1.6V6zm0 5.3v1.6h1.6v-1.6z" fill-rule="evenodd" />,
  hand: <path d="M5 .8h6l4.2 4.2v6L11 15.2H5L.8 11V5zM7 4v5h2V4zm0 6.4v2h2v-2z" fill-rule="evenodd" />,
  idle: <path d="M10 1.5A6.8 6.8 0 1 0 14.6 10 5.6 5.6 0 0 1 10 1.5z" />,
  pin: <path d="M5 1h6v1.6l-1 .6v4.2l2.4 2V11H8.8v4.2h-1.6V11H3.6V9.4l2.4-2V3.2l-1-.6z" />,
  soundOn: <path d="M1 5.5h3L8 2v12l-4-3.5H1zM10 5q2.4 3 0 6m2-8.4q4.6 5.4 0 10.8" class="icon-lines" />,
  soundOff: <path d="M1 5.5h3L8 2v12l-4-3.5H1zM10.5 6l4 4m0-4-4 4" class="icon-lines" />,
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { readonly name: IconName | Tone }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {SHAPES[name]}
    </svg>
  );
}
