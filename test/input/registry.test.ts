/** Who may publish to an input, and what becomes of a publisher that another one takes over from. */
import { describe, expect, it } from '@jest/globals';
import { Input, type Publisher } from '../../runtime/input/input.ts';
import { type InputPublication, InputRegistry } from '../../runtime/input/registry.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { headerPacket, VIDEO_CONFIG, videoPacket } from './sample-packets.ts';

const MASTER = 'master/camera1';
const KEYS = new Map([
  [MASTER, 'key-of-camera1'],
  ['backup/spare', 'key-of-spare'],
]);

class FakePublisher implements Publisher {
  readonly address: string;
  readonly closedWith: string[] = [];
  /** Its connection ends when it is closed, as a real one does. */
  publication: InputPublication | null = null;

  constructor(address: string) {
    this.address = address;
  }

  close(reason: string): void {
    this.closedWith.push(reason);
    this.publication?.end(reason);
  }
}

function setUp() {
  const clock = new FakeClock();
  const log: string[] = [];
  const create = (name: string, kind: Input['kind']): Input =>
    new Input({
      name,
      kind,
      policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
      warmBuffer: { limitBytes: 1_000_000, limitMs: 10_000 },
      events: { health: () => {}, reanchored: () => {} },
    });
  const inputs = [create(MASTER, 'master'), create('backup/spare', 'backup'), create('slate', 'slate')];
  const registry = new InputRegistry({
    inputs,
    clock,
    isKeyRight: (name, key) => KEYS.get(name) === key,
    events: {
      published: (input, address, from) => log.push(`published ${input.name} ${address} ${from}`),
      unpublished: (input, address, reason) => log.push(`unpublished ${input.name} ${address}: ${reason}`),
    },
  });
  const input = registry.get(MASTER) as Input;
  const received: number[] = [];
  input.subscribe({ packet: ({ packet }) => received.push(packet.timestamp), metadata: () => {} });
  const publish = (publisher: FakePublisher): InputPublication => {
    const publication = registry.publish(MASTER, KEYS.get(MASTER), publisher);
    if (typeof publication === 'string') throw new Error(publication);
    publisher.publication = publication;
    return publication;
  };
  return { clock, log, registry, input, received, publish };
}

describe('publishing', () => {
  it.each<[name: string, input: string, key: string | undefined, answer: string]>([
    ['an unknown input', 'master/other', 'key-of-camera1', 'unknown-input'],
    ['an unknown input without a key', 'master/other', undefined, 'unknown-input'],
    ['the slate, which is our own', 'slate', 'key-of-camera1', 'unknown-input'],
    ['no key', MASTER, undefined, 'key-missing'],
    ['an empty key', MASTER, '', 'key-missing'],
    ['a wrong key', MASTER, 'key-of-camera2', 'key-wrong'],
    ['the key of another input', MASTER, 'key-of-spare', 'key-wrong'],
    ['a key with something behind it', MASTER, 'key-of-camera1 ', 'key-wrong'],
  ])('refuses %s', (_name, name, key, answer) => {
    const { registry, log, input } = setUp();
    expect(registry.publish(name, key, new FakePublisher('a'))).toBe(answer);
    expect(log).toEqual([]);
    expect(input.publisher).toBeNull();
  });

  it('lets in who has the right key, and delivers what it sends', () => {
    const { input, log, received, publish } = setUp();
    const publication = publish(new FakePublisher('1.2.3.4:5'));
    expect(input.health).toBe('starting');
    publication.metadata({ encoder: 'OBS' });
    publication.packet(headerPacket(VIDEO_CONFIG));
    publication.packet(videoPacket(0, true));
    expect(input.metadata).toEqual({ encoder: 'OBS' });
    expect(received).toEqual([0, 0]);
    expect(log).toEqual([`published ${MASTER} 1.2.3.4:5 null`]);
  });

  it('is over once the publisher ends, with its reason, once', () => {
    const { input, log, received, publish } = setUp();
    const publication = publish(new FakePublisher('a'));
    publication.end('closed by peer');
    publication.end('again');
    publication.packet(videoPacket(40, true));
    expect(input).toMatchObject({ publisher: null, health: 'absent' });
    expect(received).toEqual([]);
    expect(log.slice(1)).toEqual([`unpublished ${MASTER} a: closed by peer`]);
  });

  it('can be followed by another', () => {
    const { log, publish } = setUp();
    publish(new FakePublisher('a')).end('bye');
    publish(new FakePublisher('b'));
    expect(log.at(-1)).toBe(`published ${MASTER} b null`);
  });
});

describe('a take-over with the same key', () => {
  it('closes the predecessor with a reason that names the successor', () => {
    const { log, input, publish } = setUp();
    const [first, second] = [new FakePublisher('a'), new FakePublisher('b')];
    publish(first);
    publish(second);
    expect(first.closedWith).toEqual([expect.stringMatching(/taken over by b/)]);
    expect(second.closedWith).toEqual([]);
    expect(input.publisher).toBe(second);
    expect(log).toEqual([`published ${MASTER} a null`, `published ${MASTER} b a`]);
  });

  it('is not undone by the end of the predecessor, however late that comes', () => {
    const { input, log, publish } = setUp();
    const first = publish(new FakePublisher('a'));
    const second = new FakePublisher('b');
    publish(second);
    first.end('socket: ECONNRESET');
    expect(input.publisher).toBe(second);
    expect(input.health).toBe('starting');
    expect(log.some((line) => line.startsWith('unpublished'))).toBe(false);
  });

  it('ends the hearing of the predecessor: its packets and metadata are ignored', () => {
    const { input, received, publish } = setUp();
    const first = publish(new FakePublisher('a'));
    const second = publish(new FakePublisher('b'));
    first.packet(videoPacket(111, true));
    first.metadata({ from: 'a' });
    second.packet(videoPacket(222, true));
    expect(received).toEqual([222]);
    expect(input.metadata).toBeNull();
  });

  it('forgets what the predecessor left: headers, pictures, metadata', () => {
    const { input, publish } = setUp();
    const first = publish(new FakePublisher('a'));
    first.metadata({ from: 'a' });
    first.packet(headerPacket(VIDEO_CONFIG));
    first.packet(videoPacket(0, true));
    publish(new FakePublisher('b'));
    expect(input.headers).toEqual({ video: null, audio: null, extras: [] });
    expect(input.metadata).toBeNull();
    expect(input.buffer.gops).toEqual([]);
  });

  it('works over and over', () => {
    const { input, publish } = setUp();
    const publishers = ['a', 'b', 'c', 'd'].map((address) => new FakePublisher(address));
    for (const publisher of publishers) publish(publisher);
    expect(input.publisher).toBe(publishers[3]);
    expect(publishers.map(({ closedWith }) => closedWith.length)).toEqual([1, 1, 1, 0]);
  });

  it('does not happen with a wrong key', () => {
    const { registry, input, publish } = setUp();
    const first = new FakePublisher('a');
    publish(first);
    expect(registry.publish(MASTER, 'wrong', new FakePublisher('b'))).toBe('key-wrong');
    expect(first.closedWith).toEqual([]);
    expect(input.publisher).toBe(first);
  });
});

describe('the registry', () => {
  it('lists all inputs, in their order', () => {
    const { registry } = setUp();
    expect([...registry.all()].map(({ name }) => name)).toEqual([MASTER, 'backup/spare', 'slate']);
    expect(registry.get('master/other')).toBeUndefined();
  });
});
