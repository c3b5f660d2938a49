import type { Clock } from '../media/clock.ts';
import type { MediaPacket, Metadata } from '../media/packet.ts';
import type { Input, Publisher } from './input.ts';

/** Why a publisher is not let in. */
export type PublishRefusal = 'unknown-input' | 'key-missing' | 'key-wrong';

/** A publisher's hold on an input, until it ends or another with the same key takes over. */
export interface InputPublication {
  packet(packet: MediaPacket): void;
  metadata(metadata: Metadata): void;
  end(reason: string): void;
}

export interface RegistryEvents {
  published(input: Input, address: string, tookOverFrom: string | null): void;
  unpublished(input: Input, address: string, reason: string): void;
}

/** All inputs of a host by name, and who may publish to them. */
export class InputRegistry {
  private readonly inputs: ReadonlyMap<string, Input>;
  private readonly clock: Clock;
  private readonly isKeyRight: (inputName: string, key: string) => boolean;
  private readonly events: RegistryEvents;

  constructor(options: {
    inputs: Iterable<Input>;
    clock: Clock;
    /** Compares in constant time. */
    isKeyRight: (inputName: string, key: string) => boolean;
    events: RegistryEvents;
  }) {
    this.inputs = new Map([...options.inputs].map((input) => [input.name, input]));
    this.clock = options.clock;
    this.isKeyRight = options.isKeyRight;
    this.events = options.events;
  }

  get(name: string): Input | undefined {
    return this.inputs.get(name);
  }

  all(): Iterable<Input> {
    return this.inputs.values();
  }

  /**
   * Lets a publisher in. One that shows the right key while another connection holds the input is the same encoder
   * come back: it takes over at once, because a half-open predecessor can hold its place for minutes.
   */
  publish(name: string, key: string | undefined, publisher: Publisher): InputPublication | PublishRefusal {
    const input = this.inputs.get(name);
    if (input === undefined || input.kind === 'slate') return 'unknown-input';
    if (key === undefined || key === '') return 'key-missing';
    if (!this.isKeyRight(name, key)) return 'key-wrong';
    return this.attach(input, publisher);
  }

  /** Attaches a publisher of our own (the slate's player). */
  attach(input: Input, publisher: Publisher): InputPublication {
    const predecessor = input.publisher;
    this.events.published(input, publisher.address, predecessor?.address ?? null);
    input.attach(publisher, this.clock.now());
    // Only now, so that its end does not look like the input's.
    predecessor?.close(`taken over by ${publisher.address} with the same key`);
    const holds = (): boolean => input.publisher === publisher;
    return {
      packet: (packet) => {
        if (holds()) input.receive(packet, this.clock.now());
      },
      metadata: (metadata) => {
        if (holds()) input.receiveMetadata(metadata);
      },
      end: (reason) => {
        if (!holds()) return;
        this.events.unpublished(input, publisher.address, reason);
        input.detach(this.clock.now());
      },
    };
  }
}
