const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long to wait after so many failures in a row, ms: twice as long each time, up to a bound, of which a random half is
 * taken off, so that the previews of one page do not all come back at once. `random`: 0 up to 1.
 */
export function backOffMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(longest * (1 - random / 2));
}
