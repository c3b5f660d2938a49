/** FLV tag types (FLV 10.1, E.4.1); the same numbers as RTMP's message types. */
export const FlvTagType = { audio: 8, video: 9, script: 18 } as const;

export const FLV_TAG_HEADER_BYTES = 11;
const PREVIOUS_TAG_SIZE_BYTES = 4;

/** Bytes of a tag and of the size field behind it, beyond its body. */
export const FLV_TAG_OVERHEAD = FLV_TAG_HEADER_BYTES + PREVIOUS_TAG_SIZE_BYTES;

/** The file header (E.2) and the first size field (E.3). */
export function flvFileHeader(has: { readonly video: boolean; readonly audio: boolean }): Buffer {
  const header = Buffer.from('FLV\x01\x00\x00\x00\x00\x09\x00\x00\x00\x00', 'latin1');
  header.writeUInt8((has.audio ? 4 : 0) | (has.video ? 1 : 0), 4);
  return header;
}

/** Writes a tag (E.4.1) with its size field; `timestamp` in ms, 32 bits. Returns where its body begins. */
export function writeFlvTag(
  target: Buffer,
  start: number,
  tagType: number,
  timestamp: number,
  body: Buffer,
): number {
  target.writeUInt8(tagType, start);
  target.writeUIntBE(body.length, start + 1, 3);
  writeFlvTimestamp(target, start, timestamp);
  target.writeUIntBE(0, start + 8, 3);
  body.copy(target, start + FLV_TAG_HEADER_BYTES);
  target.writeUInt32BE(FLV_TAG_HEADER_BYTES + body.length, start + FLV_TAG_HEADER_BYTES + body.length);
  return start + FLV_TAG_HEADER_BYTES;
}

/** Dates the tag that begins at `start`: the low 24 bits of 32, then the high 8 (E.4.1). */
export function writeFlvTimestamp(target: Buffer, start: number, timestamp: number): void {
  target.writeUIntBE(timestamp & 0xffffff, start + 4, 3);
  target.writeUInt8((timestamp >>> 24) & 0xff, start + 7);
}

export function readFlvTimestamp(bytes: Buffer, start: number): number {
  return (bytes.readUIntBE(start + 4, 3) | (bytes.readUInt8(start + 7) << 24)) >>> 0;
}
