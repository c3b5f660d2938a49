import type { Extensions } from '../codec/media-message.ts';
import { type PacketFormat, rtmpFormat } from './packet-format.ts';

const MULTITRACK = 1;
const MOD_EX = 2;
const METADATA = 4;
/** With and without each. */
const COMBINATIONS = 8;

/** Nearly all viewers play on the first message stream of their connection: those of equal extensions share its bytes. */
const FIRST_STREAM_FORMATS = formatsOf(1);

/** The format for a viewer that plays on `messageStreamId` and can take `extensions`. */
export function rtmpFormatFor(messageStreamId: number, extensions: Extensions): PacketFormat {
  const { multitrack, modEx, metadata } = extensions;
  const bits = (multitrack ? MULTITRACK : 0) | (modEx ? MOD_EX : 0) | (metadata ? METADATA : 0);
  const formats = messageStreamId === 1 ? FIRST_STREAM_FORMATS : formatsOf(messageStreamId);
  return formats[bits] ?? rtmpFormat(messageStreamId);
}

function formatsOf(messageStreamId: number): readonly PacketFormat[] {
  const plain = rtmpFormat(messageStreamId);
  return Array.from({ length: COMBINATIONS }, (_, bits) => {
    if (bits === 0) return plain;
    const has = (bit: number): boolean => (bits & bit) !== 0;
    const extensions = { multitrack: has(MULTITRACK), modEx: has(MOD_EX), metadata: has(METADATA) };
    return rtmpFormat(messageStreamId, extensions, plain);
  });
}
