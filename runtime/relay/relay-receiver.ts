import type { AmfValue } from '../codec/amf0.ts';
import { asMetadata } from '../codec/data-message.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import type { RelayPublication } from '../input/registry.ts';
import { isHeader, type MediaPacket } from '../media/packet.ts';
import { HEALTH, MARK, readHealth, readMark } from './relay-message.ts';

/** The receiving end of a relay, pushed or pulled: reads what the owner says into the input. */
export class RelayReceiver {
  private readonly publication: RelayPublication;
  /** The number of the next frame or data message; null before the first mark. */
  private nextSequence: number | null = null;

  constructor(publication: RelayPublication) {
    this.publication = publication;
  }

  /** Takes a frame or a header. Throws ProtocolError where no mark says where it stands. */
  packet(packet: MediaPacket): void {
    if (isHeader(packet)) {
      this.publication.packet(packet, 0);
      return;
    }
    if (this.nextSequence === null) throw new ProtocolError('relay', 'a packet before the first mark');
    this.publication.packet(packet, this.nextSequence);
    this.nextSequence += 1;
  }

  /** Takes a data message: `packet` is the same, whole. Throws ProtocolError where it is malformed. */
  data(name: string, value: AmfValue, packet: MediaPacket): void {
    if (name === MARK) {
      const mark = readMark(value);
      this.nextSequence = mark.sequence;
      this.publication.mark(mark);
    } else if (name === HEALTH) {
      this.publication.health(readHealth(value));
    } else if (name === 'onMetaData') {
      const metadata = asMetadata(value);
      if (metadata !== null) this.publication.metadata(metadata);
    } else {
      this.packet(packet);
    }
  }
}
