import { Input } from '../../runtime/input/input.ts';
import { type InputPublication, InputRegistry, type RelayPublication } from '../../runtime/input/registry.ts';
import type { Cancel, Clock } from '../../runtime/media/clock.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { Director } from '../../runtime/program/director.ts';
import { Program } from '../../runtime/program/program.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import type { SelectorPolicy } from '../../runtime/program/selector.ts';
import type { SwitchRecord } from '../../runtime/program/switch-record.ts';
import { RelayFeed } from '../../runtime/relay/relay-feed.ts';
import type { RelaySink } from '../../runtime/relay/relay-queue.ts';
import { RelayReceiver } from '../../runtime/relay/relay-receiver.ts';
import type { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import { SimulatedEncoder } from '../program/simulated-encoder.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Random } from '../support/random.ts';
import { audioConfig, headerOf, LIMITS, relayReader, STALL_TIMEOUT_MS, videoConfig } from './relay-stage.ts';

export const MASTER = 'master/camera1';
export const BACKUP = 'backup/spare';
export const HOLD_MS = 2_000;
const UNDAMPED: SelectorPolicy['flap'] = { losses: 1_000, windowMs: 60_000, maxHoldMs: HOLD_MS };
const STEP_MS = 5;

export interface WorldOptions {
  readonly seed: number;
  /** The longest delay of a link between two hosts, ms; each packet's is random, in order. */
  readonly linkMs: number;
  /** The longest delay of an encoder's network, ms. */
  readonly jitterMs: number;
  /** How far the clocks of two hosts may be apart, ms. */
  readonly skewMs?: number;
  /** Default: flaps are not damped. */
  readonly flap?: SelectorPolicy['flap'];
}

/** A clock that is wrong by a fixed amount. */
function skewed(clock: FakeClock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    after: (delayMs, task) => clock.after(delayMs, task),
    every: (periodMs, task) => clock.every(periodMs, task),
    soon: (task) => clock.soon(task),
  };
}

/** A link between two hosts: late by a random amount, in order. */
class Link implements RelaySink {
  readonly address = 'link';
  readonly messageStreamId = 1;
  readonly pendingBytes = 0;
  private readonly clock: FakeClock;
  private readonly delayMs: () => number;
  private readonly reader: ChunkReader;
  private readonly publication: RelayPublication;
  private lastArrival = 0;
  private isCut = false;

  constructor(options: { clock: FakeClock; delayMs: () => number; publication: RelayPublication }) {
    this.clock = options.clock;
    this.delayMs = options.delayMs;
    this.publication = options.publication;
    this.reader = relayReader(new RelayReceiver(options.publication));
  }

  write(bytes: Buffer): void {
    const now = this.clock.now();
    this.lastArrival = Math.max(this.lastArrival, now + this.delayMs());
    this.clock.after(this.lastArrival - now, () => {
      if (!this.isCut) this.reader.push(bytes);
    });
  }

  close(): void {
    this.isCut = true;
    this.publication.end('reset');
  }
}

/** A host with one program, whose inputs encoders or other hosts bring. */
export class SimulatedHost {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, Input>;
  readonly registry: InputRegistry;
  readonly program: Program;
  readonly feeds = new Map<string, RelayFeed>();
  readonly records: SwitchRecord[] = [];
  /** What the program put out, with its program time. */
  readonly out: Array<{ readonly time: number; readonly text: string }> = [];
  readonly clock: Clock;

