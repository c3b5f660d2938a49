/** An input that another host owns: what is known of it is what its owner says, and what happens on the way here. */
import { describe, expect, it } from '@jest/globals';
import {
  type Health,
  type HealthFacts,
  relayedHealthOf,
  type ToldHealth,
  WAY_MARGIN_MS,
} from '../../runtime/input/health.ts';
import { Input, type Publisher } from '../../runtime/input/input.ts';
import { programTime } from '../../runtime/input/input-packet.ts';
import { InputRegistry, type RelayPublication } from '../../runtime/input/registry.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';
import { headerPacket, VIDEO_CONFIG, videoPacket } from './sample-packets.ts';

const NAME = 'backup/spare';
const STALL_TIMEOUT_MS = 500;
const SILENT_MS = STALL_TIMEOUT_MS + WAY_MARGIN_MS;
const SINCE = EPOCH - 60_000;
const OFFSET = EPOCH - 1_000;

function told(health: Health, rest: Partial<ToldHealth> = {}): ToldHealth {
  return { health, detail: '', since: SINCE, arrivedAt: SINCE, losses: [], ...rest };
}

type Facts = Pick<HealthFacts, 'hasPublisher' | 'isDecodable' | 'lastProgressAt'>;
const WELL: Facts = { hasPublisher: true, isDecodable: true, lastProgressAt: EPOCH };

interface Case {
  readonly name: string;
  readonly told?: ToldHealth | null;
  readonly facts?: Partial<Facts>;
  readonly health: Health;
  readonly isOwn: boolean;
  readonly detail?: string;
}

const cases: Case[] = [
  { name: 'all is well', health: 'live', isOwn: false },
  { name: 'its owner has said nothing yet', told: null, health: 'absent', isOwn: true },
  { name: 'nobody brings it', facts: { hasPublisher: false }, health: 'absent', isOwn: true },
  {
    name: 'its owner calls it degraded',
    told: told('degraded', { detail: 'no audio' }),
    health: 'degraded',
    isOwn: false,
    detail: 'no audio',
  },
  ...(['absent', 'starting', 'stalled'] as const).map(
    (health): Case => ({
      name: `its owner calls it ${health}, whatever is here`,
      told: told(health, { detail: 'why' }),
      facts: { isDecodable: false, lastProgressAt: EPOCH - 10_000 },
      health,
      isOwn: false,
      detail: 'why',
    }),
  ),
  {
    name: 'no keyframe has come here yet',
    facts: { isDecodable: false },
    health: 'starting',
    isOwn: true,
    detail: 'from its host',
  },
  {
    name: "silent for an encoder's stall time-out, which is for its owner to see",
    facts: { lastProgressAt: EPOCH - STALL_TIMEOUT_MS },
    health: 'live',
    isOwn: false,
  },
  {
    name: 'silent for just under what the way may take besides',
    facts: { lastProgressAt: EPOCH - SILENT_MS + 1 },
    health: 'live',
    isOwn: false,
  },
  {
    name: 'silent for longer than that',
    facts: { lastProgressAt: EPOCH - SILENT_MS },
    health: 'stalled',
    isOwn: true,
    detail: `nothing from its host for ${SILENT_MS} ms`,
  },
];

describe('the health of an input that another host owns', () => {
  it.each(cases)('$name: $health', ({ told: said = told('live'), facts, health, isOwn, detail = '' }) => {
    const reading = relayedHealthOf(said, { ...WELL, ...facts }, { stallTimeoutMs: STALL_TIMEOUT_MS }, EPOCH);
    expect(reading).toMatchObject({ health, isOwn, detail: expect.stringContaining(detail) });
    if (detail === '') expect(reading.detail).toBe('');
  });
});

class Relay implements Publisher {
  readonly address: string;
  readonly closedWith: string[] = [];

  constructor(address: string) {
    this.address = address;
  }

  close(reason: string): void {
    this.closedWith.push(reason);
  }
}

class Stage {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  readonly healths: string[] = [];
  readonly received: string[] = [];
  readonly input: Input;
  readonly registry: InputRegistry;

  constructor(isOwned = false) {
    this.input = new Input({
      name: NAME,
      kind: 'backup',
      isRemote: !isOwned,
      policy: { stallTimeoutMs: STALL_TIMEOUT_MS, degradedAfterMs: 2_000, floor: {} },
      warmBuffer: { limitBytes: 1_000_000, limitMs: 10_000 },
      events: { health: ({ health }) => this.healths.push(health), reanchored: () => {} },
    });
    this.input.subscribe({
      packet: (p) => this.received.push(`#${p.sequence} ${programTime(p) - OFFSET}`),
      metadata: () => {},
    });
    this.registry = new InputRegistry({
      inputs: [this.input],
      clock: this.clock,
      isOwned: () => isOwned,
      isKeyRight: () => true,
      events: {
        published: (_input, address, from) => this.log.push(`published ${address} ${from}`),
        unpublished: (_input, address, reason) => this.log.push(`unpublished ${address}: ${reason}`),
      },
    });
  }

