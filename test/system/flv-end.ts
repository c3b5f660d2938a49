import { readFileSync, truncateSync } from 'node:fs';

const FILE_HEADER_BYTES = 13;
/** Tag header, and the size of the tag behind it (FLV 10.1, E.3 and E.4.1). */
const TAG_OVERHEAD_BYTES = 15;

/** Cuts off the last tag of an FLV file where it is not whole: some players record bytes, and stop anywhere. */
export function endAtWholeTag(file: string): void {
  const bytes = readFileSync(file);
  let end = FILE_HEADER_BYTES;
  for (;;) {
    const next =
      end + 4 > bytes.length
        ? Number.POSITIVE_INFINITY
        : end + TAG_OVERHEAD_BYTES + bytes.readUIntBE(end + 1, 3);
    if (next > bytes.length) break;
    end = next;
  }
  truncateSync(file, Math.min(end, bytes.length));
}