  constructor(name: string, owned: readonly string[], clock: Clock, flap = UNDAMPED) {
    this.name = name;
    this.clock = clock;
    const inputs = [MASTER, BACKUP].map(
      (input) =>
        new Input({
          name: input,
          kind: input === MASTER ? 'master' : 'backup',
          isRemote: !owned.includes(input),
          policy: { stallTimeoutMs: STALL_TIMEOUT_MS, degradedAfterMs: 2_000, floor: {} },
          warmBuffer: { limitBytes: 8_000_000, limitMs: 20_000 },
          events: {
            health: () => {
              this.feeds.get(input)?.healthChanged();
              director.decide();
            },
            reanchored: () => {},
          },
        }),
    );
    this.inputs = new Map(inputs.map((input) => [input.name, input]));
    this.registry = new InputRegistry({
      inputs,
      clock,
      isKeyRight: () => true,
      events: { published: () => {}, unpublished: () => {} },
    });
    for (const input of owned) {
      this.feeds.set(input, new RelayFeed({ input: this.input(input), clock, limits: LIMITS }));
    }
    this.program = new Program({
      name: 'camera1',
      candidates: inputs,
      policy: {
        onLoss: 'switch',
        failback: 'auto',
        failbackHoldMs: HOLD_MS,
        flap,
      },
      stallTimeoutMs: STALL_TIMEOUT_MS,
      onSwitch: (record) => this.records.push(record),
    });
    this.program.subscribe({
      viewers: 1,
      packet: (packet) => this.out.push({ time: packet.time, text: described(packet) }),
    });
    const director = new Director({ clock, inputs, programs: [this.program], contention: 'share' });
    director.start();
  }

  input(name: string): Input {
    const input = this.inputs.get(name);
    if (input === undefined) throw new Error(`${this.name} has no ${name}`);
    return input;
  }

  get onAir(): string | null {
    return this.program.onAir?.name ?? null;
  }
}

/** Frames by the number that their encoder gave them. */
function described(packet: ProgramPacket): string {
  switch (packet.kind) {
    case 'frame': {
      const { track, keyframe, cts, payload } = packet;
      return `${track}${keyframe ? ' key' : ''} +${cts} ${payload.length} ${payload.toString('hex', payload.length - 5)}`;
    }
    case 'header':
      return `header ${packet.config.identity}`;
    case 'splice':
      return `splice ${packet.source}`;
    case 'metadata':
      return 'metadata';
    case 'extra':
      return `extra ${packet.extra.medium} ${packet.extra.trackId} ${packet.payload.toString('hex')}`;
    case 'data':
      return 'data';
  }
}

