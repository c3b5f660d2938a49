import type { ProgramPacket } from '../program/program-packet.ts';
import type { PacketFormat } from './packet-format.ts';

/** Packets of one program that go out together. Serialised once for each format, when the first viewer needs it. */
export class Batch {
  readonly packets: readonly ProgramPacket[];
  /** A viewer that holds the headers can begin with this batch. */
  readonly isEntry: boolean;
  /** Counts up where headers change: a viewer that skipped batches sees whether it missed some. */
  readonly headersVersion: number;
  /** The version in front of the headers that the batch itself holds. */
  readonly baseVersion: number;
  readonly startTime: number;
  private isExtended: boolean | null = null;
  private readonly encoded = new Map<PacketFormat, Buffer>();

  constructor(options: {
    packets: readonly ProgramPacket[];
    isEntry: boolean;
    headersVersion: number;
    baseVersion: number;
    startTime: number;
  }) {
    this.packets = options.packets;
    this.isEntry = options.isEntry;
    this.headersVersion = options.headersVersion;
    this.baseVersion = options.baseVersion;
    this.startTime = options.startTime;
  }

  /** Nearly all batches have nothing that only some viewers can take: then all share the bytes of the plain format. */
  bytes(wanted: PacketFormat): Buffer {
    const format = wanted.plain === undefined || this.hasExtensions() ? wanted : wanted.plain;
    let bytes = this.encoded.get(format);
    if (bytes === undefined) {
      bytes = format.encode(this.packets, this.startTime);
      this.encoded.set(format, bytes);
    }
    return bytes;
  }

  private hasExtensions(): boolean {
    this.isExtended ??= this.packets.some(
      (packet) => packet.kind === 'extra' || (packet.kind === 'frame' && packet.modEx !== undefined),
    );
    return this.isExtended;
  }
}

/** Two in a row, as one that is written at once. Nobody begins with it. */
export function joinedBatch(first: Batch, second: Batch): Batch {
  return new Batch({
    packets: [...first.packets, ...second.packets],
    isEntry: false,
    headersVersion: second.headersVersion,
    baseVersion: first.baseVersion,
    startTime: second.startTime,
  });
}
