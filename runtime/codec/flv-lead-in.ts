import {
  FLV_TAG_HEADER_BYTES,
  FLV_TAG_OVERHEAD,
  FlvTagType,
  readFlvTimestamp,
  writeFlvTimestamp,
} from './flv-writer.ts';
import { isVideoHeader, parseVideo } from './media-header.ts';

/**
 * How much earlier the first picture of a viewer of FLV is decoded than it would be, in ms. It is shown when it is due: its CTS
 * is as much longer.
 *
 * mpegts.js keeps back up to two pictures. Where a changed header comes next, they get behind it, where no decoder takes them:
 * a hole in the buffer, as long as two pictures and the CTS of the new source's first one. Chromium plays across holes up to
 * twice as long as the longest step of DTS that it has seen on the track. At a longer one it stands still, and stays so. One
 * long step at the beginning, which nobody sees, makes that more than 400 ms.
 */
export const LEAD_IN_MS = 200;

const CTS_BYTES = 3;

/**
 * Hands whole FLV tags on, and gives the first keyframe among them its lead-in; one without a CTS has none. Returns false with that
 * keyframe: what comes behind it needs nothing more.
 */
export function withLeadIn(write: (bytes: Buffer) => void): (bytes: Buffer) => boolean {
  return (bytes) => {
    const keyframe = findKeyframe(bytes);
    if (keyframe === null || keyframe.ctsAt === null) {
      write(bytes);
      return keyframe === null;
    }
    const { tagAt, ctsAt } = keyframe;
    const end = ctsAt + CTS_BYTES;
    // A copy: other viewers share the bytes.
    const head = Buffer.from(bytes.subarray(0, end));
    writeFlvTimestamp(head, tagAt, readFlvTimestamp(head, tagAt) - LEAD_IN_MS);
    head.writeIntBE(head.readIntBE(ctsAt, CTS_BYTES) + LEAD_IN_MS, ctsAt, CTS_BYTES);
    write(head);
    write(bytes.subarray(end));
    return false;
  };
}

/** Where the tag of the first keyframe begins, and where its CTS stands. */
function findKeyframe(bytes: Buffer): { tagAt: number; ctsAt: number | null } | null {
  for (let tagAt = 0; tagAt < bytes.length; ) {
    const bodyAt = tagAt + FLV_TAG_HEADER_BYTES;
    const bodyBytes = bytes.readUIntBE(tagAt + 1, 3);
    const body = bytes.subarray(bodyAt, bodyAt + bodyBytes);
    if (bytes[tagAt] === FlvTagType.video && !isVideoHeader(body)) {
      const packet = parseVideo(body, 0);
      if (packet?.keyframe)
        return { tagAt, ctsAt: packet.ctsOffset === -1 ? null : bodyAt + packet.ctsOffset };
    }
    tagAt += FLV_TAG_OVERHEAD + bodyBytes;
  }
  return null;
}
