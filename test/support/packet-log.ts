import { createHash } from 'node:crypto';
import type { AmfObject } from '../../runtime/codec/amf0.ts';
import { asSpliceCuePoint } from '../../runtime/codec/data-message.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import type { PlayListener } from '../../runtime/rtmp/client.ts';

/** One packet as a viewer got it. */
export interface LoggedPacket {
  /** Track, and a hash of the whole payload, in which the CTS stands. */
  readonly what: string;
  readonly timestamp: number;
}

/** Notes every frame and header of a program, and where the program's timestamps stand in program time. */
export class PacketLog implements PlayListener {
  readonly packets: LoggedPacket[] = [];
  readonly sources: string[] = [];
  /** Program time of timestamp 0, as each splice says it. */
  readonly starts = new Set<number>();

  packet({ track, payload, config, timestamp }: MediaPacket): void {
    const hash = createHash('sha256').update(payload).digest('hex').slice(0, 16);
    this.packets.push({ what: `${track}${config === null ? '' : ' header'} ${hash}`, timestamp });
  }

  data(name: string, value: Parameters<PlayListener['data']>[1]): void {
    const cuePoint = asSpliceCuePoint(name, value);
    if (cuePoint === null) return;
    const { source, timestamp } = cuePoint;
    this.sources.push(source);
    const { programTime } = (value as { parameters: AmfObject }).parameters;
    if (typeof programTime === 'number') this.starts.add(programTime - timestamp);
  }

  /** The packets in program time, from one time up to another. */
  between(from: number, to: number): string[] {
    const [start] = this.starts;
    if (start === undefined) throw new Error('no splice has said where the program began');
    return this.packets
      .map(({ what, timestamp }) => ({ what, time: timestamp + start }))
      .filter(({ time }) => time >= from && time <= to)
      .map(({ what, time }) => `${time} ${what}`);
  }

  /** Program time of the first and the last packet. */
  get reach(): [first: number, last: number] {
    const [start = Number.NaN] = this.starts;
    return [(this.packets[0]?.timestamp ?? 0) + start, (this.packets.at(-1)?.timestamp ?? 0) + start];
  }
}
