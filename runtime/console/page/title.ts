import { useEffect } from 'preact/hooks';
import type { Condition, Tone } from '../model/condition.ts';

/** Of the tab's icon; the same in both schemes, because browsers paint tabs as they like. */
const COLOURS: Record<Tone, string> = {
  good: '#2f9e62',
  watch: '#d08a00',
  hand: '#d92d2d',
  idle: '#7a8494',
};

/** The tab says how things are, for who has another one in front. */
export function useTitle({ tone, text }: Condition, host: string): void {
  useEffect(() => {
    document.title = `${text} · ${host} · Understudy`;
  }, [text, host]);
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (icon !== null) icon.href = iconOf(tone);
  }, [tone]);
}

/** A disc where all is well, a square where not. */
function iconOf(tone: Tone): string {
  const radius = tone === 'hand' ? 2 : 8;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">` +
    `<rect width="16" height="16" rx="${radius}" fill="${COLOURS[tone]}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