  relay(address = 'one'): { relay: Relay; publication: RelayPublication } {
    const relay = new Relay(address);
    return { relay, publication: this.registry.attachRelay(this.input, relay) };
  }

  /** A relay whose input is live, with frames 1 to `frames` of publication `epoch`. */
  live(frames = 3, epoch = 7): RelayPublication {
    const { publication } = this.relay();
    publication.mark({ epoch, sequence: 1, dts: 0, offset: OFFSET });
    publication.packet(headerPacket(VIDEO_CONFIG), 0);
    for (let n = 1; n <= frames; n += 1) publication.packet(videoPacket((n - 1) * 40, n === 1), n);
    publication.health(told('live'));
    return publication;
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    this.input.evaluate(this.clock.now());
  }
}

describe('an input that is relayed here', () => {
  it("has its owner's health and times, and stands where its owner says", () => {
    const stage = new Stage();
    expect(stage.input).toMatchObject({ isRemote: true, isAwaited: true, health: 'absent' });
    const publication = stage.live();
    expect(stage.input).toMatchObject({
      isAwaited: false,
      health: 'live',
      healthSince: SINCE,
      arrivedAt: SINCE,
      position: { epoch: 7, sequence: 3 },
    });
    expect(stage.received).toEqual(['#0 0', '#1 0', '#2 40', '#3 80']);
    publication.health(told('degraded', { since: EPOCH + 5, detail: 'no audio' }));
    expect(stage.input).toMatchObject({
      health: 'degraded',
      healthSince: EPOCH + 5,
      healthDetail: 'no audio',
    });
    // It can still be shown: what counts for the order of arrival is when that began.
    expect(stage.input.arrivedAt).toBe(SINCE);
  });

  it('drops what has come before, and goes on behind it', () => {
    const stage = new Stage();
    stage.live().end('reset');
    stage.received.length = 0;
    const { publication } = stage.relay();
    publication.mark({ epoch: 7, sequence: 2, dts: 40, offset: OFFSET });
    for (const n of [2, 3, 4]) publication.packet(videoPacket((n - 1) * 40, false), n);
    expect(stage.received).toEqual(['#4 120']);
    expect(stage.input.position).toEqual({ epoch: 7, sequence: 4 });
  });

  it('keeps its past while the relay is broken, and forgets it where another publication comes', () => {
    const stage = new Stage();
    stage.live().end('reset');
    expect(stage.input.health).toBe('absent');
    expect(stage.input.buffer.gops).toHaveLength(1);
    const { publication } = stage.relay();
    publication.mark({ epoch: 8, sequence: 1, dts: 0, offset: OFFSET });
    expect(stage.input.buffer.gops).toEqual([]);
    expect(stage.input).toMatchObject({
      position: { epoch: 8, sequence: 0 },
      headers: { video: null, audio: null },
      metadata: null,
    });
    publication.health(told('live'));
    expect(stage.input.health).toBe('starting');
  });

  it('that breaks off is a loss, and must be clean from its return on', () => {
    const stage = new Stage();
    stage.live().end('reset');
    expect(stage.input.recentLosses).toEqual([EPOCH]);
    stage.clock.advance(1_000);
    const { publication } = stage.relay();
    // Nothing is heard yet: what was told by the last relay does not count any more.
    expect(stage.input).toMatchObject({ health: 'absent', isAwaited: true });
    publication.health(told('live'));
    expect(stage.input).toMatchObject({
      health: 'live',
      healthSince: EPOCH + 1_000,
      arrivedAt: EPOCH + 1_000,
    });
    // What its owner says of later troubles is in its owner's times again.
    publication.health(told('stalled', { since: EPOCH + 1_500 }));
    publication.health(told('live', { since: EPOCH + 1_800, arrivedAt: EPOCH + 1_800 }));
    expect(stage.input).toMatchObject({ healthSince: EPOCH + 1_800, arrivedAt: EPOCH + 1_800 });
  });

  it("that is silent on the way is stalled, and must be clean from its return on, by this host's clock", () => {
    const stage = new Stage();
    const publication = stage.live();
    stage.pass(SILENT_MS - 1);
    expect(stage.input.health).toBe('live');
    stage.pass(1);
    expect(stage.input).toMatchObject({ health: 'stalled', healthSince: EPOCH + SILENT_MS });
    stage.pass(1_000);
    publication.packet(videoPacket(120, false), 4);
    expect(stage.input).toMatchObject({ health: 'live', healthSince: EPOCH + SILENT_MS + 1_000 });
    expect(stage.input.recentLosses).toHaveLength(1);
  });

  it("whose encoder is lost too while it is silent takes its owner's times", () => {
    const stage = new Stage();
    const publication = stage.live();
    stage.pass(SILENT_MS);
    publication.health(told('absent', { since: EPOCH + 1 }));
    publication.health(told('starting', { since: EPOCH + 2 }));
    publication.mark({ epoch: 9, sequence: 1, dts: 0, offset: OFFSET });
    publication.packet(videoPacket(0, true), 1);
    publication.health(told('live', { since: EPOCH + 3 }));
    expect(stage.input).toMatchObject({ health: 'live', healthSince: EPOCH + 3 });
    // Once, however many have noticed it.
    expect(stage.input.recentLosses).toHaveLength(1);
  });

  it("has its owner's losses and those of the way here, in the order of time", () => {
    const stage = new Stage();
    const publication = stage.live();
    publication.health(told('stalled', { since: EPOCH + 1, losses: [EPOCH - 5_000, EPOCH + 1] }));
    // The owner's own is not counted twice.
    expect(stage.input.recentLosses).toEqual([EPOCH - 5_000, EPOCH + 1]);
    publication.health(told('live', { losses: [EPOCH - 5_000, EPOCH + 1] }));
    stage.clock.advance(100);
    publication.end('reset');
    stage.relay().publication.health(told('live', { losses: [EPOCH - 5_000, EPOCH + 1, EPOCH + 200] }));
    expect(stage.input.recentLosses).toEqual([EPOCH - 5_000, EPOCH + 1, EPOCH + 100, EPOCH + 200]);
  });

  it('that nobody needs any more is no loss, and begins from nothing', () => {
    const stage = new Stage();
    const publication = stage.live();
    stage.input.rest(stage.clock.now());
    expect(stage.input).toMatchObject({
      publisher: null,
      health: 'absent',
      isAwaited: true,
      recentLosses: [],
      position: { epoch: 0, sequence: 0 },
    });
    expect(stage.input.buffer.gops).toEqual([]);
    const before = stage.received.length;
    publication.packet(videoPacket(120, true), 4);
    publication.health(told('live'));
    publication.end('closed here');
    expect(stage.received).toHaveLength(before);
    expect(stage.input.health).toBe('absent');
    // The next one is as good as its owner says, and has not to be clean here first.
    stage.clock.advance(5_000);
    stage.live(3, 7);
    expect(stage.input).toMatchObject({ health: 'live', healthSince: SINCE });
  });

  it('takes no encoder, and one that encoders publish here takes no relay', () => {
    const remote = new Stage();
    expect(() => remote.registry.attach(remote.input, new Relay('encoder'))).toThrow('another host');
    const owned = new Stage(true);
    expect(() => owned.registry.attachRelay(owned.input, new Relay('one'))).toThrow('published to this host');
    for (const { input } of [remote, owned]) expect(input.publisher).toBeNull();
  });
});

