/**
 * A host's summary as text: one line of JSON; where that is long, `gz:` and the base64 of its gzip. Systems Manager
 * keeps 24,000 characters of a command's output, and what is cut off there is worth nothing.
 */
import { gzipSync } from 'node:zlib';
import type { HostSummary } from './host-summary.ts';

/** What Systems Manager keeps, as GetCommandInvocation documents it. */
export const SUMMARY_LIMIT = 24_000;
/** JSON of up to so many characters is left readable. */
const PLAIN_LIMIT = 20_000;
/** Stands in front of what is packed. */
export const PACKED = 'gz:';
/** Where even the packed text is too long, who asked and why are shortened to so many characters, the most that fits. */
const WORD_LIMITS = [500, 100, 40, 10, 0];

/** At most SUMMARY_LIMIT characters, for every configuration that there can be. */
export function encodeSummary(summary: HostSummary): string {
  const json = JSON.stringify(summary);
  if (json.length <= PLAIN_LIMIT) return json;
  for (const limit of WORD_LIMITS) {
    const text = pack(JSON.stringify(condensed(summary, limit)));
    if (text.length <= SUMMARY_LIMIT) return text;
  }
  throw new Error(
    `the summary of ${summary.programs.length} programs does not fit into ${SUMMARY_LIMIT} characters`,
  );
}

function pack(json: string): string {
  return PACKED + gzipSync(json, { level: 9 }).toString('base64');
}

/** With words of a limited length; and with health in the order of names, which makes programs alike, and gzip good at them. */
function condensed(summary: HostSummary, limit: number): HostSummary {
  const short = (text: string): string => text.slice(0, limit);
  return {
    ...summary,
    programs: summary.programs.map(({ pin, drill, health, ...program }) => ({
      ...program,
      health: Object.fromEntries(Object.entries(health).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      pin: pin && { ...pin, by: short(pin.by), reason: short(pin.reason) },
      drill: drill && { ...drill, by: short(drill.by) },
    })),
  };
}
