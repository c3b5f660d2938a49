import type { Clock } from '../media/clock.ts';
import type { MediaPacket, Metadata } from '../media/packet.ts';
import type { ToldHealth } from './health.ts';
import type { Input, Publisher, RelayMark } from './input.ts';

/** Why a publisher is not let in. */
export type PublishRefusal = 'unknown-input' | 'elsewhere' | 'key-missing' | 'key-wrong';

/** A publisher's hold on an input, until it ends or another with the same key takes over. */
export interface InputPublication {
  packet(packet: MediaPacket): void;
  metadata(metadata: Metadata): void;
  end(reason: string): void;
}

/** A relay's hold on an input that another host owns. */
export interface RelayPublication {
  mark(mark: RelayMark): void;
  health(told: ToldHealth): void;
  /** `sequence`: the owner's number for a frame or data message. */
  packet(packet: MediaPacket, sequence: number): void;
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
  private readonly isOwned: (inputName: string) => boolean;
  private readonly isKeyRight: (inputName: string, key: string) => boolean;
  private readonly events: RegistryEvents;

  constructor(options: {
    inputs: Iterable<Input>;
    clock: Clock;
    /** Whether encoders publish it to this host. Default: all of them. */
    isOwned?: (inputName: string) => boolean;
    /** Compares in constant time. */
    isKeyRight: (inputName: string, key: string) => boolean;
    events: RegistryEvents;
  }) {
    this.inputs = new Map([...options.inputs].map((input) => [input.name, input]));
    this.clock = options.clock;
    this.isOwned = options.isOwned ?? (() => true);
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
    if (!this.isOwned(name)) return 'elsewhere';
    if (key === undefined || key === '') return 'key-missing';
    if (!this.isKeyRight(name, key)) return 'key-wrong';
    return this.attach(input, publisher);
  }

  /** Attaches an encoder, or a publisher of our own (the slate's player). */
  attach(input: Input, publisher: Publisher): InputPublication {
    this.hand(input, publisher, () => input.attach(publisher, this.clock.now()));
    return {
      packet: (packet) => {
        if (input.publisher === publisher) input.receive(packet, this.clock.now());
      },
      metadata: (metadata) => {
        if (input.publisher === publisher) input.receiveMetadata(metadata);
      },
      end: (reason) => this.end(input, publisher, reason),
    };
  }

  /** Attaches what brings an input from the host that owns it. A newer relay takes over from an older one. */
  attachRelay(input: Input, publisher: Publisher): RelayPublication {
    this.hand(input, publisher, () => input.attachRelay(publisher, this.clock.now()));
    const whileHeld = (task: () => void): void => {
      if (input.publisher === publisher) task();
    };
    return {
      mark: (mark) => whileHeld(() => input.takeMark(mark)),
      health: (told) => whileHeld(() => input.takeHealth(told, this.clock.now())),
      packet: (packet, sequence) => whileHeld(() => input.receiveRelayed(packet, sequence, this.clock.now())),
      metadata: (metadata) => whileHeld(() => input.receiveMetadata(metadata)),
      end: (reason) => this.end(input, publisher, reason),
    };
  }

  private hand(input: Input, publisher: Publisher, attach: () => void): void {
    const predecessor = input.publisher;
    this.events.published(input, publisher.address, predecessor?.address ?? null);
    attach();
    // Only now, so that its end does not look like the input's.
    predecessor?.close(`taken over by ${publisher.address} with the same key`);
  }

  private end(input: Input, publisher: Publisher, reason: string): void {
    if (input.publisher !== publisher) return;
    this.events.unpublished(input, publisher.address, reason);
    input.detach(this.clock.now());
  }
}
