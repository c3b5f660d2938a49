import { FLV_TAG_HEADER_BYTES, readFlvTimestamp } from './flv-writer.ts';
import { ProtocolError } from './protocol-error.ts';

export interface FlvTag {
  readonly type: number;
  /** ms, 32 bits. */
  readonly timestamp: number;
  readonly body: Buffer;
}

const FILE_HEADER_BYTES = 9;

/** Bytes to FLV tags (FLV 10.1, E.2 to E.4). Bytes may be cut anywhere. Throws ProtocolError for what is not FLV. */
export class FlvReader {
  private readonly onTag: (tag: FlvTag) => void;
  private readonly maxTagBytes: number;
  private rest: Buffer = Buffer.alloc(0);
  /** Bytes to pass over: the rest of the file header and the size fields. */
  private skip = 0;
  private hasHeader = false;

  constructor(onTag: (tag: FlvTag) => void, maxTagBytes = 16_777_215) {
    this.onTag = onTag;
    this.maxTagBytes = maxTagBytes;
  }

  push(data: Buffer): void {
    const bytes = this.rest.length === 0 ? data : Buffer.concat([this.rest, data]);
    let position = 0;
    for (;;) {
      const skipped = Math.min(this.skip, bytes.length - position);
      this.skip -= skipped;
      position += skipped;
      const used = this.skip > 0 ? 0 : this.readOne(bytes, position);
      if (used === 0) break;
      position += used;
    }
    this.rest = bytes.subarray(position);
  }

  /** Reads the file header or one tag; returns its length, 0 where it is not all there. */
  private readOne(bytes: Buffer, start: number): number {
    const available = bytes.length - start;
    if (!this.hasHeader) {
      if (available < FILE_HEADER_BYTES) return 0;
      if (bytes.toString('latin1', start, start + 3) !== 'FLV') {
        throw new ProtocolError('flv-malformed', 'not an FLV stream: it does not begin with "FLV"');
      }
      this.hasHeader = true;
      // The data offset (E.2) says where tags begin, behind a first size field of four bytes.
      this.skip = Math.max(0, bytes.readUInt32BE(start + 5) - FILE_HEADER_BYTES) + 4;
      return FILE_HEADER_BYTES;
    }
    if (available < FLV_TAG_HEADER_BYTES) return 0;
    const length = bytes.readUIntBE(start + 1, 3);
    if (length > this.maxTagBytes) {
      throw new ProtocolError('flv-malformed', `FLV tag of ${length} bytes, ${this.maxTagBytes} allowed`);
    }
    const end = FLV_TAG_HEADER_BYTES + length;
    if (available < end) return 0;
    this.onTag({
      type: bytes.readUInt8(start) & 0x1f,
      timestamp: readFlvTimestamp(bytes, start),
      body: bytes.subarray(start + FLV_TAG_HEADER_BYTES, start + end),
    });
    this.skip = 4;
    return end;
  }
}