describe('the registry', () => {
  it.each(['key', undefined])(
    'refuses an encoder that comes to the wrong host, whatever its key (%s)',
    (key) => {
      const stage = new Stage();
      expect(stage.registry.publish(NAME, key, new Relay('encoder'))).toBe('elsewhere');
      expect(stage.log).toEqual([]);
      expect(stage.registry.publish('backup/other', key, new Relay('encoder'))).toBe('unknown-input');
    },
  );

  it('hands the input from an older relay to a newer one', () => {
    const stage = new Stage();
    const first = stage.relay('one');
    const second = stage.relay('two');
    expect(first.relay.closedWith).toEqual([expect.stringContaining('taken over by two')]);
    expect(stage.log).toEqual(['published one null', 'published two one']);
    first.publication.mark({ epoch: 3, sequence: 1, dts: 0, offset: 0 });
    first.publication.health(told('live'));
    first.publication.metadata({ from: 'one' });
    first.publication.packet(videoPacket(0, true), 1);
    first.publication.end('late');
    expect(stage.received).toEqual([]);
    expect(stage.input).toMatchObject({ publisher: second.relay, metadata: null, position: { epoch: 0 } });
    second.publication.end('closed by peer');
    expect(stage.log.at(-1)).toBe('unpublished two: closed by peer');
    expect(stage.input.publisher).toBeNull();
  });
});
