/** Words for messages: lists, near misses and long texts cut short. */

/** Stands for what is left out. */
export const CUT = '…';
const PRINTED_LENGTH = 60;
const LONGEST_MISTAKE = 8;

export function shortened(text: string): string {
  return text.length > PRINTED_LENGTH ? `${text.slice(0, PRINTED_LENGTH)}${CUT}` : text;
}

export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}

/** `0:07`, `12:34`, `1:02:03`. What should be over already, by another clock, is `0:00`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** The known word that a mistyped one most likely stands for: a third of its letters may be wrong. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of known) {
    const steps = distance(word.toLowerCase(), name.toLowerCase());
    if (steps < least) [best, least] = [name, steps];
  }
  return best;
}

/**
 * How many letters to add, drop, change or swap with their neighbour (optimal string alignment).
 * Row i, column j is the distance of the first i letters of `a` from the first j of `b`: one step more than the
 * cheapest neighbour above, left or diagonal (free where the letters agree), or two back where two are swapped.
 */
export function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > LONGEST_MISTAKE) return Number.POSITIVE_INFINITY;
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + change, swap));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
