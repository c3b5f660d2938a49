import { readFileSync, writeFileSync } from 'node:fs';
import { FlvReader } from '../runtime/codec/flv-reader.ts';
import { FLV_TAG_OVERHEAD, FlvTagType, flvFileHeader, writeFlvTag } from '../runtime/codec/flv-writer.ts';
import { parseVideo } from '../runtime/codec/media-header.ts';
import { makeTestClip, type TestClipOptions } from '../test/support/clip-maker.ts';

/** With 30 frames a second: 2 Mbit/s. */
const FILLER_BYTES = 8_000;

/**
 * A test clip of H.264 with a filler data NAL unit behind each frame (ITU-T H.264, 7.4.1, type 12): bits as a real picture
 * would take.
 */
export async function makePaddedClip(file: string, options: TestClipOptions): Promise<void> {
  await makeTestClip(file, options);
  const filler = Buffer.alloc(4 + FILLER_BYTES, 0xff);
  filler.writeUInt32BE(FILLER_BYTES, 0);
  filler.writeUInt8(12, 4);
  filler.writeUInt8(0x80, filler.length - 1);
  const tags: Buffer[] = [flvFileHeader({ video: true, audio: true })];
  const reader = new FlvReader(({ type, timestamp, body }) => {
    const isFrame = type === FlvTagType.video && parseVideo(body, timestamp)?.config === null;
    const padded = isFrame ? Buffer.concat([body, filler]) : body;
    const tag = Buffer.alloc(padded.length + FLV_TAG_OVERHEAD);
    writeFlvTag(tag, 0, type, timestamp, padded);
    tags.push(tag);
  });
  reader.push(readFileSync(file));
  writeFileSync(file, Buffer.concat(tags));
}
