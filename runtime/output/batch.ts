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
  private readonly startTime: number;
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

  bytes(format: PacketFormat): Buffer {
    let bytes = this.encoded.get(format);
    if (bytes === undefined) {
      bytes = format.encode(this.packets, this.startTime);
      this.encoded.set(format, bytes);
    }
    return bytes;
  }
}
