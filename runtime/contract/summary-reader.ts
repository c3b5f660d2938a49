/** Reads what `summary-text.ts` writes. A file of its own: whoever writes needs no schema. */
import { gunzipSync } from 'node:zlib';
import { type HostSummary, hostSummarySchema } from './host-summary.ts';
import { PACKED, SUMMARY_LIMIT } from './summary-text.ts';

/** The largest configuration has less than half of it; more is no summary. */
const UNPACKED_LIMIT_BYTES = 1_000_000;

/** Throws an Error that says what is wrong with the text. */
export function decodeSummary(text: string): HostSummary {
  const line = text.trim();
  if (line.length > SUMMARY_LIMIT) throw new Error(`no summary of a host: it has ${line.length} characters`);
  const parsed = hostSummarySchema.safeParse(parse(line.startsWith(PACKED) ? unpack(line) : line));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`no summary of a host: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

function unpack(line: string): string {
  try {
    const packed = Buffer.from(line.slice(PACKED.length), 'base64');
    return gunzipSync(packed, { maxOutputLength: UNPACKED_LIMIT_BYTES }).toString();
  } catch (cause) {
    throw new Error('no summary of a host: it cannot be unpacked', { cause });
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new Error('no summary of a host: it is no JSON', { cause });
  }
}
