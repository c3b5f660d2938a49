import type { Clip } from '../media/clip.ts';
import { isHeader, type MediaPacket, type Metadata } from '../media/packet.ts';
import { asMetadata, decodeData } from './data-message.ts';
import { FlvReader, type FlvTag } from './flv-reader.ts';
import { FlvTagType } from './flv-writer.ts';
import { parseMedia } from './media-message.ts';
import { ProtocolError } from './protocol-error.ts';

/** Reads a whole FLV file as a clip. Throws ProtocolError for a file that is no FLV or has nothing to loop. */
export function readClip(file: Buffer): Clip {
  const packets: MediaPacket[] = [];
  let metadata: Metadata | null = null;
  const reader = new FlvReader((tag) => {
    if (tag.type === FlvTagType.script) {
      const data = decodeData(tag.body);
      if (data?.name === 'onMetaData') metadata = asMetadata(data.value);
      return;
    }
    packets.push(...parseTag(tag));
  });
  reader.push(file);
  const first = packets.find((packet) => !isHeader(packet))?.timestamp ?? 0;
  const durationMs =
    Math.max(0, ...(['video', 'audio'] as const).map((track) => endOf(packets, track))) - first;
  if (durationMs <= 0)
    throw new ProtocolError('flv-malformed', 'the clip has fewer than two frames of a track');
  return {
    packets: packets.map((packet) => ({ ...packet, timestamp: Math.max(0, packet.timestamp - first) })),
    metadata,
    durationMs,
  };
}

/** An FLV tag's packets, one for each of its tracks; none where it carries no media. */
export function parseTag({ type, body, timestamp }: FlvTag): MediaPacket[] {
  if (type === FlvTagType.video) return parseMedia('video', body, timestamp);
  if (type === FlvTagType.audio) return parseMedia('audio', body, timestamp);
  return [];
}

/** Where a track ends: its last timestamp and the usual distance of two frames. */
function endOf(packets: readonly MediaPacket[], track: 'video' | 'audio'): number {
  const frames = packets.filter((packet) => packet.track === track && packet.config === null);
  const [first, last] = [frames[0], frames.at(-1)];
  if (first === undefined || last === undefined || frames.length < 2) return 0;
  return Math.round(last.timestamp + (last.timestamp - first.timestamp) / (frames.length - 1));
}
