import type { Extensions } from '../codec/media-message.ts';
import { type PacketFormat, rtmpFormat } from './packet-format.ts';

/** Nearly all viewers play on the first message stream of their connection: those of equal extensions share its bytes. */
const FIRST_STREAM_FORMATS = formatsOf(1);

/** The format for a viewer that plays on `messageStreamId` and can take `extensions`. */
export function rtmpFormatFor(messageStreamId: number, extensions: Extensions): PacketFormat {
  const formats = messageStreamId === 1 ? FIRST_STREAM_FORMATS : formatsOf(messageStreamId);
  return formats.get(nameOf(extensions)) ?? rtmpFormat(messageStreamId);
}

function formatsOf(messageStreamId: number): ReadonlyMap<string, PacketFormat> {
  const plain = rtmpFormat(messageStreamId);
  const formats = new Map<string, PacketFormat>();
  for (const multitrack of [false, true]) {
    for (const modEx of [false, true]) {
      for (const metadata of [false, true]) {
        const extensions = { multitrack, modEx, metadata };
        const isPlain = !multitrack && !modEx && !metadata;
        const format = isPlain ? plain : rtmpFormat(messageStreamId, extensions, plain);
        formats.set(nameOf(extensions), format);
      }
    }
  }
  return formats;
}

function nameOf({ multitrack, modEx, metadata }: Extensions): string {
  return `${multitrack} ${modEx} ${metadata}`;
}
