import type { Clock } from '../media/clock.ts';
import type { MediaPacket, Metadata } from '../media/packet.ts';
import { publishRtmp, type RtmpPublisher } from '../rtmp/client.ts';

/**
 * Publishes to the host as an encoder would, once there is something to show.
 *
 *     waiting ──keyframe──▶ connecting ──accepted──▶ publishing ──▶ ended
 */

export interface PublicationOptions {
  /** With the stream key. */
  readonly url: string;
  readonly clock: Clock;
}

/** What may wait for the host: a keyframe's GOP while it accepts, or a host that takes nothing. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;

export class Publication {
  /** Resolves with the reason when the host has ended or refused it. */
  readonly ended: Promise<string>;
  private readonly options: PublicationOptions;
  private end: (reason: string) => void = () => {};
  private publisher: RtmpPublisher | null = null;
  private hasKeyframe = false;
  private isClosed = false;
  /** The latest header of each track, until publishing begins. */
  private readonly headers = new Map<string, MediaPacket>();
  private metadata: Metadata | null = null;
  private held: MediaPacket[] = [];
  private heldBytes = 0;

  constructor(options: PublicationOptions) {
    this.options = options;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get isPublishing(): boolean {
    return this.publisher !== null;
  }

  /** Takes packets in order. What comes before the first keyframe that can be decoded is dropped. */
  send(packet: MediaPacket): void {
    if (this.isClosed) return;
    if (this.publisher !== null) {
      this.publisher.send(packet);
      if (this.publisher.pendingBytes > MAX_PENDING_BYTES) this.fail('the host takes nothing');
      return;
    }
    if (!this.hasKeyframe && packet.config !== null) {
      this.headers.set(packet.track, packet);
      return;
    }
    const begins = packet.track === 'video' && packet.keyframe && this.headers.has('video');
    if (!this.hasKeyframe && !begins) return;
    this.held.push(packet);
    this.heldBytes += packet.payload.length;
    if (this.heldBytes > MAX_PENDING_BYTES) this.fail('the host does not answer');
    if (this.hasKeyframe) return;
    this.hasKeyframe = true;
    this.connect().catch((error: Error) => this.end(error.message));
  }

  sendMetadata(metadata: Metadata): void {
    this.metadata = metadata;
    if (!this.isClosed) this.publisher?.sendMetadata(metadata);
  }

  close(): void {
    this.isClosed = true;
    this.publisher?.close();
  }

  private async connect(): Promise<void> {
    const publisher = await publishRtmp(this.options.url, { clock: this.options.clock });
    if (this.isClosed) {
      publisher.close();
      return;
    }
    this.publisher = publisher;
    void publisher.closed.then((reason) => this.end(`the host ended the publication: ${reason}`));
    if (this.metadata !== null) publisher.sendMetadata(this.metadata);
    const [first] = this.held;
    const timestamp = first?.timestamp ?? 0;
    for (const header of this.headers.values()) publisher.send({ ...header, timestamp });
    for (const packet of this.held) publisher.send(packet);
    this.held = [];
  }

  private fail(reason: string): void {
    this.close();
    this.end(reason);
  }
}
