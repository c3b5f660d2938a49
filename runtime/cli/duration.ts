import { CommandError } from './exit-codes.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `5m`, `1h` in ms. Throws CommandError for anything else. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const unit = UNIT_MS[match?.[2] ?? ''];
  if (match === null || unit === undefined) {
    throw new CommandError(`"${text}" is no duration; write 500ms, 10s, 5m or 1h`);
  }
  return Number(match[1]) * unit;
}