/** Host `one` takes the master, `two` the backup, and an edge neither; each shows the same program. */
export class SimulatedDeployment {
  readonly clock = new FakeClock();
  readonly random: Random;
  readonly hosts: readonly SimulatedHost[];
  readonly encoders = new Map<string, SimulatedEncoder>();
  private readonly options: WorldOptions;
  private readonly links = new Map<string, { readonly link: Link; readonly leave: Cancel }>();

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = new Random(options.seed);
    const ownership: Array<[name: string, inputs: string[]]> = [
      ['one', [MASTER]],
      ['two', [BACKUP]],
      ['edge', []],
    ];
    this.hosts = ownership.map(([name, inputs]) => {
      // Their ticks are not in step.
      this.clock.advance(this.random.whole(0, 49));
      const { skewMs = 0, flap } = options;
      const clock = skewed(this.clock, this.random.whole(-skewMs / 2, skewMs / 2));
      return new SimulatedHost(name, inputs, clock, flap);
    });
    for (const host of this.hosts) {
      for (const input of [MASTER, BACKUP]) this.link(host, input);
    }
    for (const [index, name] of [MASTER, BACKUP].entries()) {
      this.encoders.set(name, this.createEncoder(name, index));
      this.connect(name);
    }
  }

  owner(input: string): SimulatedHost {
    const owner = this.hosts.find(({ feeds }) => feeds.has(input));
    if (owner === undefined) throw new Error(`nobody takes ${input}`);
    return owner;
  }

  encoder(name: string): SimulatedEncoder {
    const encoder = this.encoders.get(name);
    if (encoder === undefined) throw new Error(`there is no ${name}`);
    return encoder;
  }

  connect(name: string): void {
    const owner = this.owner(name);
    const input = owner.input(name);
    const publication = owner.registry.attach(input, { address: 'simulated', close: () => {} });
    this.encoder(name).connect(this.numbering(name, publication), this.clock.now());
  }

  run(ms: number): void {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.advance(STEP_MS);
      for (const encoder of this.encoders.values()) encoder.step(this.clock.now());
      this.clock.advance(0);
    }
  }

  until(what: string, isSo: () => boolean, withinMs: number): void {
    for (const end = this.clock.now() + withinMs; !isSo(); ) {
      if (this.clock.now() >= end) {
        const state = this.hosts.map(({ name, onAir, inputs }) => {
          const healths = [...inputs.values()].map((input) => `${input.name} ${input.health}`);
          return `${name} shows ${onAir} of ${healths.join(', ')}`;
        });
        throw new Error(`not within ${withinMs} ms of simulated time: ${what}. ${state.join('; ')}`);
      }
      this.run(STEP_MS);
    }
  }

  everybodyShows(source: string): void {
    this.until(`${source} everywhere`, () => this.hosts.every(({ onAir }) => onAir === source), 15_000);
  }

  /** What a host put out of frames and headers between two program times, both ends left out. */
  between(host: SimulatedHost, from: number, to: number): string[] {
    return host.out
      .filter(({ time, text }) => time > from && time < to && !text.startsWith('data'))
      .map(({ time, text }) => `${time} ${text}`);
  }

  /** The connection that brings an input to a host breaks. */
  cut(host: string, input: string): void {
    const { link, leave } = this.links.get(`${host} ${input}`) ?? {};
    leave?.();
    link?.close();
  }

  /** Nobody on this host needs the input any more; the next who does begins from nothing. */
  rest(host: string, input: string): void {
    this.hosts
      .find(({ name }) => name === host)
      ?.input(input)
      .rest(this.clock.now());
    this.cut(host, input);
  }

  /** It is made again, and goes on from what is there. */
  restore(host: string, input: string): void {
    const to = this.hosts.find(({ name }) => name === host);
    if (to !== undefined) this.link(to, input);
  }

  private link(to: SimulatedHost, input: string): void {
    if (to.feeds.has(input)) return;
    const { clock, random } = this;
    const have = to.input(input).position;
    const publication = to.registry.attachRelay(to.input(input), { address: 'relay', close: () => {} });
    const delayMs = () => random.whole(0, this.options.linkMs);
    const link = new Link({ clock, delayMs, publication });
    const { leave } = this.owner(input).feeds.get(input)?.join(link, have) ?? {};
    if (leave !== undefined) this.links.set(`${to.name} ${input}`, { link, leave });
  }

  private createEncoder(name: string, index: number): SimulatedEncoder {
    const { random } = this;
    const frameMs = random.pick([1000 / 30, 1000 / 25, 1001 / 30]);
    return new SimulatedEncoder(
      {
        name,
        frameMs,
        gopFrames: Math.round((random.pick([1, 2]) * 1_000) / frameMs),
        audioMs: index === 0 ? 1024 / 48 : 1024 / 44.1,
        driftPpm: random.whole(-100, 100),
        jitterMs: () => random.fraction() * this.options.jitterMs,
        networkMs: random.whole(10, 70),
        bFrames: random.chance(0.5),
        firstTimestamp: random.pick([0, 123_456_789, 2 ** 32 - 60_000]),
      },
      () => {},
    );
  }

  /** Every frame gets a number of its own in a NAL unit of its own, and headers are such as parse. */
  private numbering(name: string, publication: InputPublication): InputPublication {
    let serial = name === MASTER ? 0 : 2 ** 31;
    const numbered = (packet: MediaPacket): MediaPacket => {
      if (packet.config?.track === 'video') return headerOf(videoConfig(name === MASTER ? 0 : 1));
      if (packet.config !== null) return headerOf(audioConfig(name === MASTER ? 'lc48' : 'lc44'));
      if (packet.track === 'data') return packet;
      serial += 1;
      const tail = Buffer.from([...(packet.track === 'video' ? [0, 0, 0, 5] : []), 6, 0, 0, 0, 0]);
      tail.writeUInt32BE(serial, tail.length - 4);
      return { ...packet, payload: Buffer.concat([packet.payload, tail]) };
    };
    return { ...publication, packet: (packet) => publication.packet(numbered(packet)) };
  }
}
